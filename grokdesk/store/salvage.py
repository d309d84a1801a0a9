"""Copies every row that can still be read out of a damaged database file."""

import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grokdesk.store.connection import read_only

_log = logging.getLogger(__name__)

_BY_ROWID = ("account", "api_key", "sealed_token", "usage")
_BY_KEY = ("meta", "quota_window", "vault_intent", "usage_hour")
_FARTHEST = 1 << 40

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Salvaged:
    accounts: int
    api_keys: int


def copy_readable(damaged: Path, target: sqlite3.Connection) -> Salvaged:
    """Damage never raises: a table that cannot be read at all gives no rows."""
    target.execute("BEGIN IMMEDIATE")
    target.execute("PRAGMA defer_foreign_keys = 1")
    with contextlib.closing(read_only(damaged)) as source:
        copied = {table: _copy(source, target, table) for table in _BY_ROWID}
        # The totals of the raw rows were rebuilt just now; those that can be read are better.
        copied |= {table: _copy(source, target, table) for table in _BY_KEY}
    target.execute("DELETE FROM quota_window WHERE account_id NOT IN (SELECT id FROM account)")
    target.execute("COMMIT")
    return Salvaged(copied["account"], copied["api_key"])


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> int:
    columns = _common_columns(source, target, table)
    if not columns:
        _log.warning("the table %s of the damaged database cannot be read", table)
        return 0
    verb = "INSERT OR REPLACE" if table == "usage_hour" else "INSERT"
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    insert = f"{verb} INTO {table} ({names}) VALUES ({marks})"
    rows = _walk(source, table, names) if table in _BY_ROWID else _ends(source, table, names)
    copied = 0
    for row in rows:
        # What the schema refuses is damage as well.
        with contextlib.suppress(sqlite3.IntegrityError):
            copied += target.execute(insert, row).rowcount
    return copied


def _common_columns(
    source: sqlite3.Connection, target: sqlite3.Connection, table: str
) -> list[str]:
    wanted = [row[1] for row in target.execute(f"PRAGMA table_info({table})")]
    try:
        present = {row[1] for row in source.execute(f"PRAGMA table_info({table})")}
    except sqlite3.DatabaseError:
        return []
    return [name for name in wanted if name in present]


def _ends(source: sqlite3.Connection, table: str, names: str) -> Iterator[Row]:
    """From the front up to the damage, then from the back down to it."""
    for order in ("ASC", "DESC"):
        query = f"SELECT {names} FROM {table} ORDER BY 1 {order}"  # noqa: S608
        try:
            yield from source.execute(query)
        except sqlite3.DatabaseError:
            continue
        return


def _walk(source: sqlite3.Connection, table: str, names: str) -> Iterator[Row]:
    """Read upwards; at an unreadable page, jump to the first row behind it."""
    query = f"SELECT rowid, {names} FROM {table} WHERE rowid >= ? ORDER BY rowid"  # noqa: S608
    position: int | None = 0
    while position is not None:
        start = position
        try:
            for row in source.execute(query, (start,)):
                if row[0] < position:
                    raise sqlite3.DatabaseError("the pages are out of order")
                yield row[1:]
                position = row[0] + 1
        except sqlite3.DatabaseError:
            position = _next_readable(source, query, position)
        else:
            return


def _next_readable(source: sqlite3.Connection, query: str, position: int) -> int | None:
    """Gallop until a row can be read, then halve the way back to the first one that can."""
    unreadable, step = position, 1
    while not _can_read(source, query, position + step):
        unreadable = position + step
        step *= 2
        if step > _FARTHEST:
            return None
    readable = position + step
    while readable - unreadable > 1:
        middle = (readable + unreadable) // 2
        if _can_read(source, query, middle):
            readable = middle
        else:
            unreadable = middle
    return readable


def _can_read(source: sqlite3.Connection, query: str, position: int) -> bool:
    try:
        row = source.execute(query, (position,)).fetchone()
    except sqlite3.DatabaseError:
        return False
    return row is None or bool(row[0] >= position)
