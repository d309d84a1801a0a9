"""Connections to the database file, all with the same settings, and copies of it."""

import contextlib
import sqlite3
from pathlib import Path

from peewee import SqliteDatabase

from grokdesk.store.files import private_file, sync_folder

MEMORY = ":memory:"

_PRAGMAS = (
    ("busy_timeout", 5000),
    ("journal_mode", "wal"),
    ("journal_size_limit", 4 << 20),
    ("synchronous", "full"),
    ("foreign_keys", 1),
    ("trusted_schema", 0),
    ("secure_delete", 1),
    ("cell_size_check", 1),
    ("temp_store", "memory"),
)


def connect(name: str) -> SqliteDatabase:
    sql = SqliteDatabase(name, pragmas=_PRAGMAS, autoconnect=False)
    sql.connect()
    return sql


def raw(sql: SqliteDatabase) -> sqlite3.Connection:
    connection: sqlite3.Connection = sql.connection()  # type: ignore[no-untyped-call]
    return connection


def read_only(path: Path, *, immutable: bool = False) -> sqlite3.Connection:
    """`immutable` needs no log or lock file beside the database, and sees neither."""
    options = "mode=ro&immutable=1" if immutable else "mode=ro"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{options}", uri=True)


def truncate_log(sql: sqlite3.Connection) -> None:
    sql.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def backup(source: sqlite3.Connection, target: Path) -> None:
    """Copy the open database; `target` is replaced once the copy is complete."""
    draft = target.with_name(f"{target.name}.new")
    draft.unlink(missing_ok=True)
    private_file(draft)
    with contextlib.closing(sqlite3.connect(draft)) as copy:
        source.backup(copy)
        # One file, not three: a copy needs no log of its own.
        copy.execute("PRAGMA journal_mode = delete")
    draft.replace(target)
    sync_folder(target.parent)
