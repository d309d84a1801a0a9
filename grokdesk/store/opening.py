"""Opens the database file: checked, repaired, backed up and migrated as needed."""

import contextlib
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from peewee import SqliteDatabase

from grokdesk.store.connection import MEMORY, backup, connect, raw, read_only
from grokdesk.store.errors import DAMAGE, UNWRITABLE, explain, result_code
from grokdesk.store.files import private_file, private_folder
from grokdesk.store.inspection import Verdict, inspect, judge, suspect_mark
from grokdesk.store.migrations import MIGRATIONS, Migration, migrate, schema_version
from grokdesk.store.repair import finish_repair, replace_file


@dataclass(frozen=True, slots=True)
class Opened:
    """`saving` is False for a copy in memory; `notice` is one sentence or empty."""

    sql: SqliteDatabase
    notice: str = ""
    saving: bool = True


def open_memory() -> SqliteDatabase:
    sql = connect(MEMORY)
    migrate(raw(sql))
    return sql


def open_file(path: Path, now: float, steps: Sequence[Migration] = MIGRATIONS) -> Opened:
    """StoreError for a file of a newer version and for whatever the user must mend."""
    try:
        return _open_writable(path, now, steps)
    except OSError:
        return _open_copy(path, steps)
    except Exception as error:
        if result_code(error) in UNWRITABLE:
            return _open_copy(path, steps)
        raise explain(error) from error


def _open_writable(path: Path, now: float, steps: Sequence[Migration]) -> Opened:
    _prepare(path)
    verdict = inspect(path, len(steps))
    if verdict is Verdict.GOOD:
        try:
            return Opened(_connect_and_migrate(path, steps))
        except Exception as error:
            if result_code(error) not in DAMAGE:
                raise
            verdict = Verdict.DAMAGED
    notice = replace_file(path, now, steps, verdict)
    _prepare(path)
    return Opened(_connect_and_migrate(path, steps), notice)


def _prepare(path: Path) -> None:
    private_folder(path.parent)
    if not path.exists():
        finish_repair(path)
    private_file(path)
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(path.parent)


def _connect_and_migrate(path: Path, steps: Sequence[Migration]) -> SqliteDatabase:
    sql = connect(str(path))
    try:
        version = schema_version(raw(sql))
        if 0 < version < len(steps):
            backup(raw(sql), path.with_name(f"{path.name}.version-{version}"))
        migrate(raw(sql), steps)
    except BaseException:
        sql.close()
        raise
    suspect_mark(path).unlink(missing_ok=True)
    return sql


def _open_copy(path: Path, steps: Sequence[Migration]) -> Opened:
    """The file cannot be written: work on a copy in memory, and say so."""
    sql = connect(MEMORY)
    try:
        if path.exists() and path.stat().st_size:
            _copy_into(sql, path, len(steps))
        migrate(raw(sql), steps)
    except Exception as error:
        sql.close()
        raise explain(error) from error
    notice = f"'{path}' cannot be written: changes are forgotten when Grokdesk ends."
    return Opened(sql, notice, saving=False)


def _copy_into(sql: SqliteDatabase, path: Path, newest: int) -> None:
    for immutable in (False, True):
        try:
            with contextlib.closing(read_only(path, immutable=immutable)) as reader:
                judge(reader, path, newest)
                reader.backup(raw(sql))
        except sqlite3.OperationalError:
            if immutable:
                raise
        else:
            return
