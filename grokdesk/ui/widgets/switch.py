"""An on/off switch; on is told by position, not by colour alone."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton

from grokdesk.ui.theme import Theme

_WIDTH, _HEIGHT = 40, 22
_RING = 3


class Switch(QAbstractButton):
    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH + 2 * _RING, _HEIGHT + 2 * _RING)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(_RING, _RING, _WIDTH, _HEIGHT)
        if self.hasFocus():
            painter.setPen(QPen(self._theme.color("accent"), 2))
            painter.drawRoundedRect(track.adjusted(-2, -2, 2, 2), _HEIGHT / 2 + 2, _HEIGHT / 2 + 2)
        on = self.isChecked() and self.isEnabled()
        fill = self._theme.color("accent_fill" if on else "raised")
        painter.setPen(QPen(fill if on else self._theme.color("outline"), 1))
        painter.setBrush(fill)
        painter.drawRoundedRect(track, _HEIGHT / 2, _HEIGHT / 2)
        self._paint_knob(painter, track, on)

    def _paint_knob(self, painter: QPainter, track: QRectF, on: bool) -> None:
        side = _HEIGHT - 8
        left = track.right() - side - 4 if self.isChecked() else track.left() + 4
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("on_accent" if on else "outline"))
        painter.drawEllipse(QRectF(left, track.top() + 4, side, side))
