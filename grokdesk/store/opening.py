"""Opens the database file: checks it, sets a damaged one aside, backs up before migrating."""

import contextlib
import enum
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from peewee import SqliteDatabase

from grokdesk.store import migrations
from grokdesk.store.errors import DAMAGE, UNWRITABLE, StoreError, explain, result_code
from grokdesk.store.files import private_file, private_folder, sync_folder
from grokdesk.store.migrations import Migration
from grokdesk.store.salvage import Salvaged, copy_readable

PRAGMAS = (
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

_QUICK_BYTES = 16 << 20
"""Up to this size every start checks the whole file: it takes some 20 ms."""


@dataclass(frozen=True, slots=True)
class Opened:
    """`saving` is False for a copy in memory; `notice` is one sentence or empty."""

    sql: SqliteDatabase
    notice: str = ""
    saving: bool = True


class Verdict(enum.Enum):
    GOOD = enum.auto()
    DAMAGED = enum.auto()
    FOREIGN = enum.auto()


def open_memory() -> SqliteDatabase:
    sql = _connect(":memory:")
    migrations.migrate(raw(sql))
    return sql


def open_file(path: Path, now: float, steps: Sequence[Migration] = migrations.MIGRATIONS) -> Opened:
    """StoreError for a file of a newer version and for whatever the user must mend."""
    try:
        return _open_writable(path, now, steps)
    except OSError:
        return _open_copy(path, steps)
    except Exception as error:
        if result_code(error) in UNWRITABLE:
            return _open_copy(path, steps)
        raise explain(error) from error


def raw(sql: SqliteDatabase) -> sqlite3.Connection:
    connection: sqlite3.Connection = sql.connection()  # type: ignore[no-untyped-call]
    return connection


def suspect_mark(path: Path) -> Path:
    """A file that asks the next start for a full check."""
    return path.with_name(f"{path.name}-suspect")


def _open_writable(path: Path, now: float, steps: Sequence[Migration]) -> Opened:
    _prepare(path)
    verdict = _inspect(path, len(steps))
    if verdict is Verdict.GOOD:
        try:
            return Opened(_connect_and_migrate(path, steps))
        except Exception as error:
            if result_code(error) not in DAMAGE:
                raise
            verdict = Verdict.DAMAGED
    return _start_over(path, now, steps, verdict)


def _prepare(path: Path) -> None:
    private_folder(path.parent)
    if not path.exists():
        _finish_repair(path)
    private_file(path)
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(path.parent)


def _finish_repair(path: Path) -> None:
    """A crash may have come between setting the damaged file aside and moving in the repaired."""
    for suffix in ("-wal", "-shm"):
        # A log without its database would be replayed into the new file.
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    if (repaired := _repaired(path)).exists():
        repaired.replace(path)


def _repaired(path: Path) -> Path:
    return path.with_name(f"{path.name}.repaired")


def _inspect(path: Path, newest: int) -> Verdict:
    """Reads only; the file is left as it is, its log included."""
    if path.stat().st_size == 0:
        return Verdict.GOOD
    try:
        with contextlib.closing(_read_only(path)) as reader:
            return _judge(reader, path, newest)
    except sqlite3.DatabaseError as error:
        if result_code(error) in DAMAGE:
            return Verdict.DAMAGED
        raise


def _judge(reader: sqlite3.Connection, path: Path, newest: int) -> Verdict:
    application_id = reader.execute("PRAGMA application_id").fetchone()[0]
    tables = reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application_id != migrations.APPLICATION_ID:
        return Verdict.FOREIGN if application_id or tables else Verdict.GOOD
    if migrations.schema_version(reader) > newest:
        raise StoreError(
            f"The database '{path}' was made by a newer version of Grokdesk; "
            "please update Grokdesk or choose another data folder."
        )
    if not _is_suspicious(path) or _is_sound(reader):
        return Verdict.GOOD
    return Verdict.DAMAGED


def _is_suspicious(path: Path) -> bool:
    """Small enough to check always, marked by an error, or not closed in an orderly way."""
    log = path.with_name(f"{path.name}-wal")
    return (
        path.stat().st_size <= _QUICK_BYTES
        or suspect_mark(path).exists()
        or (log.exists() and log.stat().st_size > 0)
    )


def _is_sound(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")


def _connect(name: str) -> SqliteDatabase:
    sql = SqliteDatabase(name, pragmas=PRAGMAS, autoconnect=False)
    sql.connect()
    return sql


def _connect_and_migrate(path: Path, steps: Sequence[Migration]) -> SqliteDatabase:
    sql = _connect(str(path))
    try:
        version = migrations.schema_version(raw(sql))
        if 0 < version < len(steps):
            backup(raw(sql), path.with_name(f"{path.name}.version-{version}"))
        migrations.migrate(raw(sql), steps)
    except BaseException:
        sql.close()
        raise
    suspect_mark(path).unlink(missing_ok=True)
    return sql


def backup(source: sqlite3.Connection, target: Path) -> None:
    """Copy the open database; `target` is replaced once the copy is complete."""
    draft = target.with_name(f"{target.name}.new")
    draft.unlink(missing_ok=True)
    private_file(draft)
    with contextlib.closing(sqlite3.connect(draft)) as copy:
        source.backup(copy)
        # One file, not three: the copy has no log of its own.
        copy.execute("PRAGMA journal_mode = delete")
    draft.replace(target)
    sync_folder(target.parent)


def _start_over(path: Path, now: float, steps: Sequence[Migration], verdict: Verdict) -> Opened:
    if verdict is Verdict.FOREIGN:
        kept = _set_aside(path, now)
        notice = f"'{path.name}' was not a database of Grokdesk; it was kept as '{kept.name}'."
    else:
        saved = _repair(path, steps)
        kept = _set_aside(path, now)
        notice = (
            f"The database was damaged: {saved.accounts} accounts and {saved.api_keys} API keys "
            f"could be saved, and the damaged file was kept as '{kept.name}'."
        )
    _prepare(path)
    return Opened(_connect_and_migrate(path, steps), notice)


def _repair(path: Path, steps: Sequence[Migration]) -> Salvaged:
    """Only a complete repaired file ever takes the place of the damaged one."""
    draft = _repaired(path)
    draft.unlink(missing_ok=True)
    private_file(draft)
    with contextlib.closing(sqlite3.connect(draft, isolation_level=None)) as target:
        migrations.migrate(target, steps)
        saved = copy_readable(path, target)
    sync_folder(path.parent)
    return saved


def _set_aside(path: Path, now: float) -> Path:
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d-%H%M%S")
    kept = path.with_name(f"{path.name}.corrupt-{stamp}")
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.name}.corrupt-{stamp}-{number}")
    path.rename(kept)
    log = path.with_name(f"{path.name}-wal")
    if log.exists():
        log.rename(kept.with_name(f"{kept.name}-wal"))
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    suspect_mark(path).unlink(missing_ok=True)
    sync_folder(path.parent)
    return kept


def _open_copy(path: Path, steps: Sequence[Migration]) -> Opened:
    """The file cannot be written: work on a copy in memory, and say so."""
    sql = _connect(":memory:")
    try:
        if path.exists() and path.stat().st_size:
            _copy_into(sql, path, len(steps))
        migrations.migrate(raw(sql), steps)
    except Exception as error:
        sql.close()
        raise explain(error) from error
    notice = f"'{path}' cannot be written: changes are forgotten when Grokdesk ends."
    return Opened(sql, notice, saving=False)


def _copy_into(sql: SqliteDatabase, path: Path, newest: int) -> None:
    for immutable in (False, True):
        try:
            with contextlib.closing(_read_only(path, immutable=immutable)) as reader:
                _judge(reader, path, newest)
                reader.backup(raw(sql))
        except sqlite3.OperationalError:
            if immutable:
                raise
        else:
            return


def _read_only(path: Path, *, immutable: bool = False) -> sqlite3.Connection:
    """`immutable` needs no log or lock file beside the database, and sees neither."""
    options = "mode=ro&immutable=1" if immutable else "mode=ro"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{options}", uri=True)
