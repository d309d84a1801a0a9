"""The account table."""

from collections.abc import Collection

from grokdesk.kernel.clock import Clock
from grokdesk.services.accounts import AccountSnapshot
from grokdesk.ui.clipboard import Clipboard
from grokdesk.ui.models.accounts import QUOTA_COLUMNS, AccountsModel, Column
from grokdesk.ui.theme import Theme
from grokdesk.ui.widgets.account_delegate import AccountDelegate
from grokdesk.ui.widgets.row_table import RowTable

_WIDTHS: dict[int, int] = {
    Column.LABEL: 150,
    Column.TIER: 76,
    Column.STATE: 122,
    Column.FAST: 67,
    Column.AUTO: 67,
    Column.EXPERT: 67,
    Column.HEAVY: 67,
    Column.WEEKLY: 67,
    Column.RESETS: 84,
    Column.IN_FLIGHT: 68,
    Column.LAST_USED: 90,
}
_LEAST_LABEL = 130
_GO_FIRST = (Column.LAST_USED, Column.IN_FLIGHT)
"""Without these a narrow table can do: the details have them, too."""


class AccountTable(RowTable):
    def __init__(
        self, model: AccountsModel, theme: Theme, clock: Clock, clipboard: Clipboard
    ) -> None:
        super().__init__(
            "Accounts",
            model,
            theme,
            clipboard,
            widths=_WIDTHS,
            least=_LEAST_LABEL,
            go_first=_GO_FIRST,
        )
        self._model = model
        self.setItemDelegate(AccountDelegate(self, model, theme, clock))

    def unused_columns(self) -> Collection[int]:
        return set(QUOTA_COLUMNS) - self._model.quota_columns

    def selected(self) -> tuple[AccountSnapshot, ...]:
        return self._model.accounts_at(self.selected_rows())
