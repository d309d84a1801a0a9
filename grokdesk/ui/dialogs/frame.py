"""The frame of every dialog: title, room for the question, a row of buttons. Never `exec()`."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QPushButton, QVBoxLayout, QWidget

from grokdesk.ui.tokens import LARGE, MEDIUM, SMALL, WIDE
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.looks import column, row


class Dialog(QDialog):
    """Shown with `open()`: the rest of the program goes on. It deletes itself when closed."""

    def __init__(self, parent: QWidget | None, title: str, *, width: int = 460) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(width)
        self.heading = PlainLabel(title, role="section", wrap=True)
        self.body = column(self.heading, spacing=MEDIUM)
        self._buttons = row(None, spacing=SMALL)
        outer = self._outer = QVBoxLayout(self)
        outer.setContentsMargins(WIDE, WIDE, WIDE, LARGE)
        outer.setSpacing(LARGE)
        outer.addLayout(self.body)
        outer.addLayout(self._buttons)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._grow()

    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() is QEvent.Type.LayoutRequest:
            self._grow()
        return handled

    def add_button(self, button: QPushButton, *, default: bool = False) -> QPushButton:
        """Enter presses the default button; a destructive one is never the default."""
        button.setAutoDefault(False)
        button.setDefault(default)
        self._buttons.addWidget(button)
        return button

    def _grow(self) -> None:
        """Qt gives a dialog two thirds of the screen at first, and no more to words that wrap."""
        needed = self._outer.totalHeightForWidth(self.width())
        if needed > self.height():
            self.resize(self.width(), needed)
