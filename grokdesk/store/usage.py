"""Usage: one row per finished request, and totals per hour that outlive the rows."""

import asyncio
import contextlib
import logging
import sqlite3
import statistics
from collections.abc import Sequence
from functools import partial
from typing import Any

from peewee import fn

from grokdesk.domain.usage import KeyUsage, UsageRow, UsageSummary
from grokdesk.store import meta
from grokdesk.store.db import Database
from grokdesk.store.errors import StoreError
from grokdesk.store.key_usage import note_last_use, usage_by_key
from grokdesk.store.schema import UsageHourTable, UsageTable
from grokdesk.store.usage_journal import Place, UsageJournal, Values

_log = logging.getLogger(__name__)

_HOUR = 3600
_MEDIAN_OF = 500
_WAITING_LIMIT = 10_000
_FOLD_EVERY_S = 0.25
_DELETE_SLICE = 2000

_COLUMNS = (
    "request_id, started_at, route, model, key_id, account_id, outcome, first_chunk_s, total_s, "
    "prompt_tokens, completion_tokens, reasoning_tokens, attempts, streamed"
)
# Raw SQL: peewee's query builder makes a row about five times as expensive.
_INSERT = f"INSERT INTO usage ({_COLUMNS}) VALUES ({', '.join('?' * 14)})"  # noqa: S608


class UsageStore:
    """Rows wait in a journal beside the database, and a moment later they are in its tables."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._journal: UsageJournal | None = None
        self._waiting: list[Values] = []
        self._refused = False
        self._folding = asyncio.Lock()
        self._arrived = asyncio.Event()

    @property
    def unsaved(self) -> int:
        """Rows that wait because the disk is full or cannot be written."""
        return len(self._waiting) if self._refused else 0

    async def open(self) -> None:
        """Take in what an earlier process left in the journal; for the holder of the profile."""
        if self._db.path is None or not self._db.saving:
            return
        journal = UsageJournal(self._db.path.with_suffix(".usage"))
        try:
            known = Place.parse(await self._db.call(self._read_place))
            left = journal.read(known)
            await self._db.call(partial(self._take, left, journal.place))
            journal.begin()
        except (OSError, StoreError) as error:
            _log.warning("The usage journal cannot be used: %s", error)
            journal.close()
        else:
            self._journal = journal

    async def close(self) -> None:
        """Once, before the database closes."""
        await self.fold()
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def record(self, row: UsageRow) -> None:
        """Return when the row outlives this process, or waits in memory until it can.

        A full disk is the database's trouble (`Database.trouble`), not the caller's.
        """
        if not self._db.is_open:
            raise StoreError("The database is closed.")
        values = _values(row)
        if self._journal is not None:
            # A disk that refuses the journal may still take the row with the next fold.
            with contextlib.suppress(OSError):
                self._journal.append(values)
        self._waiting.append(values)
        self._arrived.set()

    async def keep_folding(self) -> None:
        """Never returns. Rests while nothing is recorded."""
        while True:
            await self._arrived.wait()
            await asyncio.sleep(_FOLD_EVERY_S)
            self._arrived.clear()
            await self.fold()

    async def fold(self) -> None:
        """Move all rows recorded so far into the tables, in one transaction."""
        async with self._folding:
            rows, self._waiting = self._waiting, []
            if not rows:
                return
            place = self._journal.place if self._journal is not None else None
            try:
                await self._db.call(partial(self._take, rows, place), relaxed=True)
            except StoreError:
                # The newest rows are worth more than the oldest.
                self._waiting = [*rows, *self._waiting][-_WAITING_LIMIT:]
                self._refused = True
                return
            self._refused = False
            self._empty_journal()

    async def summary(self, since: float) -> UsageSummary:
        """Exact while the rows of the hour of `since` are kept, whole hours afterwards."""
        await self.fold()
        return await self._db.call(partial(self._summary, since))

    async def by_key(self, today: float, month: float) -> dict[str, KeyUsage]:
        """Since these two moments; see key_usage.py."""
        await self.fold()
        return await self._db.call(lambda: usage_by_key(self._db.raw, today, month))

    async def forget(self, before: float) -> int:
        """Delete rows, not totals, that are older than `before`; the number of rows deleted."""
        deleted = 0
        while slice_ := await self._db.call(partial(self._forget, before)):
            deleted += slice_
        return deleted

    def _empty_journal(self) -> None:
        if self._journal is not None and self._journal.is_full and not self._waiting:
            with contextlib.suppress(OSError):
                self._journal.begin()

    def _read_place(self) -> str:
        return meta.read(self._db.sql, meta.USAGE_JOURNAL)

    def _take(self, rows: Sequence[Values], place: Place | None) -> None:
        taken = [row for row in rows if self._insert(row)]
        note_last_use(self._db.raw, taken)
        if place is not None:
            meta.write(self._db.sql, meta.USAGE_JOURNAL, str(place))

    def _insert(self, row: Values) -> bool:
        """One row that no table takes must not hold up all others for ever."""
        try:
            self._db.raw.execute(_INSERT, row)
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError) as error:
            _log.error("A usage row was left out: %s", error)
            return False
        return True

    def _summary(self, since: float) -> UsageSummary:
        whole_hours = -(-since // _HOUR) * _HOUR
        hours = self._hours(int(whole_hours))
        part = self._rows(since, whole_hours)
        requests, failed, prompt, completion = (a + b for a, b in zip(hours, part, strict=True))
        return UsageSummary(requests, failed, prompt, completion, self._median(since))

    def _hours(self, since: int) -> tuple[int, ...]:
        table = UsageHourTable
        query = table.select(
            *(
                fn.COALESCE(fn.SUM(column), 0)
                for column in (
                    table.requests,
                    table.failed,
                    table.prompt_tokens,
                    table.completion_tokens,
                )
            )
        ).where(table.hour >= since)
        return _only_row(query.tuples().execute(self._db.sql))

    def _rows(self, since: float, until: float) -> tuple[int, ...]:
        table = UsageTable
        failed = table.outcome.not_in(["ok", "cancelled"])
        query = table.select(
            fn.COUNT(table.request_id),
            fn.COALESCE(fn.SUM(failed), 0),
            fn.COALESCE(fn.SUM(table.prompt_tokens), 0),
            fn.COALESCE(fn.SUM(table.completion_tokens), 0),
        ).where(table.started_at >= since, table.started_at < until)
        return _only_row(query.tuples().execute(self._db.sql))

    def _median(self, since: float) -> float | None:
        table = UsageTable
        query = (
            table.select(table.first_chunk_s)
            .where(table.started_at >= since, table.outcome == "ok")
            .where(table.first_chunk_s.is_null(False))
            .order_by(table.started_at.desc())
            .limit(_MEDIAN_OF)
        )
        values = [value for (value,) in query.tuples().execute(self._db.sql)]
        return statistics.median(values) if values else None

    def _forget(self, before: float) -> int:
        table = UsageTable
        old = table.select(table.id).where(table.started_at < before).limit(_DELETE_SLICE)
        deleted: int = table.delete().where(table.id.in_(old)).execute(self._db.sql)
        return deleted


def _values(row: UsageRow) -> Values:
    tokens = row.tokens
    return (
        row.request_id,
        row.started_at,
        row.route,
        row.model,
        row.key_id,
        row.account_id,
        row.outcome,
        row.first_chunk_s,
        row.total_s,
        tokens.prompt,
        tokens.completion,
        tokens.reasoning,
        row.attempts,
        row.streamed,
    )


def _only_row(rows: Any) -> tuple[int, ...]:
    (row,) = rows
    return tuple(row)
