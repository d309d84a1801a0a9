"""Tokens in the database, each sealed with AES-256-GCM under one master key."""

import os
from functools import partial
from typing import TYPE_CHECKING

from grokdesk.domain.account import Token
from grokdesk.domain.errors import VaultLockedError
from grokdesk.store import intents, meta
from grokdesk.store.db import Database
from grokdesk.store.schema import AccountTable, SealedTokenTable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class SealedVault:
    """Account id and version are authenticated with each token: a row cannot stand in for
    another, and one that was altered locks that account alone. Nothing sealed is ever deleted
    because it cannot be opened.
    """

    name = "sealed"

    def __init__(self, db: Database, master_key: bytes | None, *, locked: str = "") -> None:
        """Without a key the vault is locked; `locked` is the sentence that says why."""
        self._db = db
        self._key = master_key
        self._locked = locked or "The master key of the sealed tokens is missing."
        self._cipher: AESGCM | None = None
        self._mine: set[str] = set()

    async def put(self, account_id: str, token: Token) -> None:
        self._mine.add(account_id)
        await self._db.call(partial(self._seal, account_id, token))

    async def get(self, account_id: str) -> Token | None:
        """VaultLockedError when there is no master key, or not the one this token needs."""
        return await self._db.call(partial(self._unseal, account_id))

    async def delete(self, account_id: str) -> None:
        await self._db.call(partial(self._delete, account_id))

    async def recover(self) -> int:
        """Remove what neither an account nor a secret needs, and copies that a move left behind."""
        return await self._db.call(self._recover)

    async def take_over(self, previous: str) -> None:
        await self._db.call(lambda: intents.switch(self._db.sql, previous, self.name))

    def _seal(self, account_id: str, token: Token) -> None:
        cipher = self._open_cipher()
        version = self._version(account_id) + 1
        nonce = os.urandom(_NONCE_BYTES)
        ciphertext = cipher.encrypt(nonce, token.reveal().encode(), _bound_to(account_id, version))
        SealedTokenTable.insert(
            account_id=account_id, version=version, nonce=nonce, ciphertext=ciphertext
        ).on_conflict_replace().execute(self._db.sql)

    def _version(self, account_id: str) -> int:
        table = SealedTokenTable
        query = table.select(table.version).where(table.account_id == account_id)
        return next((version for (version,) in query.tuples().execute(self._db.sql)), 0)

    def _unseal(self, account_id: str) -> Token | None:
        from cryptography.exceptions import InvalidTag

        table = SealedTokenTable
        query = table.select(table.version, table.nonce, table.ciphertext)
        found = query.where(table.account_id == account_id).tuples().execute(self._db.sql)
        for version, nonce, ciphertext in found:
            cipher = self._open_cipher()
            try:
                text = cipher.decrypt(nonce, ciphertext, _bound_to(account_id, version))
            except (InvalidTag, ValueError) as error:
                raise VaultLockedError(
                    "The stored token was altered or sealed with another master key."
                ) from error
            return Token(text.decode())
        return None

    def _open_cipher(self) -> "AESGCM":
        if self._key is None:
            raise VaultLockedError(self._locked)
        if self._cipher is None:
            # Takes some 20 ms to import; a start that seals nothing saves them.
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            self._cipher = AESGCM(self._key)
        return self._cipher

    def _delete(self, account_id: str) -> None:
        table = SealedTokenTable
        table.delete().where(table.account_id == account_id).execute(self._db.sql)
        intents.settle(self._db.sql, account_id, self.name)

    def _recover(self) -> int:
        table = SealedTokenTable
        accounts = AccountTable.select(AccountTable.id)
        secrets = meta.secret_entries(self._db.sql)
        leftovers = table.account_id.not_in(accounts) & table.account_id.not_in(secrets)
        if meta.read(self._db.sql, meta.VAULT) not in ("", self.name):
            leftovers = table.account_id.is_null(False)
        query = table.select(table.account_id).where(leftovers)
        found = [account_id for (account_id,) in query.tuples().execute(self._db.sql)]
        removed = [account_id for account_id in found if account_id not in self._mine]
        for account_id in removed:
            self._delete(account_id)
        for account_id in intents.pending(self._db.sql, self.name):
            intents.settle(self._db.sql, account_id, self.name)
        return len(removed)


def _bound_to(account_id: str, version: int) -> bytes:
    return f"{account_id}\n{version}".encode()
