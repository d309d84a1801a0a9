"""The table of API keys and how its cells are painted."""

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter

from grokdesk.domain.apikey import ApiKey
from grokdesk.kernel.clock import Clock
from grokdesk.ui.clipboard import Clipboard
from grokdesk.ui.models.keys import KeyColumn, KeysModel
from grokdesk.ui.presenters.key_row import KeyRow
from grokdesk.ui.presenters.key_words import state_of
from grokdesk.ui.theme import Theme
from grokdesk.ui.widgets.marks import KEY_MARKS
from grokdesk.ui.widgets.row_delegate import RowDelegate
from grokdesk.ui.widgets.row_table import RowTable

_WIDTHS: dict[int, int] = {
    KeyColumn.NAME: 160,
    KeyColumn.STATE: 134,
    KeyColumn.MODELS: 124,
    KeyColumn.LIMITS: 142,
    KeyColumn.LAST_USED: 78,
    KeyColumn.TODAY: 112,
    KeyColumn.MONTH: 112,
}
_LEAST_NAME = 124
_GO_FIRST = (KeyColumn.MONTH, KeyColumn.LAST_USED)
"""Without these a narrow table can do: the details have them, too."""

_NOTHING = ("0", "—", "never", "All", "None")


class KeyTable(RowTable):
    def __init__(self, model: KeysModel, theme: Theme, clock: Clock, clipboard: Clipboard) -> None:
        super().__init__(
            "API keys",
            model,
            theme,
            clipboard,
            widths=_WIDTHS,
            least=_LEAST_NAME,
            go_first=_GO_FIRST,
        )
        self._model = model
        self.setItemDelegate(_KeyDelegate(self, model, theme, clock))

    def selected(self) -> tuple[ApiKey, ...]:
        return tuple(self._model.shown[row].key for row in self.selected_rows())

    def select_key(self, key_id: str) -> None:
        """And show it, if it is in the table."""
        for place, row in enumerate(self._model.shown):
            if row.id == key_id:
                self.selectRow(place)


class _KeyDelegate(RowDelegate):
    def __init__(self, view: KeyTable, model: KeysModel, theme: Theme, clock: Clock) -> None:
        super().__init__(view, model, theme)
        self._model = model
        self._clock = clock

    def paint_cell(self, painter: QPainter, inside: QRect, row: KeyRow, column: int) -> None:
        first, *others = self._model.parts(row, column)
        state = state_of(row.key, self._clock.now())
        if not row.key.enabled or first in _NOTHING:
            painter.setPen(self._muted)
        if column == KeyColumn.STATE:
            self.paint_state(painter, inside, KEY_MARKS[state], first)
        elif others:
            is_name = column == KeyColumn.NAME
            self.paint_lines(painter, inside, first, ", ".join(others), strong=is_name)
        else:
            self.paint_words(painter, inside, first)
