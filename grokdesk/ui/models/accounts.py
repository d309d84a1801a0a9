"""The accounts as a table that sorts and filters itself."""

import enum
from collections.abc import Collection, Iterable, Sequence
from functools import reduce
from operator import attrgetter, eq, or_
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from grokdesk.domain.quota import Provenance, QuotaWindow
from grokdesk.kernel.clock import Clock
from grokdesk.services.accounts import AccountSnapshot
from grokdesk.ui import text
from grokdesk.ui.presenters.account_row import MODES, AccountRow, tooltip

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_id_of = attrgetter("account.id")
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


class AccountsModel(QAbstractTableModel):
    """A proxy model over Python rows takes seconds where `list.sort` takes milliseconds."""

    counted = Signal(int, int)
    """How many rows are shown, of how many."""

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._all: list[AccountRow] = []
        """In the order of the sorted column."""
        self._shown: list[AccountRow] = []
        self._known = 0
        self._needle = ""
        self._column = Column.LABEL
        self._order = Qt.SortOrder.AscendingOrder

    @property
    def quota_columns(self) -> frozenset[Column]:
        """Those that any account has something to say in; the first one always."""
        known = self._known | 1
        return frozenset(
            column for column in map(Column, QUOTA_COLUMNS) if known >> (column - Column.FAST) & 1
        )

    @property
    def shown(self) -> Sequence[AccountRow]:
        return self._shown

    def install(self, rows: Iterable[AccountRow]) -> None:
        """Take the new rows; selection and scroll position stay with their accounts."""
        places = {row.account.id: place for place, row in enumerate(self._all)}
        # What is equal in the sorted column stays as the user sorted it before.
        self._all = sorted(rows, key=lambda row: places.get(row.account.id, len(places)))
        self._known = reduce(or_, map(_known_of, self._all), 0)
        self._sort_all()
        self._show_matching()

    def set_filter(self, needle: str) -> None:
        self._needle = needle.strip().casefold()
        self._show_matching()

    def row_at(self, index: Index) -> AccountRow:
        return self._shown[index.row()]

    def accounts_at(self, rows: Iterable[int]) -> tuple[AccountSnapshot, ...]:
        return tuple(self._shown[row].account for row in sorted(rows))

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._column, self._order = Column(column), order
        self._sort_all()
        self._show_matching()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return Column(section).heading
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.cell(self._shown[index.row()], Column(index.column()))
        if role == Qt.ItemDataRole.ToolTipRole:
            return text.plain_tooltip(self._tooltip(index))
        return None

    def cell(self, row: AccountRow, column: Column) -> str:
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
                used = account.last_used_at
                return text.ago(self._clock.now() - used) if used is not None else "never"
            case _:
                return self._quota(row, column)

    def as_tsv(self, rows: Collection[int]) -> str:
        """Headings and the cells of `rows`, for a spreadsheet; no cell can become a formula."""
        lines = ["\t".join(column.heading for column in Column)]
        lines += (
            "\t".join(_harmless(self.cell(self._shown[row], column)) for column in Column)
            for row in sorted(rows)
        )
        return "\n".join(lines)

    def _quota(self, row: AccountRow, column: Column) -> str:
        now = self._clock.now()
        window = window_at(row, column, now)
        return text.quota(window, now) if window is not None else "—"

    def _tooltip(self, index: Index) -> str:
        """Over a figure what it is and since when, elsewhere all that fits."""
        row, now = self._shown[index.row()], self._clock.now()
        if index.column() in QUOTA_COLUMNS:
            window = window_at(row, Column(index.column()), now)
            if window is not None:
                return text.quota_in_words(window, now)
        return tooltip(row, now)

    def _resets(self, row: AccountRow) -> str:
        if row.resets_at is None:
            return "—"
        left = row.resets_at - self._clock.now()
        return text.duration(left) if left >= 1 else "now"

    def _sort_all(self) -> None:
        column = self._column
        self._all.sort(
            key=lambda row: row.keys[column],
            reverse=self._order is Qt.SortOrder.DescendingOrder,
        )

    def _show_matching(self) -> None:
        needle = self._needle
        shown = [row for row in self._all if needle in row.haystack] if needle else self._all[:]
        self._replace(shown)
        self.counted.emit(len(shown), len(self._all))

    def _replace(self, shown: list[AccountRow]) -> None:
        same_length = len(shown) == len(self._shown)
        if same_length and all(map(eq, map(_id_of, shown), map(_id_of, self._shown))):
            self._shown = shown
            if shown:
                self.dataChanged.emit(
                    self.index(0, 0), self.index(len(shown) - 1, len(Column) - 1), []
                )
            return
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        places = {row.account.id: place for place, row in enumerate(shown)} if held else {}
        moved = [
            self._moved(index, places.get(self._shown[index.row()].account.id)) for index in held
        ]
        self._shown = shown
        self.changePersistentIndexList(
            held, [self.index(*place) if place else QModelIndex() for place in moved]
        )
        self.layoutChanged.emit()

    @staticmethod
    def _moved(index: QModelIndex, place: int | None) -> tuple[int, int] | None:
        return (place, index.column()) if place is not None else None


def window_at(row: AccountRow, column: Column, now: float) -> QuotaWindow | None:
    """The window of a quota column as it stands now."""
    window = row.windows[column - Column.FAST]
    return window.at(now) if window is not None else None


def share_left(window: QuotaWindow) -> float | None:
    """How full it is, 0 to 1; None when that is not known."""
    if window.provenance is Provenance.UNKNOWN or window.total <= 0:
        return None
    return window.remaining / window.total


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell


assert len(QUOTA_COLUMNS) == len(MODES)  # noqa: S101 - the columns follow the modes
