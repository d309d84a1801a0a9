"""Looks at a database file before it is opened, without changing what is in it."""

import contextlib
import enum
import sqlite3
from pathlib import Path

from grokdesk.store.connection import read_only
from grokdesk.store.errors import DAMAGE, StoreError, result_code
from grokdesk.store.migrations import APPLICATION_ID, schema_version

_SMALL_BYTES = 4 << 20
"""Up to this size every start checks everything: it takes some 30 ms."""
_MEDIUM_BYTES = 16 << 20
"""Up to this size every start checks all but the indices, in some 40 ms."""


class Verdict(enum.Enum):
    GOOD = enum.auto()
    DAMAGED = enum.auto()
    FOREIGN = enum.auto()


def inspect(path: Path, newest: int) -> Verdict:
    """StoreError for a schema later than `newest`."""
    if path.stat().st_size == 0:
        return Verdict.GOOD
    try:
        with contextlib.closing(_reader(path)) as reader:
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
    check = _check_for(path)
    if check and reader.execute(f"PRAGMA {check}(1)").fetchone()[0] != "ok":
        return Verdict.DAMAGED
    return Verdict.GOOD


def suspect_mark(path: Path) -> Path:
    """A file that asks the next start for a full check."""
    return path.with_name(f"{path.name}-suspect")


def _reader(path: Path) -> sqlite3.Connection:
    """A crash while the file was made leaves a journal that only a writer may roll back."""
    if path.with_name(f"{path.name}-journal").exists():
        return sqlite3.connect(path)
    return read_only(path)


def _check_for(path: Path) -> str:
    """The more reason for suspicion, the more is checked; nothing for a large file in order."""
    size = path.stat().st_size
    log = path.with_name(f"{path.name}-wal")
    if size <= _SMALL_BYTES or suspect_mark(path).exists():
        return "integrity_check"
    closed_in_order = not log.exists() or log.stat().st_size == 0
    return "" if closed_in_order and size > _MEDIUM_BYTES else "quick_check"
