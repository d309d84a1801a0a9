"""Looks at a database file before it is opened; reads only, its log included."""

import contextlib
import enum
import sqlite3
from pathlib import Path

from grokdesk.store.connection import read_only
from grokdesk.store.errors import DAMAGE, StoreError, result_code
from grokdesk.store.migrations import APPLICATION_ID, schema_version

_QUICK_BYTES = 16 << 20
"""Up to this size every start checks the whole file: it takes some 20 ms."""


class Verdict(enum.Enum):
    GOOD = enum.auto()
    DAMAGED = enum.auto()
    FOREIGN = enum.auto()


def inspect(path: Path, newest: int) -> Verdict:
    """StoreError for a schema later than `newest`."""
    if path.stat().st_size == 0:
        return Verdict.GOOD
    try:
        with contextlib.closing(read_only(path)) as reader:
            return judge(reader, path, newest)
    except sqlite3.DatabaseError as error:
        if result_code(error) in DAMAGE:
            return Verdict.DAMAGED
        raise


def judge(reader: sqlite3.Connection, path: Path, newest: int) -> Verdict:
    application_id = reader.execute("PRAGMA application_id").fetchone()[0]
    tables = reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application_id != APPLICATION_ID:
        return Verdict.FOREIGN if application_id or tables else Verdict.GOOD
    if schema_version(reader) > newest:
        raise StoreError(
            f"The database '{path}' was made by a newer version of Grokdesk; "
            "please update Grokdesk or choose another data folder."
        )
    if not _is_suspicious(path) or _is_sound(reader):
        return Verdict.GOOD
    return Verdict.DAMAGED


def suspect_mark(path: Path) -> Path:
    """A file that asks the next start for a full check."""
    return path.with_name(f"{path.name}-suspect")


def _is_suspicious(path: Path) -> bool:
    """Small enough to check always, marked by an error, or not closed in an orderly way."""
    log = path.with_name(f"{path.name}-wal")
    return (
        path.stat().st_size <= _QUICK_BYTES
        or suspect_mark(path).exists()
        or (log.exists() and log.stat().st_size > 0)
    )


def _is_sound(reader: sqlite3.Connection) -> bool:
    return bool(reader.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
