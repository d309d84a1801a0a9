"""A check box that is drawn in the colours of the theme."""

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton

from grokdesk.ui.theme import Theme

_BOX = 18
_GAP = 8
_RING = 3
_TICK = (QPointF(4.5, 9.2), QPointF(7.8, 12.4), QPointF(13.5, 6.0))


class CheckBox(QAbstractButton):
    def __init__(self, theme: Theme, words: str) -> None:
        super().__init__()
        self._theme = theme
        self.setText(words)
        self.setAccessibleName(words)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        width = self.fontMetrics().horizontalAdvance(self.text())
        return QSize(width + _BOX + _GAP + 2 * _RING, max(_BOX, self.fontMetrics().height()) + 6)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = (self.height() - _BOX) / 2
        box = QRectF(_RING, top, _BOX, _BOX)
        if self.hasFocus():
            painter.setPen(QPen(self._theme.color("accent"), 2))
            painter.drawRoundedRect(box.adjusted(-2, -2, 2, 2), 6, 6)
        self._paint_box(painter, box)
        painter.setPen(self._theme.color("text" if self.isEnabled() else "muted"))
        left = _RING + _BOX + _GAP
        words = QRect(left, 0, self.width() - left, self.height())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self.text())

    def _paint_box(self, painter: QPainter, box: QRectF) -> None:
        filled = self.isChecked() and self.isEnabled()
        painter.setPen(QPen(self._theme.color("accent_fill" if filled else "outline"), 1))
        painter.setBrush(self._theme.color("accent_fill" if filled else "surface"))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        if self.isChecked():
            self._paint_tick(painter, box.topLeft())

    def _paint_tick(self, painter: QPainter, corner: QPointF) -> None:
        pen = QPen(self._theme.color("on_accent" if self.isEnabled() else "muted"), 2)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF([corner + point for point in _TICK]))
