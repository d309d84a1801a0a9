"""API keys, as rows: a hash and a hint, never the key itself."""

from functools import partial
from typing import Any

from peewee import IntegrityError

from grokdesk.domain.apikey import ApiKey, ReasoningFormat
from grokdesk.domain.errors import ConflictError
from grokdesk.domain.model_names import parse_aliases, parse_patterns, text_of
from grokdesk.store.db import Database
from grokdesk.store.schema import ApiKeyTable


class ApiKeyStore:
    """When a key was last used is written by usage rows (see key_usage.py)."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def all(self) -> tuple[ApiKey, ...]:
        return await self._db.call(self._all)

    async def insert(self, key: ApiKey) -> None:
        """ConflictError if the key is there already."""
        await self._db.call(partial(self._insert, key))

    async def update(self, key: ApiKey) -> None:
        await self._db.call(partial(self._update, key))

    async def delete(self, key_id: str) -> None:
        await self._db.call(partial(self._delete, key_id))

    def _all(self) -> tuple[ApiKey, ...]:
        query = ApiKeyTable.select().order_by(ApiKeyTable.created_at, ApiKeyTable.id)
        return tuple(_key_of(row) for row in query.dicts().execute(self._db.sql))

    def _insert(self, key: ApiKey) -> None:
        try:
            ApiKeyTable.insert(**_row_of(key)).execute(self._db.sql)
        except IntegrityError as error:
            raise ConflictError(f"The API key '{key.name}' exists already.") from error

    def _update(self, key: ApiKey) -> None:
        query = ApiKeyTable.update(**_row_of(key)).where(ApiKeyTable.id == key.id)
        query.execute(self._db.sql)

    def _delete(self, key_id: str) -> None:
        ApiKeyTable.delete().where(ApiKeyTable.id == key_id).execute(self._db.sql)


def _row_of(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "digest": key.digest,
        "hint": key.hint,
        "created_at": key.created_at,
        "enabled": key.enabled,
        "expires_at": key.expires_at,
        "models": text_of(key.models),
        "aliases": text_of(key.aliases),
        "requests_per_minute": key.requests_per_minute,
        "requests_per_day": key.requests_per_day,
        "max_concurrent": key.max_concurrent,
        "reasoning_format": key.reasoning_format.value,
    }


def _key_of(row: dict[str, Any]) -> ApiKey:
    values = {name: value for name, value in row.items() if name != "last_used_at"}
    values["models"] = parse_patterns(row["models"])
    values["aliases"] = parse_aliases(row["aliases"])
    values["reasoning_format"] = ReasoningFormat(row["reasoning_format"])
    return ApiKey(**values)
