"""Examines the database file while it is in use, over a connection of its own that only reads."""

import contextlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grokdesk.store.connection import read_only
from grokdesk.store.errors import DAMAGE, explain, result_code

_LOOK_AT_THE_TIME_EVERY = 1000
"""Steps of SQLite's virtual machine."""


@dataclass(frozen=True, slots=True)
class Examination:
    """`is_complete` false: there was no time to read all of it."""

    is_sound: bool
    is_complete: bool
    size_bytes: int


def examine_file(path: Path, out_of_time: Callable[[], bool]) -> Examination:
    """Blocks: use a thread. StoreError when the file cannot be read at all."""
    size = sum(part.stat().st_size for part in _parts(path) if part.exists())
    try:
        with contextlib.closing(read_only(path)) as reader:
            reader.set_progress_handler(out_of_time, _LOOK_AT_THE_TIME_EVERY)
            complaint = reader.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        if result_code(error) == sqlite3.SQLITE_INTERRUPT:
            return Examination(True, False, size)
        if result_code(error) in DAMAGE:
            return Examination(False, True, size)
        raise explain(error) from error
    return Examination(complaint == "ok", True, size)


def _parts(path: Path) -> tuple[Path, Path]:
    return path, path.with_name(f"{path.name}-wal")
