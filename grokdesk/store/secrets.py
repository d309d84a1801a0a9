"""Named secrets beside the tokens: the vault holds them, and a row of ours vouches for each."""

from functools import partial

from grokdesk.kernel.clock import Clock, SystemClock
from grokdesk.store import intents, meta
from grokdesk.store.db import Database


def entry_of(name: str) -> str:
    """What the vault calls it; no account's entry can be taken for one."""
    return f"{meta.ENTRY_PREFIX}{name}"


class SecretStore:
    """As with accounts: the vault first, then `vouch`; `forget` first, then the vault."""

    def __init__(self, db: Database, clock: Clock | None = None) -> None:
        self._db = db
        self._clock = clock or SystemClock()

    async def vouch(self, name: str) -> None:
        await self._db.call(partial(self._vouch, entry_of(name)))

    async def forget(self, name: str) -> None:
        await self._db.call(partial(self._forget, entry_of(name)))

    async def has(self, name: str) -> bool:
        return await self.since(name) is not None

    async def since(self, name: str) -> float | None:
        """When it was put there, Unix time; None: it is not, and 0: before times were kept."""
        fact = await self._db.call(lambda: meta.read(self._db.sql, entry_of(name)))
        if not fact:
            return None
        return float(fact) if fact.isdecimal() else 0.0

    def _vouch(self, entry: str) -> None:
        meta.write(self._db.sql, entry, f"{self._clock.now():.0f}")
        intents.settle(self._db.sql, entry)

    def _forget(self, entry: str) -> None:
        if vault := meta.read(self._db.sql, meta.VAULT):
            intents.note(self._db.sql, vault, [entry])
        meta.delete(self._db.sql, entry)
