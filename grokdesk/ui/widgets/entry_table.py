"""The import preview table."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from grokdesk.services.importer import EntryKind
from grokdesk.ui.models.import_entries import EntryColumn, ImportEntriesModel
from grokdesk.ui.theme import Theme
from grokdesk.ui.widgets.marks import Mark, Shape, paint_mark

_ROW = 30
_MARK = 10
_MARKS = {
    EntryKind.NEW: Mark(Shape.DISC, "ok"),
    EntryKind.DUPLICATE: Mark(Shape.RING, "info"),
    EntryKind.MALFORMED: Mark(Shape.TRIANGLE, "bad"),
}
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


class EntryTable(QTableView):
    def __init__(self, model: ImportEntriesModel, theme: Theme) -> None:
        super().__init__()
        self.setModel(model)
        self.setItemDelegate(_EntryDelegate(self, model, theme))
        self.setAccessibleName("Preview of the import")
        self.setShowGrid(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.scaled(_ROW))
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        widths = {EntryColumn.LINE: 64, EntryColumn.KIND: 120, EntryColumn.TOKEN: 80}
        for column, width in {**widths, EntryColumn.LABEL: 190}.items():
            header.resizeSection(column, theme.scaled(width))
        header.setSectionResizeMode(EntryColumn.REASON, QHeaderView.ResizeMode.Stretch)


class _EntryDelegate(QStyledItemDelegate):
    def __init__(self, view: QTableView, model: ImportEntriesModel, theme: Theme) -> None:
        super().__init__(view)
        self._model = model
        self._theme = theme

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        cell: QRect = option.rect
        inside = cell.adjusted(12, 0, -4, 0)
        column = EntryColumn(index.column())
        muted = column in (EntryColumn.LINE, EntryColumn.REASON)
        painter.setPen(self._theme.color("muted" if muted else "text"))
        if column is EntryColumn.KIND:
            mark = _MARKS[self._model.entry(index.row()).kind]
            top = inside.center().y() - _MARK / 2 + 0.5
            place = QRectF(inside.left(), top, _MARK, _MARK)
            paint_mark(painter, place, mark.shape, self._theme.color(mark.tone))
            inside = inside.adjusted(_MARK + 7, 0, 0, 0)
        words = str(index.data())
        shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, inside.width())
        painter.drawText(inside, _LEFT, shown)
