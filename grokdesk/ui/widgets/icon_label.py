"""An icon beside words; it says nothing of its own to a screen reader."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from grokdesk.ui.icons import SIZE, Icons


class IconLabel(QWidget):
    """Asks for its icon when painted, so a change of scheme needs no telling."""

    def __init__(self, icons: Icons, name: str, tone: str = "muted", *, size: int = SIZE) -> None:
        super().__init__()
        self._icons = icons
        self._name = name
        self._tone = tone
        self._side = size
        self.setFixedSize(size, size)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_icon(self, name: str, tone: str) -> None:
        self._name, self._tone = name, tone
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        icon = self._icons.icon(self._name, self._tone, size=self._side)
        icon.paint(QPainter(self), self.rect())
