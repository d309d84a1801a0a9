"""Responses that clients asked us to keep, and the jobs among them that are not done yet.

The store does not look into what it is given: it keeps bytes, and whose they are.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import astuple, dataclass, field, fields
from functools import partial

from peewee import SqliteDatabase

from grokdesk.store.db import Database
from grokdesk.store.schema import SLICE, ResponseTable


@dataclass(frozen=True, slots=True)
class ResponseRow:
    """`request` is there while the response is still to be made, `answer` once it is."""

    id: str
    key_id: str
    created_at: float
    previous_id: str
    in_background: bool
    state: str
    runs: int
    heading: bytes = field(repr=False)
    input: bytes = field(repr=False)
    request: bytes | None = field(repr=False)
    answer: bytes | None = field(repr=False)


_FIELDS = tuple(each.name for each in fields(ResponseRow))
_COLUMNS = tuple(getattr(ResponseTable, name) for name in _FIELDS)
_UNFINISHED = ResponseTable.request.is_null(False)


class ResponseStore:
    """A response is seen by the API key that made it; for any other it does not exist."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def insert(self, row: ResponseRow) -> None:
        await self._db.call(partial(self._insert, row))

    async def get(self, id: str, key_id: str) -> ResponseRow | None:
        mine = (ResponseTable.id == id) & (ResponseTable.key_id == key_id)
        rows = await self._db.call(lambda: tuple(_rows(self._db.sql, mine)))
        return rows[0] if rows else None

    async def unfinished(self, before: float) -> tuple[ResponseRow, ...]:
        """Those that were asked for before then, oldest first."""
        old = _UNFINISHED & (ResponseTable.created_at < before)
        return await self._db.call(lambda: tuple(_rows(self._db.sql, old)))

    async def begin(self, id: str, state: str) -> None:
        """One more run of the job begins."""
        await self._db.call(partial(self._begin, id, state))

    async def finish(self, id: str, state: str, answer: bytes) -> bool:
        """Whether it is kept: a row that was deleted does not come back. The request goes."""
        return await self._db.call(partial(self._finish, id, state, answer))

    async def delete(self, id: str, key_id: str) -> bool:
        """Whether it was there."""
        return bool(await self._wiped(partial(self._delete, id, key_id)))

    async def forget(self, before: float) -> int:
        """Delete what was made before then, jobs that still run included; return how many."""
        return await self._wiped(partial(self._forget, before))

    async def forget_key(self, key_id: str) -> int:
        """Delete what belongs to the API key; return how many."""
        return await self._wiped(partial(self._forget_keys, [key_id]))

    async def forget_keys_but(self, key_ids: Collection[str]) -> int:
        """Delete what belongs to any other API key; return how many."""
        return await self._wiped(partial(self._forget_keys_but, frozenset(key_ids)))

    async def _wiped(self, delete: Callable[[], int]) -> int:
        """SQLite overwrites what it deletes from the file; it must leave the log as well."""
        count = await self._db.call(delete)
        if count:
            await self._db.truncate_log()
        return count

    def _insert(self, row: ResponseRow) -> None:
        ResponseTable.insert(**dict(zip(_FIELDS, astuple(row), strict=True))).execute(self._db.sql)

    def _begin(self, id: str, state: str) -> None:
        changes = {ResponseTable.state: state, ResponseTable.runs: ResponseTable.runs + 1}
        ResponseTable.update(changes).where(ResponseTable.id == id).execute(self._db.sql)

    def _finish(self, id: str, state: str, answer: bytes) -> bool:
        query = ResponseTable.update(state=state, answer=answer, request=None)
        return bool(query.where(ResponseTable.id == id).execute(self._db.sql))

    def _delete(self, id: str, key_id: str) -> int:
        mine = (ResponseTable.id == id) & (ResponseTable.key_id == key_id)
        return int(ResponseTable.delete().where(mine).execute(self._db.sql))

    def _forget(self, before: float) -> int:
        old = ResponseTable.created_at < before
        return int(ResponseTable.delete().where(old).execute(self._db.sql))

    def _forget_keys_but(self, key_ids: frozenset[str]) -> int:
        owners = ResponseTable.select(ResponseTable.key_id).distinct().tuples()
        return self._forget_keys(
            [owner for (owner,) in owners.execute(self._db.sql) if owner not in key_ids]
        )

    def _forget_keys(self, key_ids: Sequence[str]) -> int:
        count = 0
        for start in range(0, len(key_ids), SLICE):
            theirs = ResponseTable.key_id.in_(key_ids[start : start + SLICE])
            count += int(ResponseTable.delete().where(theirs).execute(self._db.sql))
        return count


def _rows(sql: SqliteDatabase, condition: object) -> Iterator[ResponseRow]:
    query = ResponseTable.select(*_COLUMNS).where(condition).order_by(ResponseTable.created_at)
    for values in query.tuples().execute(sql):
        yield ResponseRow(*values)
