"""Exchanging the vault under a running program."""

from pathlib import Path

import pytest

from grokdesk.app.lazy_vault import LazyVault
from grokdesk.domain.account import Account, Token
from grokdesk.domain.errors import VaultLockedError
from grokdesk.store.accounts import AccountStore
from grokdesk.store.choose import KEYRING_LIMIT, VaultChooser
from grokdesk.store.db import Database
from grokdesk.store.os_keyring import OsKeyring
from tests.unit.test_store_os_keyring import DictKeyring


async def lazy(tmp_path: Path, kind: str, notices: list[str]) -> tuple[LazyVault, Database]:
    database = Database(tmp_path / "grokdesk.db")
    await database.open()
    keyring = OsKeyring("Grokdesk test", find_backend=DictKeyring)
    chooser = VaultChooser(
        database, data_dir=tmp_path, allow_key_file=False, keyring=keyring, environ={}
    )
    return LazyVault(chooser, kind, notices.append), database  # type: ignore[arg-type]


async def test_many_accounts_move_from_the_keyring_into_sealed_rows(tmp_path: Path) -> None:
    vault, database = await lazy(tmp_path, "auto", [])
    token = Token("a-token-that-moves-house")
    await vault.put("a", token)
    await AccountStore(database).insert(Account("a", "a", token.fingerprint, token.hint))
    assert (await vault.opened()).name == "keyring"
    await vault.make_room(KEYRING_LIMIT)
    assert (await vault.opened()).name == "keyring"
    await vault.make_room(KEYRING_LIMIT + 1)
    assert (await vault.opened()).name == "sealed"
    assert await vault.get("a") == token
    await database.close()


async def test_a_chosen_kind_is_never_exchanged(tmp_path: Path) -> None:
    vault, database = await lazy(tmp_path, "keyring", [])
    await vault.make_room(10_000)
    assert (await vault.opened()).name == "keyring"
    await database.close()


async def test_a_vault_that_cannot_open_is_tried_again(tmp_path: Path) -> None:
    broken = [True]

    def find() -> DictKeyring:
        if broken:
            raise VaultLockedError("locked")
        return DictKeyring()

    database = Database(tmp_path / "grokdesk.db")
    await database.open()
    chooser = VaultChooser(
        database,
        data_dir=tmp_path,
        allow_key_file=False,
        keyring=OsKeyring("Grokdesk test", find_backend=find),
        environ={},
    )
    vault = LazyVault(chooser, "keyring", lambda _notice: None)
    with pytest.raises(VaultLockedError):
        await vault.get("a")
    broken.clear()
    assert await vault.get("a") is None
    await database.close()


async def test_what_the_user_must_know_is_told(tmp_path: Path) -> None:
    notices: list[str] = []
    vault, database = await lazy(tmp_path, "memory", notices)
    await vault.put("a", Token("forgotten-at-the-end"))
    assert len(notices) == 1
    assert "forgotten" in notices[0]
    await database.close()
