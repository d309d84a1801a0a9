"""The account table: what is selected stays selected, whatever is refreshed around it."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from grokdesk.kernel.clock import Clock
from grokdesk.services.accounts import AccountSnapshot
from grokdesk.ui.clipboard import Clipboard
from grokdesk.ui.models.accounts import QUOTA_COLUMNS, AccountsModel, Column
from grokdesk.ui.theme import Theme
from grokdesk.ui.widgets.account_delegate import ROW_HEIGHT, AccountDelegate

_TICK_MS = 1_000
_WIDTHS = {
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


class AccountTable(QTableView):
    selection_changed = Signal()
    menu_wanted = Signal(QPoint)
    """At this place on the screen."""

    def __init__(
        self, model: AccountsModel, theme: Theme, clock: Clock, clipboard: Clipboard
    ) -> None:
        super().__init__()
        self._model = model
        self._theme = theme
        self._clipboard = clipboard
        self.setModel(model)
        self.setItemDelegate(AccountDelegate(self, model, theme, clock))
        self.setAccessibleName("Accounts")
        self.setShowGrid(False)
        self.setMouseTracking(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self._set_up_headers(theme)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._ask_for_menu)
        self.selectionModel().selectionChanged.connect(self._tell_selection)
        model.counted.connect(self._fit_columns)
        # Countdowns: only what is visible is painted again.
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self.viewport().update)
        self._settle = QTimer(self, interval=0, singleShot=True)
        self._settle.timeout.connect(self._keep_in_view)

    def selected(self) -> tuple[AccountSnapshot, ...]:
        return self._model.accounts_at(self._selected_rows())

    def copy_selected(self) -> None:
        rows = self._selected_rows()
        if rows:
            self._clipboard.copy(self._model.as_tsv(rows))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selected()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    def _fit_columns(self) -> None:
        """No column in which nobody has anything, and none that leaves no room for the names."""
        hidden = set(map(Column, QUOTA_COLUMNS)) - self._model.quota_columns
        room = self.viewport().width() - self._theme.scaled(_LEAST_LABEL)
        wanted: dict[Column, int] = {
            column: self._theme.scaled(width)
            for column, width in _WIDTHS.items()
            if column is not Column.LABEL and column not in hidden
        }
        for column in _GO_FIRST:
            if sum(wanted.values()) > room:
                wanted.pop(column)
                hidden.add(column)
        for column in Column:
            if self.isColumnHidden(column) is not (column in hidden):
                self.setColumnHidden(column, column in hidden)

    def _tell_selection(self) -> None:
        self.selection_changed.emit()
        self._settle.start()

    def _keep_in_view(self) -> None:
        """What is shown of the selected account may have taken the place of its row."""
        if self.selectionModel().hasSelection():
            self.scrollTo(self.currentIndex())

    def _selected_rows(self) -> Sequence[int]:
        selection = self.selectionModel().selection()
        rows: set[int] = set()
        for number in range(selection.count()):
            part = selection.at(number)
            rows.update(range(part.top(), part.bottom() + 1))
        return sorted(rows)

    def _set_up_headers(self, theme: Theme) -> None:
        rows = self.verticalHeader()
        rows.hide()
        rows.setMinimumSectionSize(theme.scaled(ROW_HEIGHT))
        rows.setDefaultSectionSize(theme.scaled(ROW_HEIGHT))
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        columns = self.horizontalHeader()
        columns.setHighlightSections(False)
        columns.setSectionsMovable(True)
        columns.setMinimumSectionSize(56)
        for column, width in _WIDTHS.items():
            columns.resizeSection(column, theme.scaled(width))
        columns.setSectionResizeMode(Column.LABEL, QHeaderView.ResizeMode.Stretch)
        self.setSortingEnabled(True)
        self.sortByColumn(Column.LABEL, Qt.SortOrder.AscendingOrder)

    def _ask_for_menu(self, place: QPoint) -> None:
        self.menu_wanted.emit(self.viewport().mapToGlobal(place))
