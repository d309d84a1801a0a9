"""Named secrets beside the tokens: the vault holds them, and a row of ours vouches for each."""

from functools import partial

from grokdesk.store import intents, meta
from grokdesk.store.db import Database


def entry_of(name: str) -> str:
    """What the vault calls it; no account's entry can be taken for one."""
    return f"{meta.ENTRY_PREFIX}{name}"


class SecretStore:
    """As with accounts: the vault first, then `vouch`; `forget` first, then the vault."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def vouch(self, name: str) -> None:
        await self._db.call(partial(self._vouch, entry_of(name)))

    async def forget(self, name: str) -> None:
        await self._db.call(partial(self._forget, entry_of(name)))

    async def has(self, name: str) -> bool:
        return bool(await self._db.call(lambda: meta.read(self._db.sql, entry_of(name))))

    def _vouch(self, entry: str) -> None:
        meta.write(self._db.sql, entry, "wanted")
        intents.settle(self._db.sql, entry)

    def _forget(self, entry: str) -> None:
        if vault := meta.read(self._db.sql, meta.VAULT):
            intents.note(self._db.sql, vault, [entry])
        meta.delete(self._db.sql, entry)
