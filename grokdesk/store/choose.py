"""Chooses the vault: the one this database uses already, or the safest that works here."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

from grokdesk.domain.errors import VaultLockedError
from grokdesk.store import intents, meta
from grokdesk.store.db import Database
from grokdesk.store.masterkey import MasterKey, MasterKeys
from grokdesk.store.os_keyring import OsKeyring
from grokdesk.store.schema import SealedTokenTable
from grokdesk.store.vault import LastingVault, Vault, move_tokens
from grokdesk.store.vault_keyring import KeyringVault
from grokdesk.store.vault_memory import MemoryVault
from grokdesk.store.vault_sealed import SealedVault

LastingKind: TypeAlias = Literal["keyring", "sealed"]
VaultKind: TypeAlias = Literal["auto", "keyring", "sealed", "memory"]

KEYRING_LIMIT = 200
"""Accounts above which sealed rows are the better vault: a keyring writes all for each one."""

_IN_KEYRING = "the OS keyring"


@dataclass(frozen=True, slots=True)
class OpenedVault:
    """`where` completes "Tokens are kept in ..."; `notice` is what the user must know, or ''."""

    vault: Vault
    where: str
    notice: str = ""


class VaultChooser:
    """`allow_key_file`: without a keyring, the master key may lie in a file (servers)."""

    def __init__(
        self,
        db: Database,
        *,
        data_dir: Path,
        allow_key_file: bool,
        keyring: OsKeyring,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._db = db
        self._keyring = keyring
        environ = os.environ if environ is None else environ
        self._keys = MasterKeys(keyring, data_dir, environ, allow_file=allow_key_file)

    async def open(self, kind: VaultKind) -> OpenedVault:
        """A vault is always opened, locked at worst, if one is in use already.

        If that is another than `kind`, its tokens are moved; if they cannot be, it stays in use
        and the notice says why. VaultLockedError only if `kind` cannot work and none is in use.
        """
        if kind == "memory":
            return _in_memory("Tokens are forgotten when Grokdesk ends.")
        used = await self._db.call(self._kind_in_use)
        if used is None:
            return await self._open_first(kind)
        vault, opened = await self._open_used(used)
        await self._sweep(vault)
        if kind in ("auto", used):
            return opened
        try:
            return await self.switch(vault, _other(used))
        except VaultLockedError as error:
            return replace(opened, notice=f"The tokens stay in {opened.where}: {error}")

    async def switch(
        self,
        current: Vault,
        kind: LastingKind,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> OpenedVault:
        """Move all tokens, also while running; VaultLockedError leaves `current` in use."""
        target, opened = await self._open_new(kind)
        entry_ids = await self._db.call(lambda: intents.entry_ids(self._db.sql))
        await move_tokens(current, target, entry_ids, on_progress)
        return opened

    async def _open_first(self, kind: VaultKind) -> OpenedVault:
        kinds: tuple[LastingKind, ...] = ("keyring", "sealed")
        if kind in kinds:
            kinds = (kind,)
        why = ""
        for each in kinds:
            try:
                vault, opened = await self._open_new(each)
            except VaultLockedError as error:
                if kind != "auto":
                    raise
                why = why or str(error)
                continue
            await vault.take_over("")
            return opened
        return _in_memory(f"{why} Tokens are forgotten when Grokdesk ends.")

    async def _open_new(self, kind: LastingKind) -> tuple[LastingVault, OpenedVault]:
        """Make sure that it works; VaultLockedError if it does not."""
        if kind == "keyring":
            await self._keyring.check()
            vault = KeyringVault(self._db, self._keyring)
            return vault, OpenedVault(vault, _IN_KEYRING)
        key = await self._open_master_key()
        return _sealed(self._db, key)

    async def _open_used(self, used: LastingKind) -> tuple[LastingVault, OpenedVault]:
        """No check of the keyring: a start need not wait for it, and `get` reports trouble."""
        if used == "keyring":
            vault = KeyringVault(self._db, self._keyring)
            return vault, OpenedVault(vault, _IN_KEYRING)
        try:
            return _sealed(self._db, await self._open_master_key())
        except VaultLockedError as error:
            sealed = SealedVault(self._db, None, locked=str(error))
            return sealed, OpenedVault(sealed, "the database, sealed", str(error))

    async def _open_master_key(self) -> MasterKey:
        known_id, sealed = await self._db.call(self._sealed_state)
        key = await self._keys.open(known_id, may_create=not sealed)
        if key.id != known_id:
            await self._db.call(partial(self._remember_key, key))
        return key

    async def _sweep(self, current: LastingVault) -> None:
        """Remove what a crash in the middle of a move left in the other vault."""
        if current.name == "keyring":
            await SealedVault(self._db, None).recover()
        else:
            await KeyringVault(self._db, self._keyring).recover()

    def _kind_in_use(self) -> LastingKind | None:
        name = meta.read(self._db.sql, meta.VAULT)
        if name == "keyring":
            return "keyring"
        return "sealed" if name == "sealed" or self._has_sealed_tokens() else None

    def _sealed_state(self) -> tuple[str, bool]:
        return meta.read(self._db.sql, meta.MASTER_KEY_ID), self._has_sealed_tokens()

    def _has_sealed_tokens(self) -> bool:
        query = SealedTokenTable.select(SealedTokenTable.account_id).limit(1)
        return bool(list(query.tuples().execute(self._db.sql)))

    def _remember_key(self, key: MasterKey) -> None:
        meta.write(self._db.sql, meta.MASTER_KEY_ID, key.id)


def _other(used: LastingKind) -> LastingKind:
    return "sealed" if used == "keyring" else "keyring"


def _in_memory(notice: str) -> OpenedVault:
    return OpenedVault(MemoryVault(), "memory", notice)


def _sealed(db: Database, key: MasterKey) -> tuple[SealedVault, OpenedVault]:
    vault = SealedVault(db, key.secret)
    notice = ""
    if key.in_file:
        notice = f"The key that seals the tokens lies in {key.origin}; keep it from others."
    return vault, OpenedVault(vault, f"the database, sealed with a key from {key.origin}", notice)
