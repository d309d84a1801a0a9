"""Chooses the vault: the one this database uses already, or the safest that works here."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from grokdesk.domain.errors import VaultLockedError
from grokdesk.store import intents, meta
from grokdesk.store.db import Database
from grokdesk.store.masterkey import MasterKey, MasterKeys
from grokdesk.store.os_keyring import OsKeyring
from grokdesk.store.schema import AccountTable, SealedTokenTable
from grokdesk.store.vault import LastingVault, Vault, move_tokens
from grokdesk.store.vault_keyring import KeyringVault
from grokdesk.store.vault_memory import MemoryVault
from grokdesk.store.vault_sealed import SealedVault

VaultKind: TypeAlias = Literal["auto", "keyring", "sealed", "memory"]

KEYRING_LIMIT = 200
"""Accounts above which sealed rows are the better vault: each keyring write rewrites them all."""


@dataclass(frozen=True, slots=True)
class OpenedVault:
    """`where` completes "Tokens are kept in ..."; `notice` is what the user should know, or ''."""

    vault: Vault
    where: str
    notice: str = ""


async def open_vault(
    db: Database,
    *,
    kind: VaultKind,
    data_dir: Path,
    allow_key_file: bool,
    service_name: str,
    keyring: OsKeyring | None = None,
    environ: Mapping[str, str] | None = None,
) -> OpenedVault:
    """VaultLockedError only if `kind` names a vault that cannot work and none is in use yet.

    If another vault than `kind` is in use, its tokens are moved; if that fails, it stays in use
    and the notice says why.
    """
    return await _Opener(
        db,
        keyring or OsKeyring(service_name),
        data_dir,
        os.environ if environ is None else environ,
        allow_key_file,
    ).open(kind)


async def switch_vault(
    db: Database,
    current: Vault,
    *,
    kind: Literal["keyring", "sealed"],
    data_dir: Path,
    allow_key_file: bool,
    service_name: str,
    on_progress: Callable[[int, int], None] | None = None,
    keyring: OsKeyring | None = None,
    environ: Mapping[str, str] | None = None,
) -> OpenedVault:
    """Move all tokens while running; VaultLockedError leaves `current` in use."""
    opener = _Opener(
        db,
        keyring or OsKeyring(service_name),
        data_dir,
        os.environ if environ is None else environ,
        allow_key_file,
    )
    return await opener.switch(current, kind, on_progress)
