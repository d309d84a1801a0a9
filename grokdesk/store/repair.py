"""Sets an unusable database file aside and puts a new one with whatever was saved in its place."""

import contextlib
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from grokdesk.store.files import private_file, sync_folder
from grokdesk.store.inspection import Verdict, suspect_mark
from grokdesk.store.migrations import Migration, migrate
from grokdesk.store.salvage import Salvaged, copy_readable


def replace_file(path: Path, now: float, steps: Sequence[Migration], verdict: Verdict) -> str:
    """Returns the sentence for the user. A crash at any point is made good by the next start."""
    if verdict is Verdict.FOREIGN:
        kept = _set_aside(path, now)
        return f"'{path.name}' was not a database of Grokdesk; it was kept as '{kept.name}'."
    saved = _save_readable(path, steps)
    kept = _set_aside(path, now)
    finish_repair(path)
    return (
        f"The database was damaged: {saved.accounts} accounts and {saved.api_keys} API keys "
        f"could be saved, and the damaged file was kept as '{kept.name}'."
    )


def finish_repair(path: Path) -> None:
    """While there is no file at `path`: move in the repaired one, if there is one."""
    for suffix in ("-wal", "-shm", "-journal"):
        # A log without its database would be replayed into the new file.
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    if (repaired := _repaired(path)).exists():
        repaired.replace(path)
        sync_folder(path.parent)


def _repaired(path: Path) -> Path:
    return path.with_name(f"{path.name}.repaired")


def _save_readable(path: Path, steps: Sequence[Migration]) -> Salvaged:
    """The damaged file leaves its place only after this one is complete."""
    draft = _repaired(path)
    for leftover in (draft, draft.with_name(f"{draft.name}-journal")):
        leftover.unlink(missing_ok=True)
    private_file(draft)
    with contextlib.closing(sqlite3.connect(draft, isolation_level=None)) as target:
        migrate(target, steps)
        saved = copy_readable(path, target)
    sync_folder(path.parent)
    return saved


def _set_aside(path: Path, now: float) -> Path:
    kept = _free_name(path, datetime.fromtimestamp(now, UTC).strftime("%Y%m%d-%H%M%S"))
    path.rename(kept)
    for suffix in ("-wal", "-journal"):
        log = path.with_name(f"{path.name}{suffix}")
        if log.exists() and log.stat().st_size:
            log.rename(kept.with_name(f"{kept.name}{suffix}"))
    suspect_mark(path).unlink(missing_ok=True)
    sync_folder(path.parent)
    return kept


def _free_name(path: Path, stamp: str) -> Path:
    kept = path.with_name(f"{path.name}.corrupt-{stamp}")
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.name}.corrupt-{stamp}-{number}")
    return kept
