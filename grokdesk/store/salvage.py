"""Copies every row that can still be read out of a damaged database file."""

import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_log = logging.getLogger(__name__)

_TABLES = ("meta", "account", "quota_window", "vault_intent", "sealed_token", "api_key")
_STEP = 500


@dataclass(frozen=True, slots=True)
class Salvaged:
    accounts: int
    api_keys: int


def copy_readable(damaged: Path, target: sqlite3.Connection) -> Salvaged:
    """Never raises for damage: a table that cannot be read at all gives no rows."""
    uri = f"{damaged.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as source:
        target.execute("BEGIN IMMEDIATE")
        target.execute("PRAGMA defer_foreign_keys = 1")
        counts = {table: _copy(source, target, table) for table in _TABLES}
        _copy_usage(source, target)
        target.execute("DELETE FROM quota_window WHERE account_id NOT IN (SELECT id FROM account)")
        target.execute("COMMIT")
    return Salvaged(counts["account"], counts["api_key"])


def _copy_usage(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """The raw rows rebuild the totals; totals that can be read replace the rebuilt ones."""
    _copy(source, target, "usage")
    _copy(source, target, "usage_hour", verb="INSERT OR REPLACE")


def _copy(
    source: sqlite3.Connection,
    target: sqlite3.Connection,
    table: str,
    verb: str = "INSERT OR IGNORE",
) -> int:
    try:
        columns = _common_columns(source, target, table)
        rowid = _has_rowid(target, table)
        rows = (_by_rowid if rowid else _in_order)(source, table, columns)
    except sqlite3.Error:
        _log.warning("the table %s of the damaged database cannot be read", table)
        return 0
    names = ", ".join(columns)
    marks = ", ".join("?" * len(columns))
    copied = 0
    for row in rows:
        # A row that the schema refuses is damage as well.
        with contextlib.suppress(sqlite3.IntegrityError):
            statement = f"{verb} INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
            copied += target.execute(statement, row).rowcount
    return copied
