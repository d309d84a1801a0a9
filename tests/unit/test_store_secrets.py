"""Named secrets beside the tokens: kept by whichever vault is in use, moved with it, never lost."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from grokdesk.domain.account import Account, Token
from grokdesk.domain.errors import VaultLockedError
from grokdesk.kernel.clock import ManualClock
from grokdesk.services.secrets import SecretName, SecretService
from grokdesk.store import meta
from grokdesk.store.accounts import AccountStore
from grokdesk.store.choose import VaultChooser
from grokdesk.store.db import Database
from grokdesk.store.os_keyring import OsKeyring
from grokdesk.store.secrets import SecretStore, entry_of
from grokdesk.store.vault_keyring import KeyringVault
from grokdesk.store.vault_memory import MemoryVault
from grokdesk.store.vault_sealed import SealedVault
from tests.depth import tries
from tests.unit.test_store_os_keyring import DictKeyring

KEY = bytes(range(32))
NAME = SecretName.CLEARANCE
ENTRY = entry_of(NAME)


@pytest.fixture
async def db(tmp_path):
    database = Database(tmp_path / "grokdesk.db")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def backend():
    return DictKeyring()


@pytest.fixture
def vaults(db, backend):
    """Of one kind, each as a new process would have it."""
    memory = MemoryVault()
    return {
        "memory": lambda: memory,
        "sealed": lambda: SealedVault(db, KEY),
        "keyring": lambda: KeyringVault(db, OsKeyring("Grokdesk", find_backend=lambda: backend)),
    }


@pytest.fixture(params=["memory", "sealed", "keyring"])
def new_vault(request, vaults):
    return vaults[request.param]


@pytest.fixture(params=["sealed", "keyring"])
def lasting_vault(request, vaults):
    return vaults[request.param]


def service_over(vault, db):
    return SecretService(vault, SecretStore(db))


async def in_use(vault):
    if not isinstance(vault, MemoryVault):
        await vault.take_over("")
    return vault


async def test_a_secret_comes_back_replaced_and_goes(new_vault, db):
    vault = await in_use(new_vault())
    service = service_over(vault, db)
    assert await service.get(NAME) == ""
    await service.put(NAME, "first")
    await service.put(NAME, "second")
    assert await service.get(NAME) == "second"
    assert await service_over(new_vault(), db).get(NAME) == "second"
    await service.put(NAME, "")
    assert await service.get(NAME) == ""
    assert await vault.get(ENTRY) is None
    assert await service_over(new_vault(), db).get(NAME) == ""


async def test_it_is_known_since_when_a_secret_is_kept(db):
    clock = ManualClock(1_794_232_800.0)
    service = SecretService(MemoryVault(), SecretStore(db, clock))
    assert await service.since(NAME) is None
    await service.put(NAME, "first")
    clock.advance(60)
    assert await service.since(NAME) == 1_794_232_800.0
    await service.put(NAME, "second")
    assert await service.since(NAME) == 1_794_232_860.0
    await service.delete(NAME)
    assert await service.since(NAME) is None


async def test_a_secret_from_before_times_were_kept_is_still_known(db):
    await db.call(lambda: meta.write(db.sql, ENTRY, "wanted"))
    store = SecretStore(db)
    assert await store.has(NAME)
    assert await store.since(NAME) == 0.0


async def test_each_secret_is_its_own(new_vault, db):
    service = service_over(await in_use(new_vault()), db)
    for name in SecretName:
        await service.put(name, f"value of {name}")
    await service.delete(SecretName.STATSIG)
    assert await service.get(SecretName.CLEARANCE) == "value of clearance"
    assert await service.get(SecretName.PROXY_PASSWORDS) == "value of proxy-passwords"


async def test_without_a_secret_the_vault_is_not_even_asked(db):
    class Untouchable(MemoryVault):
        async def get(self, account_id):
            raise AssertionError(f"{account_id} was asked for")

        async def delete(self, account_id):
            raise AssertionError(f"{account_id} was deleted")

    service = service_over(Untouchable(), db)
    assert await service.get(NAME) == ""
    await service.delete(NAME)


async def test_a_locked_vault_is_asked_again_later(db):
    await service_over(await in_use(SealedVault(db, KEY)), db).put(NAME, "value")
    with pytest.raises(VaultLockedError):
        await service_over(SealedVault(db, None, locked="locked"), db).get(NAME)
    assert await service_over(SealedVault(db, KEY), db).get(NAME) == "value"


async def test_recovery_keeps_secrets_and_removes_what_a_crash_left(lasting_vault, db):
    await service_over(await in_use(lasting_vault()), db).put(NAME, "value")
    await lasting_vault().put(entry_of("never-vouched"), Token("left behind"))
    assert await lasting_vault().recover() == 1
    assert await lasting_vault().recover() == 0
    assert await service_over(lasting_vault(), db).get(NAME) == "value"
    assert await lasting_vault().get(entry_of("never-vouched")) is None


async def test_a_crash_while_a_secret_is_replaced_leaves_one_of_both(lasting_vault, db):
    await service_over(await in_use(lasting_vault()), db).put(NAME, "old")
    await lasting_vault().put(ENTRY, Token("new"))  # and never vouched for again
    assert await lasting_vault().recover() == 0
    assert await service_over(lasting_vault(), db).get(NAME) == "new"


async def test_a_crash_while_a_secret_is_removed_ends_with_it_gone(lasting_vault, db):
    await service_over(await in_use(lasting_vault()), db).put(NAME, "value")
    await SecretStore(db).forget(NAME)
    assert await service_over(lasting_vault(), db).get(NAME) == ""
    assert await lasting_vault().recover() == 1
    assert await lasting_vault().get(ENTRY) is None


async def test_a_secret_is_nowhere_in_plain_text(db, tmp_path):
    secret = "canary-of-a-proxy-password"
    service = service_over(await in_use(SealedVault(db, KEY)), db)
    await service.put(SecretName.PROXY_PASSWORDS, secret)
    await db.close()
    for path in tmp_path.iterdir():
        assert secret.encode() not in path.read_bytes()


def chooser(db, tmp_path, backend):
    keyring = OsKeyring("Grokdesk", find_backend=lambda: backend)
    return VaultChooser(db, data_dir=tmp_path, allow_key_file=True, keyring=keyring, environ={})


@pytest.mark.parametrize(("first", "then"), [("keyring", "sealed"), ("sealed", "keyring")])
async def test_secrets_move_with_the_tokens(db, tmp_path, backend, first, then):
    opened = await chooser(db, tmp_path, backend).open(first)
    token = Token("canary-token-0123456789")
    await opened.vault.put("id1", token)
    await AccountStore(db).insert(Account("id1", "label", token.fingerprint, token.hint))
    await service_over(opened.vault, db).put(NAME, "value")
    moved = (await chooser(db, tmp_path, backend).open(then)).vault
    assert moved.name == then
    assert await service_over(moved, db).get(NAME) == "value"
    assert await moved.get("id1") == token
    assert await opened.vault.get(ENTRY) is None
    assert await opened.vault.get("id1") is None
    again = (await chooser(db, tmp_path, backend).open(then)).vault
    assert await again.recover() == 0
    assert await service_over(again, db).get(NAME) == "value"


async def test_a_move_that_was_cut_off_leaves_the_secret_where_it_was(db, tmp_path, backend):
    opened = await chooser(db, tmp_path, backend).open("keyring")
    await service_over(opened.vault, db).put(NAME, "value")
    half = SealedVault(db, KEY)
    await half.put(ENTRY, Token("value"))  # copied, and then the process ended
    again = (await chooser(db, tmp_path, backend).open("keyring")).vault
    await again.recover()
    assert await service_over(again, db).get(NAME) == "value"
    assert await half.get(ENTRY) is None


WRITER = """
import asyncio, sys
from tests.unit.test_store_secrets import write_for_ever
asyncio.run(write_for_ever(sys.argv[1]))
"""


async def write_for_ever(path):
    from pathlib import Path

    db = Database(Path(path))
    await db.open()
    vault = SealedVault(db, KEY)
    await vault.take_over("")
    await vault.recover()
    service = SecretService(vault, SecretStore(db))
    number = int(await service.get(NAME) or 0)
    sys.stdout.write("ready\n")
    while True:
        number += 1
        await service.put(NAME, str(number))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
async def test_kill_9_loses_no_secret_that_was_reported_as_kept(tmp_path):
    path = tmp_path / "grokdesk.db"
    last = 0
    for _ in range(tries(4, 8)):
        command = [sys.executable, "-c", WRITER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "ready\n"
            await asyncio.to_thread(time.sleep, random.uniform(0.01, 0.12))
            process.send_signal(signal.SIGKILL)
            reported = [int(line) for line in process.stdout if line.endswith("\n")]
        last = reported[-1] if reported else last
        db = Database(path)
        await db.open()
        vault = SealedVault(db, KEY)
        assert await vault.recover() <= 1
        kept = int(await service_over(vault, db).get(NAME) or 0)
        assert last <= kept <= last + 1
        last = kept
        await db.close()
    assert last > 0
