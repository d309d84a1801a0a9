"""States as shapes: a colour is added, but never needed to tell them apart."""

import enum
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from grokdesk.domain.account import AccountState
from grokdesk.services.gateway import GatewayState
from grokdesk.ui.presenters.key_words import KeyState
from grokdesk.ui.theme import Theme


class Shape(enum.Enum):
    DISC = enum.auto()
    HALF = enum.auto()
    RING = enum.auto()
    TRIANGLE = enum.auto()
    CROSS = enum.auto()
    DASH = enum.auto()
    DIAMOND = enum.auto()
    BARS = enum.auto()
    TARGET = enum.auto()


@dataclass(frozen=True, slots=True)
class Mark:
    """`tone` is a field of Tokens."""

    shape: Shape
    tone: str


ACCOUNT_MARKS = {
    AccountState.READY: Mark(Shape.DISC, "ok"),
    AccountState.BUSY: Mark(Shape.TARGET, "accent"),
    AccountState.COOLING: Mark(Shape.HALF, "warn"),
    AccountState.EXHAUSTED: Mark(Shape.RING, "info"),
    AccountState.EXPIRED: Mark(Shape.TRIANGLE, "bad"),
    AccountState.BLOCKED: Mark(Shape.CROSS, "bad"),
    AccountState.DISABLED: Mark(Shape.DASH, "muted"),
    AccountState.SEALED: Mark(Shape.DIAMOND, "warn"),
}

GATEWAY_MARKS = {
    GatewayState.STARTING: Mark(Shape.HALF, "info"),
    GatewayState.RUNNING: Mark(Shape.DISC, "ok"),
    GatewayState.PAUSED: Mark(Shape.BARS, "warn"),
    GatewayState.STOPPING: Mark(Shape.HALF, "muted"),
    GatewayState.STOPPED: Mark(Shape.RING, "muted"),
    GatewayState.FAILED: Mark(Shape.TRIANGLE, "bad"),
}


KEY_MARKS = {
    KeyState.ACTIVE: Mark(Shape.DISC, "ok"),
    KeyState.ENDING: Mark(Shape.HALF, "warn"),
    KeyState.OFF: Mark(Shape.DASH, "muted"),
    KeyState.EXPIRED: Mark(Shape.TRIANGLE, "bad"),
}


class MarkWidget(QWidget):
    """A mark beside a label; the label says the same in words."""

    def __init__(self, theme: Theme, mark: Mark, *, size: int = 12) -> None:
        super().__init__()
        self._theme = theme
        self._mark = mark
        self._side = size
        self.setFixedSize(size, size)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_mark(self, mark: Mark) -> None:
        if mark != self._mark:
            self._mark = mark
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        paint_mark(
            painter, QRectF(self.rect()), self._mark.shape, self._theme.color(self._mark.tone)
        )


def paint_mark(painter: QPainter, rect: QRectF, shape: Shape, color: QColor) -> None:
    """Fill `rect`, which is taken to be square."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    stroke = max(1.5, rect.width() * 0.15)
    inner = rect.adjusted(stroke / 2 + 0.5, stroke / 2 + 0.5, -stroke / 2 - 0.5, -stroke / 2 - 0.5)
    painter.setPen(QPen(color, stroke, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    _PAINTERS[shape](painter, inner, color)
    painter.restore()


def _disc(painter: QPainter, rect: QRectF, color: QColor) -> None:
    painter.setBrush(color)
    painter.drawEllipse(rect)


def _half(painter: QPainter, rect: QRectF, color: QColor) -> None:
    painter.drawEllipse(rect)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawPie(rect, 90 * 16, 180 * 16)


def _ring(painter: QPainter, rect: QRectF, color: QColor) -> None:  # noqa: ARG001 - one shape of many
    painter.drawEllipse(rect)


def _triangle(painter: QPainter, rect: QRectF, color: QColor) -> None:
    painter.setBrush(color)
    pen = painter.pen()
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    top = QPointF(rect.center().x(), rect.top())
    painter.drawPolygon(QPolygonF([top, rect.bottomRight(), rect.bottomLeft()]))


def _cross(painter: QPainter, rect: QRectF, color: QColor) -> None:  # noqa: ARG001 - one shape of many
    painter.drawLine(rect.topLeft(), rect.bottomRight())
    painter.drawLine(rect.topRight(), rect.bottomLeft())


def _dash(painter: QPainter, rect: QRectF, color: QColor) -> None:  # noqa: ARG001 - one shape of many
    middle = rect.center().y()
    painter.drawLine(QPointF(rect.left(), middle), QPointF(rect.right(), middle))


def _diamond(painter: QPainter, rect: QRectF, color: QColor) -> None:
    painter.setBrush(color)
    center = rect.center()
    painter.drawPolygon(
        QPolygonF(
            [
                QPointF(center.x(), rect.top()),
                QPointF(rect.right(), center.y()),
                QPointF(center.x(), rect.bottom()),
                QPointF(rect.left(), center.y()),
            ]
        )
    )


def _bars(painter: QPainter, rect: QRectF, color: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    width = rect.width() * 0.3
    painter.drawRoundedRect(QRectF(rect.left(), rect.top(), width, rect.height()), 1, 1)
    painter.drawRoundedRect(QRectF(rect.right() - width, rect.top(), width, rect.height()), 1, 1)


def _target(painter: QPainter, rect: QRectF, color: QColor) -> None:
    painter.drawEllipse(rect)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    radius = rect.width() * 0.24
    painter.drawEllipse(rect.center(), radius, radius)


_PAINTERS = {
    Shape.DISC: _disc,
    Shape.HALF: _half,
    Shape.RING: _ring,
    Shape.TRIANGLE: _triangle,
    Shape.CROSS: _cross,
    Shape.DASH: _dash,
    Shape.DIAMOND: _diamond,
    Shape.BARS: _bars,
    Shape.TARGET: _target,
}
