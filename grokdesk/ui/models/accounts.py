"""The accounts as a table: what its columns say."""

import enum
from collections.abc import Iterable
from functools import reduce
from operator import attrgetter, or_

from PySide6.QtCore import QObject

from grokdesk.domain.quota import Provenance, QuotaWindow
from grokdesk.kernel.clock import Clock
from grokdesk.services.accounts import AccountSnapshot
from grokdesk.ui import text
from grokdesk.ui.models.rows import RowsModel
from grokdesk.ui.presenters.account_row import MODES, AccountRow, tooltip

_known_of = attrgetter("known")


class Column(enum.IntEnum):
    """`heading` is the text over the column."""

    LABEL = 0
    TIER = 1
    STATE = 2
    FAST = 3
    AUTO = 4
    EXPERT = 5
    HEAVY = 6
    WEEKLY = 7
    RESETS = 8
    IN_FLIGHT = 9
    LAST_USED = 10

    @property
    def heading(self) -> str:
        return _HEADINGS[self]


_HEADINGS = {
    Column.LABEL: "Account",
    Column.TIER: "Tier",
    Column.STATE: "State",
    Column.FAST: "Fast",
    Column.AUTO: "Auto",
    Column.EXPERT: "Expert",
    Column.HEAVY: "Heavy",
    Column.WEEKLY: "Week",
    Column.RESETS: "Resets in",
    Column.IN_FLIGHT: "Running",
    Column.LAST_USED: "Last used",
}
QUOTA_COLUMNS = range(Column.FAST, Column.WEEKLY + 1)


class AccountsModel(RowsModel[AccountRow]):
    headings = tuple(column.heading for column in Column)

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._known = 0

    @property
    def quota_columns(self) -> frozenset[Column]:
        """Those that any account has something to say in; the first one always."""
        known = self._known | 1
        return frozenset(
            column for column in map(Column, QUOTA_COLUMNS) if known >> (column - Column.FAST) & 1
        )

    def install(self, rows: Iterable[AccountRow]) -> None:
        kept = tuple(rows)
        self._known = reduce(or_, map(_known_of, kept), 0)
        super().install(kept)

    def accounts_at(self, rows: Iterable[int]) -> tuple[AccountSnapshot, ...]:
        return tuple(self._shown[row].account for row in sorted(rows))

    def cell(self, row: AccountRow, column: int) -> str:
        account = row.account
        match column:
            case Column.LABEL:
                return text.account_name(account.label)
            case Column.TIER:
                return text.tier_name(account.tier)
            case Column.STATE:
                return text.state_name(account.state)
            case Column.RESETS:
                return self._resets(row)
            case Column.IN_FLIGHT:
                return text.number(account.in_flight)
            case Column.LAST_USED:
                return text.last_used(account.last_used_at, self._clock.now())
            case _:
                return self._quota(row, column)

    def tooltip(self, row: AccountRow, column: int) -> str:
        """Over a figure what it is and since when, elsewhere all that fits."""
        now = self._clock.now()
        if column in QUOTA_COLUMNS:
            window = window_at(row, column, now)
            if window is not None:
                return text.quota_in_words(window, now)
        return tooltip(row, now)

    def _quota(self, row: AccountRow, column: int) -> str:
        now = self._clock.now()
        window = window_at(row, column, now)
        return text.quota(window, now) if window is not None else "—"

    def _resets(self, row: AccountRow) -> str:
        if row.resets_at is None:
            return "—"
        left = row.resets_at - self._clock.now()
        return text.duration(left) if left >= 1 else "now"


def window_at(row: AccountRow, column: int, now: float) -> QuotaWindow | None:
    """The window of a quota column as it stands now."""
    window = row.windows[column - Column.FAST]
    return window.at(now) if window is not None else None


def share_left(window: QuotaWindow) -> float | None:
    """How full it is, 0 to 1; None when that is not known."""
    if window.provenance is Provenance.UNKNOWN or window.total <= 0:
        return None
    return window.remaining / window.total


assert len(QUOTA_COLUMNS) == len(MODES)  # noqa: S101 - the columns follow the modes
