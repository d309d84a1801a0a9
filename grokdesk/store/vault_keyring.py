"""Tokens in the OS keyring: one entry per account, where its user expects to find it."""

import logging
from functools import partial

from grokdesk.domain.account import Token
from grokdesk.domain.errors import VaultLockedError
from grokdesk.store import intents
from grokdesk.store.db import Database
from grokdesk.store.errors import StoreError
from grokdesk.store.os_keyring import OsKeyring

_log = logging.getLogger(__name__)


class KeyringVault:
    """Intents in the database keep the keyring and the accounts together (see intents.py)."""

    name = "keyring"

    def __init__(self, db: Database, keyring: OsKeyring) -> None:
        self._db = db
        self._keyring = keyring
        self._mine: set[str] = set()
        """Put by this process, so not the leftovers of another."""

    async def put(self, account_id: str, token: Token) -> None:
        """VaultLockedError when the keyring is locked or did not keep the token."""
        self._mine.add(account_id)
        await self._note(account_id)
        await self._keyring.put(account_id, token.reveal())
        await self._db.call(partial(self._settle_replaced, account_id))

    async def get(self, account_id: str) -> Token | None:
        """Takes some 20 ms."""
        text = await self._keyring.get(account_id)
        return None if text is None else Token(text)

    async def delete(self, account_id: str) -> None:
        """After the account's row (or before it exists), so that no account loses its token."""
        await self._note(account_id)
        await self._keyring.delete(account_id)
        await self._db.call(lambda: intents.settle(self._db.sql, account_id, self.name))

    async def recover(self) -> int:
        """Remove entries that nothing vouches for; those that cannot be wait for next time."""
        removed = 0
        for account_id in await self._db.call(lambda: intents.pending(self._db.sql, self.name)):
            if account_id in self._mine:
                continue
            try:
                removed += await self._finish(account_id)
            except VaultLockedError as error:
                _log.info("keyring entries left behind by a crash stay for now: %s", error)
                break
        return removed

    async def take_over(self, previous: str) -> None:
        """From now on this vault holds the tokens; what the previous one has is to be removed."""
        await self._db.call(lambda: intents.switch(self._db.sql, previous, self.name))

    async def _note(self, account_id: str) -> None:
        if self._db.path is not None and not self._db.saving:
            # The keyring would remember what the database forgets.
            raise StoreError(self._db.notice)
        await self._db.call(lambda: intents.note(self._db.sql, self.name, [account_id]))

    async def _finish(self, account_id: str) -> bool:
        wanted = await self._db.call(
            lambda: intents.is_vouched_for(self._db.sql, self.name, account_id)
        )
        removed = not wanted and await self._keyring.delete(account_id)
        await self._db.call(lambda: intents.settle(self._db.sql, account_id, self.name))
        return removed

    def _settle_replaced(self, account_id: str) -> None:
        """A new token for an account that is stored already needs no further row."""
        if intents.is_vouched_for(self._db.sql, self.name, account_id):
            intents.settle(self._db.sql, account_id, self.name)
