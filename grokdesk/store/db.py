"""Every query runs on one worker thread with one connection; what is queued commits together."""

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from peewee import SqliteDatabase

from grokdesk.kernel.clock import Clock, SystemClock
from grokdesk.store import connection
from grokdesk.store.commit import commit
from grokdesk.store.errors import DAMAGE, StoreError, explain, result_code
from grokdesk.store.inspection import suspect_mark
from grokdesk.store.opening import open_file, open_memory
from grokdesk.store.worker import Job, WorkerThread

_log = logging.getLogger(__name__)

T = TypeVar("T")

_DURABLE, _RELAXED, _ALONE = object(), object(), object()
"""Kinds of job; `_ALONE` cannot run inside a transaction."""


class Database:
    """Build it anywhere, then use it from any asyncio loop.

    What was queued is done, even if its waiter is cancelled. Calls are on the disk
    (`synchronous=FULL`) when they return; relaxed ones survive a killed process, but a power cut
    may take the newest of them.
    """

    def __init__(self, path: Path | None, *, clock: Clock | None = None) -> None:
        self.path = path
        self.notice = ""
        """One sentence for the user about how the file was found; empty when all was well."""
        self.trouble = ""
        """Why nothing can be saved at the moment; empty while saving works."""
        self.saving = False
        """Whether anything outlives this process."""
        self._clock = clock or SystemClock()
        self._worker = WorkerThread("grokdesk-db", self._run)
        self._sql: SqliteDatabase | None = None
        self._synchronous = "full"
        self._closed = True

    @property
    def is_open(self) -> bool:
        return not self._closed

    @property
    def sql(self) -> SqliteDatabase:
        """For the store's own queries, on the worker thread only."""
        if self._sql is None:
            raise StoreError("The database is not open.")
        return self._sql

    @property
    def raw(self) -> sqlite3.Connection:
        """Past peewee, where its query builder costs too much."""
        return connection.raw(self.sql)

    async def open(self) -> None:
        """Once. StoreError when the user must act: a newer file, a disk that cannot be read."""
        self._worker.start()
        try:
            await self._worker.submit(Job(_ALONE, self._open))
        except BaseException:
            self._worker.stop()
            raise
        self._closed = False

    async def close(self) -> None:
        """Finish what is queued, then close the file in an orderly way."""
        if self._closed:
            return
        self._closed = True
        done = self._worker.submit(Job(_ALONE, self._close))
        self._worker.stop()
        await done
        self._worker.join()

    async def call(self, fn: Callable[[], T], *, relaxed: bool = False) -> T:
        """Run `fn` in a transaction on the worker thread; what it raises rolls it back."""
        result: T = await self._submit(_RELAXED if relaxed else _DURABLE, fn)
        return result

    async def backup(self, target: Path) -> None:
        """Make a complete copy at `target`, or none."""
        await self._submit(_ALONE, lambda: connection.backup(self.raw, target))

    async def truncate_log(self) -> None:
        """Bring the write-ahead log into the file and empty it, as far as readers allow."""
        await self._submit(_ALONE, lambda: connection.truncate_log(self.raw))

    async def _submit(self, kind: object, work: Any) -> Any:
        if self._closed:
            raise StoreError("The database is closed.")
        return await self._worker.submit(Job(kind, work))

    def _open(self) -> None:
        if self.path is None:
            self._sql = open_memory()
            return
        opened = open_file(self.path, self._clock.now())
        self._sql, self.notice, self.saving = opened.sql, opened.notice, opened.saving
        if opened.notice:
            _log.warning("%s", opened.notice)

    def _close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self.raw.execute("PRAGMA optimize")
        self.sql.close()
        self._sql = None

    def _run(self, jobs: Sequence[Job]) -> None:
        """In the order of the queue, cut at whatever must run outside a transaction."""
        together: list[Job] = []
        for job in jobs:
            if job.kind is _ALONE:
                self._commit(together)
                together = []
                _run_alone(job)
            else:
                together.append(job)
        self._commit(together)

    def _commit(self, jobs: Sequence[Job]) -> None:
        if not jobs:
            return
        try:
            self._sync_as_needed(jobs)
        except (sqlite3.Error, StoreError) as error:
            for job in jobs:
                job.error = explain(error)
        else:
            commit(self.raw, jobs)
        self._note_trouble(jobs)

    def _sync_as_needed(self, jobs: Sequence[Job]) -> None:
        wanted = "full" if any(job.kind is _DURABLE for job in jobs) else "normal"
        if wanted != self._synchronous:
            self.raw.execute(f"PRAGMA synchronous = {wanted}")
            self._synchronous = wanted

    def _note_trouble(self, jobs: Sequence[Job]) -> None:
        troubles = [job.error for job in jobs if isinstance(job.error, StoreError)]
        self.trouble = str(troubles[0]) if troubles else ""
        damaged = any(result_code(error.__cause__ or error) in DAMAGE for error in troubles)
        if damaged and self.path is not None and self.saving:
            with contextlib.suppress(OSError):
                suspect_mark(self.path).touch(mode=0o600)


def _run_alone(job: Job) -> None:
    try:
        job.result = job.work()
    except Exception as error:  # noqa: BLE001 - a border: handed to the waiter
        job.error = explain(error)
