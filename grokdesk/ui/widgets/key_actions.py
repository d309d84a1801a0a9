"""What can be done with API keys, and when it makes sense."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from grokdesk.domain.apikey import ApiKey
from grokdesk.ui.icons import Icons
from grokdesk.ui.widgets.row_actions import RowActions


class KeyActions(RowActions):
    def __init__(self, owner: QWidget, icons: Icons) -> None:
        super().__init__(owner, icons)
        self.edit = self.add("Edit…", "edit", "F2")
        self.switch_on = self.add("Switch on", "play")
        self.switch_off = self.add("Switch off", "pause")
        self.revoke = self.add("Revoke…", "trash", "Del")
        self.lay_out(self.edit, self.switch_on, self.switch_off, self.revoke)
        self.fit(())

    def fit(self, selected: Sequence[ApiKey]) -> None:
        self.edit.setEnabled(len(selected) == 1)
        self.switch_on.setEnabled(any(not key.enabled for key in selected))
        self.switch_off.setEnabled(any(key.enabled for key in selected))
        self.revoke.setEnabled(bool(selected))
        self.copy.setEnabled(bool(selected))
