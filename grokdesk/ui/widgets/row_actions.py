"""What can be done with the selected rows: one set of actions for the toolbar and the menu."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from grokdesk.ui.icons import Icons
from grokdesk.ui.tokens import TIGHT
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.labels import set_plain_tooltip


class RowActions:
    """Buttons and menu entries follow their actions; a subclass says when each makes sense."""

    def __init__(self, owner: QWidget, icons: Icons) -> None:
        self._owner = owner
        self._icons = icons
        self._buttons: list[tuple[QPushButton, str]] = []
        self._compact = False
        self._width_of_words = 0
        self._changing: Sequence[QAction] = ()
        self.copy = self.add("Copy", "copy")
        self.bar = QWidget()

    @property
    def all(self) -> tuple[QAction, ...]:
        return (*self._changing, self.copy)

    def add(self, text: str, icon: str, shortcut: str = "") -> QAction:
        action = QAction(text, self._owner)
        self._icons.set_on(action, icon)
        action.setProperty("icon-name", icon)
        if shortcut:
            action.setShortcut(QKeySequence(shortcut))
        self._owner.addAction(action)
        return action

    def lay_out(self, *changing: QAction) -> None:
        """In this order, and at the end the one that changes nothing."""
        self._changing = changing
        # Its words do not keep the page from becoming narrower: they go then.
        self.bar.setMinimumWidth(1)
        layout = QHBoxLayout(self.bar)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(TIGHT)
        for action in self.all:
            layout.addWidget(self._button(action))

    def fit_width(self, room: int) -> None:
        """Icons alone, where the words have no room."""
        if not self._compact:
            self._width_of_words = self.bar.sizeHint().width()
        compact = self._width_of_words > room
        if compact == self._compact:
            return
        self._compact = compact
        for button, words in self._buttons:
            button.setText("" if compact else words)
            set_plain_tooltip(button, words if compact else "")

    def popup(self, place: QPoint) -> None:
        menu = QMenu(self._owner)
        menu.addActions(self._changing)
        menu.addSeparator()
        menu.addAction(self.copy)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    def _button(self, action: QAction) -> QPushButton:
        words = action.text().removesuffix("…")
        button = make_button(
            words,
            self._icons,
            str(action.property("icon-name")),
            kind="ghost",
            clicked=action.trigger,
        )
        self._buttons.append((button, words))
        button.setEnabled(action.isEnabled())
        action.enabledChanged.connect(button.setEnabled)
        return button
