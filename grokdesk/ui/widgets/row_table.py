"""A table of rows: what is selected stays selected, whatever is refreshed around it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from grokdesk.ui.clipboard import Clipboard
from grokdesk.ui.models.rows import RowsModel
from grokdesk.ui.theme import Theme
from grokdesk.ui.widgets.row_delegate import ROW_HEIGHT

_TICK_MS = 1_000


class RowTable(QTableView):
    """The first column takes the room that the others leave; `go_first` are the columns that a
    narrow table can do without, the most dispensable ones first."""

    selection_changed = Signal()
    menu_wanted = Signal(QPoint)
    """At this place on the screen."""

    def __init__(
        self,
        name: str,
        model: RowsModel[Any],
        theme: Theme,
        clipboard: Clipboard,
        *,
        widths: Mapping[int, int],
        least: int,
        go_first: Sequence[int],
    ) -> None:
        super().__init__()
        self._rows = model
        self._theme = theme
        self._clipboard = clipboard
        self._widths = widths
        self._least = least
        self._go_first = go_first
        self.setModel(model)
        self.setAccessibleName(name)
        self._set_up_view()
        self._set_up_headers()
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._ask_for_menu)
        self.selectionModel().selectionChanged.connect(self._tell_selection)
        model.counted.connect(self._fit_columns)
        # Ages and countdowns: only what is visible is painted again.
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self.viewport().update)
        self._settle = QTimer(self, interval=0, singleShot=True)
        self._settle.timeout.connect(self._keep_in_view)

    def unused_columns(self) -> Collection[int]:
        """In which nobody has anything."""
        return ()

    def selected_rows(self) -> Sequence[int]:
        selection = self.selectionModel().selection()
        rows: set[int] = set()
        for number in range(selection.count()):
            part = selection.at(number)
            rows.update(range(part.top(), part.bottom() + 1))
        return sorted(rows)

    def copy_selected(self) -> None:
        rows = self.selected_rows()
        if rows:
            self._clipboard.copy(self._rows.as_tsv(rows))

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
        """No column leaves too little room for the names."""
        hidden = set(self.unused_columns())
        room = self.viewport().width() - self._theme.scaled(self._least)
        wanted = {
            column: self._theme.scaled(width)
            for column, width in self._widths.items()
            if column != 0 and column not in hidden
        }
        for column in self._go_first:
            if sum(wanted.values()) > room:
                wanted.pop(column, None)
                hidden.add(column)
        for column in self._widths:
            if self.isColumnHidden(column) is not (column in hidden):
                self.setColumnHidden(column, column in hidden)

    def _tell_selection(self) -> None:
        self.selection_changed.emit()
        self._settle.start()

    def _keep_in_view(self) -> None:
        """What is shown of the selected row may have taken its place."""
        if self.selectionModel().hasSelection():
            self.scrollTo(self.currentIndex())

    def _set_up_view(self) -> None:
        self.setShowGrid(False)
        self.setMouseTracking(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)

    def _set_up_headers(self) -> None:
        rows = self.verticalHeader()
        rows.hide()
        rows.setMinimumSectionSize(self._theme.scaled(ROW_HEIGHT))
        rows.setDefaultSectionSize(self._theme.scaled(ROW_HEIGHT))
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        columns = self.horizontalHeader()
        columns.setHighlightSections(False)
        columns.setSectionsMovable(True)
        columns.setMinimumSectionSize(56)
        for column, width in self._widths.items():
            columns.resizeSection(column, self._theme.scaled(width))
        columns.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)

    def _ask_for_menu(self, place: QPoint) -> None:
        self.menu_wanted.emit(self.viewport().mapToGlobal(place))
