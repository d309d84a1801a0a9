"""Usage: one row per finished request, and totals per hour that outlive the rows."""

import statistics
from collections.abc import Sequence
from functools import partial
from typing import Any

from peewee import fn

from grokdesk.domain.usage import UsageRow, UsageSummary
from grokdesk.store.db import Database
from grokdesk.store.errors import StoreError
from grokdesk.store.schema import UsageHourTable, UsageTable

_HOUR = 3600
_MEDIAN_OF = 500
_UNSAVED_LIMIT = 10_000
_DELETE_SLICE = 2000

_COLUMNS = (
    "request_id, started_at, route, model, key_id, account_id, outcome, first_chunk_s, total_s, "
    "prompt_tokens, completion_tokens, reasoning_tokens, attempts, streamed"
)
# Raw SQL: peewee's query builder makes a row about five times as expensive.
_INSERT = f"INSERT INTO usage ({_COLUMNS}) VALUES ({', '.join('?' * 14)})"  # noqa: S608


class UsageStore:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._unsaved: list[UsageRow] = []

    @property
    def unsaved(self) -> int:
        """Rows that wait in memory because the disk is full or cannot be written."""
        return len(self._unsaved)

    async def record(self, row: UsageRow) -> None:
        """Return when the row is committed, or kept in memory until it can be.

        Rows that are recorded at the same time share one commit. The trouble of a full disk is
        the database's (`Database.trouble`), not the caller's.
        """
        try:
            await self._db.add_row(self._write, row)
        except StoreError:
            if not self._db.is_open:
                raise
            self._unsaved = [*self._unsaved, row][-_UNSAVED_LIMIT:]
            return
        if self._unsaved:
            await self.flush()

    async def flush(self) -> None:
        """Try again to save what could not be saved."""
        waiting, self._unsaved = self._unsaved, []
        try:
            await self._db.call(partial(self._write, waiting))
        except StoreError:
            # The newest rows are worth more than the oldest.
            self._unsaved = [*waiting, *self._unsaved][-_UNSAVED_LIMIT:]

    async def summary(self, since: float) -> UsageSummary:
        """Exact while the rows of the hour of `since` are kept, whole hours afterwards."""
        return await self._db.call(partial(self._summary, since))

    async def forget(self, before: float) -> int:
        """Delete rows, not totals, that are older than `before`; the number of rows deleted."""
        deleted = 0
        while slice_ := await self._db.call(partial(self._forget, before)):
            deleted += slice_
        return deleted

    def _write(self, rows: Sequence[UsageRow]) -> None:
        if len(rows) == 1:
            self._db.raw.execute(_INSERT, _values(rows[0]))
        else:
            self._db.raw.executemany(_INSERT, map(_values, rows))

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


def _values(row: UsageRow) -> tuple[Any, ...]:
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
