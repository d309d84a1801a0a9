"""What can be done with accounts, and when it makes sense."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from grokdesk.services.accounts import AccountSnapshot
from grokdesk.ui.icons import Icons
from grokdesk.ui.widgets.row_actions import RowActions


class AccountActions(RowActions):
    def __init__(self, owner: QWidget, icons: Icons) -> None:
        super().__init__(owner, icons)
        self.check = self.add("Check now", "check", "F5")
        self.quota = self.add("Refresh quota", "refresh", "Shift+F5")
        self.enable = self.add("Enable", "play")
        self.disable = self.add("Disable", "pause")
        self.preferences = self.add("Preferences…", "edit", "F2")
        self.remove = self.add("Remove…", "trash", "Del")
        self.lay_out(
            self.check, self.quota, self.enable, self.disable, self.preferences, self.remove
        )
        self.fit(())

    def fit(self, selected: Sequence[AccountSnapshot]) -> None:
        real = [account for account in selected if not account.demo]
        for action in (self.check, self.quota, self.disable):
            action.setEnabled(any(account.enabled for account in real))
        self.enable.setEnabled(any(not account.enabled for account in real))
        self.preferences.setEnabled(bool(real))
        self.remove.setEnabled(bool(real))
        self.copy.setEnabled(bool(selected))
