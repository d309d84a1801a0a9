"""API keys, as rows: a hash and a hint, never the key itself."""

from functools import partial

from peewee import IntegrityError

from grokdesk.domain.apikey import ApiKey
from grokdesk.domain.errors import ConflictError
from grokdesk.store.db import Database
from grokdesk.store.schema import ApiKeyTable

_TOUCH_S = 60.0
"""The last use is kept to the minute, so that a busy key does not cost a commit per request."""


class ApiKeyStore:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._touched: dict[str, float] = {}

    async def all(self) -> tuple[ApiKey, ...]:
        return await self._db.call(self._all)

    async def insert(self, key: ApiKey) -> None:
        """ConflictError if the key is there already."""
        await self._db.call(partial(self._insert, key))

    async def delete(self, key_id: str) -> None:
        await self._db.call(partial(self._delete, key_id))

    async def touch(self, key_id: str, at: float) -> None:
        """Remember the last use; free of charge when called again within a minute."""
        if 0 <= at - self._touched.get(key_id, 0.0) < _TOUCH_S:
            return
        self._touched[key_id] = at
        await self._db.call(partial(self._touch, key_id, at))

    def _all(self) -> tuple[ApiKey, ...]:
        query = ApiKeyTable.select().order_by(ApiKeyTable.created_at, ApiKeyTable.id)
        return tuple(ApiKey(*row) for row in query.tuples().execute(self._db.sql))

    def _insert(self, key: ApiKey) -> None:
        query = ApiKeyTable.insert(
            id=key.id,
            name=key.name,
            digest=key.digest,
            hint=key.hint,
            created_at=key.created_at,
            enabled=key.enabled,
            last_used_at=key.last_used_at,
        )
        try:
            query.execute(self._db.sql)
        except IntegrityError as error:
            raise ConflictError(f"The API key '{key.name}' exists already.") from error

    def _delete(self, key_id: str) -> None:
        self._touched.pop(key_id, None)
        ApiKeyTable.delete().where(ApiKeyTable.id == key_id).execute(self._db.sql)

    def _touch(self, key_id: str, at: float) -> None:
        query = ApiKeyTable.update(last_used_at=at).where(ApiKeyTable.id == key_id)
        query.execute(self._db.sql)
