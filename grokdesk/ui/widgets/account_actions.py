"""What can be done with accounts: one set of actions for the toolbar and the context menu."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from grokdesk.services.accounts import AccountSnapshot
from grokdesk.ui.icons import Icons
from grokdesk.ui.tokens import TIGHT
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.labels import set_plain_tooltip


class AccountActions:
    """Each action knows when it makes sense; buttons and menu entries follow it."""

    def __init__(self, owner: QWidget, icons: Icons) -> None:
        self._owner = owner
        self._icons = icons
        self.check = self._action("Check now", "check", "F5")
        self.quota = self._action("Refresh quota", "refresh", "Shift+F5")
        self.enable = self._action("Enable", "play")
        self.disable = self._action("Disable", "pause")
        self.preferences = self._action("Preferences…", "edit", "F2")
        self.remove = self._action("Remove…", "trash", "Del")
        self.copy = self._action("Copy", "copy")
        self._buttons: list[tuple[QPushButton, str]] = []
        self._compact = False
        self._changing = (
            self.check,
            self.quota,
            self.enable,
            self.disable,
            self.preferences,
            self.remove,
        )
        self.all = (*self._changing, self.copy)
        self.bar = self._make_bar()
        self._width_of_words = 0
        self.fit(())

    def fit(self, selected: Sequence[AccountSnapshot]) -> None:
        real = [account for account in selected if not account.demo]
        for action in (self.check, self.quota, self.disable):
            action.setEnabled(any(account.enabled for account in real))
        self.enable.setEnabled(any(not account.enabled for account in real))
        self.preferences.setEnabled(bool(real))
        self.remove.setEnabled(bool(real))
        self.copy.setEnabled(bool(selected))

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

    def _make_bar(self) -> QWidget:
        """Its words do not keep the page from becoming narrower: they go then."""
        bar = QWidget()
        bar.setMinimumWidth(1)
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(TIGHT)
        for action in self.all:
            layout.addWidget(self._button(action))
        return bar

    def _action(self, text: str, icon: str, shortcut: str = "") -> QAction:
        action = QAction(text, self._owner)
        self._icons.set_on(action, icon)
        action.setProperty("icon-name", icon)
        if shortcut:
            action.setShortcut(QKeySequence(shortcut))
        self._owner.addAction(action)
        return action

    def _button(self, action: QAction) -> QPushButton:
        button = make_button(
            action.text().removesuffix("…"),
            self._icons,
            str(action.property("icon-name")),
            kind="ghost",
            name=action.text().removesuffix("…"),
            clicked=action.trigger,
        )
        self._buttons.append((button, button.text()))
        button.setEnabled(action.isEnabled())
        action.enabledChanged.connect(button.setEnabled)
        return button
