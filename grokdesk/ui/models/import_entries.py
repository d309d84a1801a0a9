"""The preview of an import as a table; tokens appear as their last characters only."""

import enum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from grokdesk.services.importer import EntryKind, ImportEntry
from grokdesk.ui import text

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()

KIND_NAMES = {
    EntryKind.NEW: "New",
    EntryKind.DUPLICATE: "Already here",
    EntryKind.MALFORMED: "Not usable",
}


class EntryColumn(enum.IntEnum):
    LINE = 0
    KIND = 1
    TOKEN = 2
    LABEL = 3
    REASON = 4


_HEADINGS = {
    EntryColumn.LINE: "Line",
    EntryColumn.KIND: "What",
    EntryColumn.TOKEN: "Token",
    EntryColumn.LABEL: "Label",
    EntryColumn.REASON: "Why",
}


class ImportEntriesModel(QAbstractTableModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._entries: tuple[ImportEntry, ...] = ()

    def show_entries(self, entries: tuple[ImportEntry, ...]) -> None:
        self.beginResetModel()
        self._entries = entries
        self.endResetModel()

    def entry(self, row: int) -> ImportEntry:
        return self._entries[row]

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._entries)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(EntryColumn)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return _HEADINGS[EntryColumn(section)]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self._entries[index.row()]
        column = EntryColumn(index.column())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return _cell(entry, column)
        if role == Qt.ItemDataRole.ToolTipRole and column is EntryColumn.REASON:
            return text.plain_tooltip(text.one_line(entry.reason))
        return None


def _cell(entry: ImportEntry, column: EntryColumn) -> str:
    match column:
        case EntryColumn.LINE:
            return text.number(entry.line)
        case EntryColumn.KIND:
            return KIND_NAMES[entry.kind]
        case EntryColumn.TOKEN:
            return entry.hint
        case EntryColumn.LABEL:
            return text.account_name(entry.label or entry.email)
        case EntryColumn.REASON:
            return text.one_line(entry.reason)
