"""Small bars: how much of a quota is left, and what a whole is made of."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from grokdesk.ui.theme import Theme

_HEIGHT = 8
_GAP = 2
_SPARK_HEIGHT = 22


@dataclass(frozen=True, slots=True)
class Segment:
    """`tone` is a field of Tokens."""

    weight: int
    tone: str


class SegmentBar(QWidget):
    """Parts of a whole; empty it is a plain track."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._segments: tuple[Segment, ...] = ()
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_segments(self, *segments: Segment) -> None:
        segments = tuple(segment for segment in segments if segment.weight)
        if segments != self._segments:
            self._segments = segments
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        whole = QRectF(self.rect())
        clip = QPainterPath()
        clip.addRoundedRect(whole, _HEIGHT / 2, _HEIGHT / 2)
        painter.setClipPath(clip)
        painter.fillRect(whole, self._theme.color("raised"))
        total = sum(segment.weight for segment in self._segments)
        left = 0.0
        for number, segment in enumerate(self._segments, start=1):
            width = whole.width() * segment.weight / total
            gap = _GAP if number < len(self._segments) else 0
            part = QRectF(left, 0, max(2.0, width - gap), whole.height())
            painter.fillRect(part, self._theme.color(segment.tone))
            left += width


class Sparkline(QWidget):
    """How a figure went lately, without axes: the figure beside it has the number."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._values: tuple[float, ...] = ()
        self.setFixedHeight(_SPARK_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_values(self, values: tuple[float, ...]) -> None:
        if values != self._values:
            self._values = values
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, _SPARK_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(1, 2, -1, -2)
        if len(self._values) < 2:
            painter.fillRect(QRectF(0, area.bottom(), self.width(), 1), self._theme.color("line"))
            return
        highest = max(self._values) or 1.0
        step = area.width() / (len(self._values) - 1)
        points = QPolygonF(
            [
                QPointF(area.left() + place * step, area.bottom() - area.height() * value / highest)
                for place, value in enumerate(self._values)
            ]
        )
        painter.setPen(QPen(self._theme.color("accent"), 1.6))
        painter.drawPolyline(points)


def paint_gauge(painter: QPainter, rect: QRectF, share: float, track: QColor, fill: QColor) -> None:
    """A track with `share` (0-1) of it filled; anything above nothing stays visible."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    radius = rect.height() / 2
    painter.setBrush(track)
    painter.drawRoundedRect(rect, radius, radius)
    if share > 0:
        width = max(rect.height(), rect.width() * min(1.0, share))
        painter.setBrush(fill)
        painter.drawRoundedRect(
            QRectF(rect.left(), rect.top(), width, rect.height()), radius, radius
        )
    painter.restore()
