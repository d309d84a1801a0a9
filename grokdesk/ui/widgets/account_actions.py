"""What can be done with accounts: one set of actions for the toolbar and the context menu."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from grokdesk.domain.account import Tier
from grokdesk.services.accounts import AccountSnapshot
from grokdesk.ui.icons import Icons
from grokdesk.ui.tokens import TIGHT
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.labels import set_plain_tooltip

TIERS: tuple[tuple[str, Tier | None], ...] = (
    ("Find out by checking", None),
    ("Basic", Tier.BASIC),
    ("Super", Tier.SUPER),
    ("Heavy", Tier.HEAVY),
)


class AccountActions:
    """Each action knows when it makes sense; buttons and menu entries follow it."""

    def __init__(self, owner: QWidget, icons: Icons) -> None:
        self._owner = owner
        self._icons = icons
        self.check = self._action("Check now", "refresh", "F5")
        self.enable = self._action("Enable", "play")
        self.disable = self._action("Disable", "pause")
        self.rename = self._action("Rename…", "edit", "F2")
        self.remove = self._action("Remove…", "trash", "Del")
        self.copy = self._action("Copy", "copy")
        self._tiers = QMenu("Tier", owner)
        self._buttons: list[tuple[QPushButton, str]] = []
        self._compact = False
        self.all = (self.check, self.enable, self.disable, self.rename, self.remove, self.copy)
        self.fit(())

    def on_tier(self, chosen: Callable[[Tier | None], object]) -> None:
        for name, tier in TIERS:
            action = self._tiers.addAction(name)
            action.triggered.connect(lambda _checked=False, tier=tier: chosen(tier))

    def fit(self, selected: Sequence[AccountSnapshot]) -> None:
        real = [account for account in selected if not account.demo]
        self.check.setEnabled(any(account.enabled for account in real))
        self.enable.setEnabled(any(not account.enabled for account in real))
        self.disable.setEnabled(any(account.enabled for account in real))
        self.rename.setEnabled(len(selected) == 1 and bool(real))
        self.remove.setEnabled(bool(real))
        self.copy.setEnabled(bool(selected))
        self._tiers.menuAction().setEnabled(bool(real))

    def set_compact(self, compact: bool) -> None:
        """Icons alone, where the words have no room."""
        if compact == self._compact:
            return
        self._compact = compact
        for button, words in self._buttons:
            button.setText("" if compact else words)
            set_plain_tooltip(button, words if compact else "")

    def popup(self, place: QPoint) -> None:
        menu = QMenu(self._owner)
        menu.addActions([self.check, self.enable, self.disable, self.rename])
        menu.addMenu(self._tiers)
        menu.addActions([self.remove])
        menu.addSeparator()
        menu.addAction(self.copy)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    def toolbar(self) -> QHBoxLayout:
        layout = QHBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(TIGHT)
        for action in (self.check, self.enable, self.disable, self.rename):
            layout.addWidget(self._button(action))
        tier = make_button("Tier", self._icons, "chevron-down", kind="ghost", name="Set the tier")
        tier.clicked.connect(lambda: self._tiers.popup(tier.mapToGlobal(tier.rect().bottomLeft())))
        self._tiers.menuAction().enabledChanged.connect(tier.setEnabled)
        tier.setEnabled(False)
        self._buttons.append((tier, "Tier"))
        layout.addWidget(tier)
        layout.addWidget(self._button(self.remove))
        layout.addWidget(self._button(self.copy))
        return layout

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
