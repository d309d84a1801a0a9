"""The API keys as a table: what its columns say."""

import enum

from PySide6.QtCore import QObject

from grokdesk.domain.usage import KeyUsage
from grokdesk.kernel.clock import Clock
from grokdesk.ui import text
from grokdesk.ui.models.rows import RowsModel
from grokdesk.ui.presenters.key_row import KeyRow, model_parts, name_of, tooltip
from grokdesk.ui.presenters.key_words import limit_parts, state_name, use_parts

_NOT_KNOWN = "—"


class KeyColumn(enum.IntEnum):
    """`heading` is the text over the column."""

    NAME = 0
    STATE = 1
    MODELS = 2
    LIMITS = 3
    LAST_USED = 4
    TODAY = 5
    MONTH = 6

    @property
    def heading(self) -> str:
        return _HEADINGS[self]


_HEADINGS = {
    KeyColumn.NAME: "API key",
    KeyColumn.STATE: "State",
    KeyColumn.MODELS: "Models",
    KeyColumn.LIMITS: "Limits",
    KeyColumn.LAST_USED: "Last used",
    KeyColumn.TODAY: "Today",
    KeyColumn.MONTH: "30 days",
}


class KeysModel(RowsModel[KeyRow]):
    headings = tuple(column.heading for column in KeyColumn)

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock

    def cell(self, row: KeyRow, column: int) -> str:
        return ", ".join(self.parts(row, column))

    def parts(self, row: KeyRow, column: int) -> tuple[str, ...]:
        """What a cell says; all but the first may be written below it."""
        key, now = row.key, self._clock.now()
        match column:
            case KeyColumn.NAME:
                return name_of(key), key.hint
            case KeyColumn.STATE:
                return (state_name(key, now),)
            case KeyColumn.MODELS:
                return model_parts(key) or ("All",)
            case KeyColumn.LIMITS:
                return limit_parts(key) or ("None",)
            case _:
                return _use(row.usage, column, now)

    def tooltip(self, row: KeyRow, column: int) -> str:
        if column in (KeyColumn.MODELS, KeyColumn.LIMITS):
            return self.cell(row, column)
        return tooltip(row, self._clock.now())


def _use(usage: KeyUsage | None, column: int, now: float) -> tuple[str, ...]:
    if usage is None:
        return (_NOT_KNOWN,)
    if column == KeyColumn.LAST_USED:
        return (text.last_used_about(usage.last_used_at, now),)
    if column == KeyColumn.TODAY:
        requests, tokens = usage.requests_today, usage.tokens_today
    else:
        requests, tokens = usage.requests_month, usage.tokens_month
    return use_parts(requests, tokens) if requests else ("0",)
