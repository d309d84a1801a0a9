"""What each API key was used for, from the totals per hour, and when it last was."""

import sqlite3
from collections.abc import Iterable

from grokdesk.domain.usage import KeyUsage
from grokdesk.store.usage_journal import Values

_STARTED_AT, _KEY_ID, _TOTAL_S = 1, 4, 8
"""Places in a usage row."""

_NOTHING = (0, 0, 0, 0)
_NOTE = "UPDATE api_key SET last_used_at = ? WHERE id = ?"
_LAST_USES = "SELECT id, last_used_at FROM api_key"
_SUMS = """
    SELECT key_id,
        sum(requests * (hour >= :today)),
        sum((prompt_tokens + completion_tokens) * (hour >= :today)),
        sum(requests),
        sum(prompt_tokens + completion_tokens)
    FROM usage_hour WHERE hour >= :month GROUP BY key_id
"""


def note_last_use(raw: sqlite3.Connection, rows: Iterable[Values]) -> None:
    """Rows come in the order in which their requests ended."""
    ended = {row[_KEY_ID]: row[_STARTED_AT] + row[_TOTAL_S] for row in rows if row[_KEY_ID]}
    raw.executemany(_NOTE, [(at, key_id) for key_id, at in ended.items()])


def usage_by_key(raw: sqlite3.Connection, today: float, month: float) -> dict[str, KeyUsage]:
    """By id; whole hours, counted where they began. Keys that are gone have no last use."""
    last = dict(raw.execute(_LAST_USES).fetchall())
    rows = raw.execute(_SUMS, {"today": today, "month": month})
    sums: dict[str, tuple[int, int, int, int]] = {key_id: tuple(row) for key_id, *row in rows}
    return {
        key_id: KeyUsage(*sums.get(key_id, _NOTHING), last_used_at=last.get(key_id))
        for key_id in last.keys() | sums.keys()
    }
