"""What every vault promises, and what each of them does after a crash, a lock or an attack."""

import asyncio
import base64
import dataclasses
import gc
import os
import random

import pytest

from grokdesk.domain.account import Account, Token
from grokdesk.domain.errors import VaultLockedError
from grokdesk.store import intents, meta
from grokdesk.store.accounts import AccountStore
from grokdesk.store.db import Database
from grokdesk.store.errors import StoreError
from grokdesk.store.os_keyring import OsKeyring
from grokdesk.store.vault import move_tokens
from grokdesk.store.vault_keyring import KeyringVault
from grokdesk.store.vault_memory import MemoryVault
from grokdesk.store.vault_sealed import SealedVault
from tests.unit.secret_service import MISSING, REASON, SecretService

KEY = bytes(range(32))
SERVICE = "Grokdesk (test)"


def token(number):
    return Token(f"eyJ0-canary-{number:04d}-" + "s3cr3t" * 20)


def account(number):
    return Account(
        id=f"id{number}", label="x", fingerprint=token(number).fingerprint, token_hint="…"
    )


@pytest.fixture(scope="session")
def secret_service():
    if MISSING:
        pytest.skip(REASON)
    with SecretService() as service:
        yield service


@pytest.fixture
def os_keyring(secret_service, monkeypatch):
    """A real keyring; the backend is named because the library looks for one only once."""
    from keyring.backends.SecretService import Keyring

    for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "HOME"):
        monkeypatch.setenv(name, secret_service.environ[name])
    keyring = OsKeyring(SERVICE, find_backend=Keyring)
    yield keyring
    keyring.close()


@pytest.fixture
async def db(tmp_path):
    database = Database(tmp_path / "grokdesk.db")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def store(db):
    return AccountStore(db)


@pytest.fixture(params=["memory", "sealed", pytest.param("keyring", marks=pytest.mark.keyring)])
async def vault(request, db):
    if request.param == "memory":
        return MemoryVault()
    if request.param == "sealed":
        return await in_use(SealedVault(db, KEY))
    return await in_use(KeyringVault(db, request.getfixturevalue("os_keyring")))


@pytest.fixture
async def sealed(db):
    return await in_use(SealedVault(db, KEY))


@pytest.fixture
async def keyring_vault(db, os_keyring):
    return await in_use(KeyringVault(db, os_keyring))


async def in_use(vault):
    await vault.take_over("")
    return vault


def query(db, text, *values):
    return db.call(lambda: db.raw.execute(text, values).fetchall())


async def save(vault, store, number):
    await vault.put(f"id{number}", token(number))
    await store.insert(account(number))


class TestEveryVault:
    async def test_a_token_comes_back_as_it_was_put(self, vault):
        await vault.put("a", token(1))
        await vault.put("b", token(2))
        assert await vault.get("a") == token(1)
        assert await vault.get("b") == token(2)
        await vault.delete("a")
        await vault.delete("b")

    async def test_a_token_that_was_never_put_is_none(self, vault):
        assert await vault.get("nobody") is None

    async def test_a_new_token_replaces_the_old_one(self, vault):
        await vault.put("a", token(1))
        await vault.put("a", token(2))
        assert await vault.get("a") == token(2)
        await vault.delete("a")

    async def test_a_deleted_token_is_gone_and_deleting_it_again_is_no_error(self, vault):
        await vault.put("a", token(1))
        await vault.delete("a")
        assert await vault.get("a") is None
        await vault.delete("a")

    async def test_many_at_once_are_kept_apart(self, vault):
        await asyncio.gather(*(vault.put(f"x{n}", token(n)) for n in range(20)))
        found = await asyncio.gather(*(vault.get(f"x{n}") for n in range(20)))
        assert found == [token(n) for n in range(20)]
        await asyncio.gather(*(vault.delete(f"x{n}") for n in range(20)))

    async def test_recovering_takes_nothing_that_is_in_order(self, vault, store):
        await save(vault, store, 1)
        assert await vault.recover() == 0
        assert await vault.get("id1") == token(1)
        await store.delete(["id1"])
        await vault.delete("id1")

    async def test_recovering_leaves_an_import_that_is_under_way_alone(self, vault, store):
        await vault.put("id1", token(1))
        assert await vault.recover() == 0
        await store.insert(account(1))
        assert await vault.get("id1") == token(1)
        await store.delete(["id1"])
        await vault.delete("id1")


class TestSealedVault:
    async def test_a_token_without_an_account_is_removed_after_a_crash(self, sealed, store, db):
        await save(sealed, store, 1)
        await sealed.put("id2", token(2))
        after_crash = SealedVault(db, KEY)
        assert await after_crash.recover() == 1
        assert await after_crash.get("id1") == token(1)
        assert await after_crash.get("id2") is None

    async def test_a_removal_that_a_crash_cut_short_is_finished(self, sealed, store, db):
        await save(sealed, store, 1)
        await store.delete(["id1"])
        after_crash = SealedVault(db, KEY)
        assert await after_crash.recover() == 1
        assert await after_crash.get("id1") is None
        assert await query(db, "SELECT * FROM vault_intent") == []

    async def test_a_bit_that_flipped_anywhere_locks_that_account_alone(self, sealed, store, db):
        for number in (1, 2):
            await save(sealed, store, number)
        columns = "version, nonce, ciphertext"
        [(version, nonce, ciphertext)] = await query(
            db, f"SELECT {columns} FROM sealed_token WHERE account_id = 'id1'"
        )
        dice = random.Random(1)
        row = nonce + ciphertext
        for _ in range(300):
            bit = dice.randrange(len(row) * 8)
            altered = bytearray(row)
            altered[bit // 8] ^= 1 << bit % 8
            await query(
                db,
                "UPDATE sealed_token SET nonce = ?, ciphertext = ? WHERE account_id = 'id1'",
                bytes(altered[:12]),
                bytes(altered[12:]),
            )
            with pytest.raises(VaultLockedError, match="altered"):
                await sealed.get("id1")
        assert await sealed.get("id2") == token(2)
        await query(
            db,
            "UPDATE sealed_token SET version = ?, nonce = ?, ciphertext = ? "
            "WHERE account_id = 'id1'",
            version,
            nonce,
            ciphertext,
        )
        assert await sealed.get("id1") == token(1)

    @pytest.mark.parametrize("change", ["version = version + 1", "nonce = x''", "ciphertext = x''"])
    async def test_any_other_change_of_the_row_locks_it_too(self, sealed, store, db, change):
        await save(sealed, store, 1)
        await query(db, f"UPDATE sealed_token SET {change}")
        with pytest.raises(VaultLockedError, match="altered"):
            await sealed.get("id1")

    async def test_two_rows_that_were_swapped_both_refuse(self, sealed, store, db):
        for number in (1, 2):
            await save(sealed, store, number)
        for change in (("id1", "id3"), ("id2", "id1"), ("id3", "id2")):
            await query(
                db, "UPDATE sealed_token SET account_id = ?2 WHERE account_id = ?1", *change
            )
        for number in (1, 2):
            with pytest.raises(VaultLockedError):
                await sealed.get(f"id{number}")

    async def test_an_older_token_of_the_same_account_cannot_be_put_back(self, sealed, store, db):
        await save(sealed, store, 1)
        old = await query(db, "SELECT nonce, ciphertext FROM sealed_token")
        await sealed.put("id1", token(2))
        await query(db, "UPDATE sealed_token SET nonce = ?, ciphertext = ?", *old[0])
        with pytest.raises(VaultLockedError):
            await sealed.get("id1")

    async def test_the_wrong_key_opens_nothing_and_deletes_nothing(self, sealed, store, db):
        await save(sealed, store, 1)
        wrong = SealedVault(db, os.urandom(32))
        with pytest.raises(VaultLockedError, match="another master key"):
            await wrong.get("id1")
        assert await wrong.recover() == 0
        assert await sealed.get("id1") == token(1)

    async def test_without_a_key_the_vault_is_locked_and_says_why(self, sealed, store, db):
        await save(sealed, store, 1)
        locked = SealedVault(db, None, locked="The key is in the other coat.")
        for attempt in (locked.get("id1"), locked.put("id2", token(2))):
            with pytest.raises(VaultLockedError, match="the other coat"):
                await attempt
        assert await locked.recover() == 0
        assert await sealed.get("id1") == token(1)

    async def test_the_same_token_never_looks_the_same_twice(self, sealed, db):
        for name in ("a", "b"):
            await sealed.put(name, token(1))
        rows = await query(db, "SELECT nonce, ciphertext FROM sealed_token")
        assert rows[0][0] != rows[1][0]
        assert rows[0][1] != rows[1][1]

    async def test_no_file_holds_a_token_in_any_form(self, sealed, store, db, tmp_path):
        for number in range(50):
            await save(sealed, store, number)
        for number in range(0, 50, 2):
            await store.delete([f"id{number}"])
            await sealed.delete(f"id{number}")
        await db.backup(tmp_path / "copy.db")
        assert_no_canary(tmp_path, [token(number) for number in range(50)])


def assert_no_canary(folder, tokens):
    contents = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert contents
    for each in tokens:
        text = each.reveal().encode()
        forms = (text, text[:10], base64.b64encode(text)[:12], text.hex().encode()[:20])
        found = [path for path, data in contents.items() for form in forms if form in data]
        assert found == []


@pytest.mark.keyring
class TestKeyringVault:
    async def test_the_entry_stands_where_a_person_finds_it(self, keyring_vault, secret_service):
        await keyring_vault.put("id1", token(1))
        assert secret_service.items(SERVICE) == {"id1": token(1).reveal()}
        await keyring_vault.delete("id1")
        assert secret_service.items(SERVICE) == {}

    async def test_a_token_without_an_account_is_removed_after_a_crash(
        self, keyring_vault, store, db, os_keyring, secret_service
    ):
        await save(keyring_vault, store, 1)
        await keyring_vault.put("id2", token(2))
        after_crash = KeyringVault(db, os_keyring)
        assert await after_crash.recover() == 1
        assert secret_service.items(SERVICE) == {"id1": token(1).reveal()}
        assert await after_crash.recover() == 0
        await after_crash.delete("id1")

    async def test_an_intent_without_an_entry_is_settled(self, db, os_keyring):
        vault = await in_use(KeyringVault(db, os_keyring))
        await db.call(lambda: intents.note(db.sql, "keyring", ["id9"]))
        assert await vault.recover() == 0
        assert await query(db, "SELECT * FROM vault_intent") == []

    async def test_a_removal_that_a_crash_cut_short_is_finished(
        self, keyring_vault, store, db, os_keyring, secret_service
    ):
        await save(keyring_vault, store, 1)
        await store.delete(["id1"])
        assert await KeyringVault(db, os_keyring).recover() == 1
        assert secret_service.items(SERVICE) == {}

    async def test_a_replaced_token_that_a_crash_cut_short_stays(
        self, keyring_vault, store, db, os_keyring
    ):
        await save(keyring_vault, store, 1)
        await db.call(lambda: intents.note(db.sql, "keyring", ["id1"]))
        after_crash = KeyringVault(db, os_keyring)
        assert await after_crash.recover() == 0
        assert await after_crash.get("id1") == token(1)
        await after_crash.delete("id1")

    async def test_no_file_of_ours_holds_a_token_in_any_form(self, keyring_vault, store, tmp_path):
        for number in range(10):
            await save(keyring_vault, store, number)
        assert_no_canary(tmp_path, [token(number) for number in range(10)])
        for number in range(10):
            await keyring_vault.delete(f"id{number}")

    async def test_where_nothing_is_saved_the_keyring_is_not_written_either(self, os_keyring, db):
        db.saving = False
        db.notice = "Nothing can be saved."
        vault = KeyringVault(db, os_keyring)
        for attempt in (vault.put("id1", token(1)), vault.delete("id1")):
            with pytest.raises(StoreError, match="Nothing can be saved"):
                await attempt


# keyring 25.7 leaves its D-Bus connection to the garbage collector when the keyring is locked.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.keyring
async def test_a_locked_keyring_is_a_sentence_and_leftovers_wait(db, store, monkeypatch):
    if MISSING:
        pytest.skip(REASON)
    from keyring.backends.SecretService import Keyring

    with SecretService() as service:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", service.address)
        keyring = OsKeyring(SERVICE, find_backend=Keyring)
        vault = await in_use(KeyringVault(db, keyring))
        await save(vault, store, 1)
        await vault.put("id2", token(2))
        service.lock()
        for attempt in (vault.get("id1"), vault.put("id3", token(3)), vault.delete("id1")):
            with pytest.raises(VaultLockedError, match="locked"):
                await attempt
        after_crash = KeyringVault(db, keyring)
        assert await after_crash.recover() == 0
        left = await db.call(lambda: intents.pending(db.sql, "keyring"))
        assert set(left) >= {"id2", "id3"}
        keyring.close()
    gc.collect()


class CrashError(Exception):
    pass


def crash_after(vault, method, calls):
    """Let the process 'die' inside the given call of a method."""
    original = getattr(vault, method)
    left = [calls]

    async def dying(*arguments):
        if left[0] == 0:
            raise CrashError
        left[0] -= 1
        return await original(*arguments)

    setattr(vault, method, dying)


@pytest.mark.keyring
class TestMovingTokens:
    @pytest.mark.parametrize("direction", ["keyring to sealed", "sealed to keyring"])
    @pytest.mark.parametrize(("method", "calls"), [("put", 2), ("take_over", 0), ("delete", 2)])
    async def test_a_crash_at_any_point_leaves_every_token_in_the_vault_in_use(
        self, db, store, os_keyring, secret_service, direction, method, calls
    ):
        vaults = {
            "keyring": lambda: KeyringVault(db, os_keyring),
            "sealed": lambda: SealedVault(db, KEY),
        }
        source_kind, target_kind = direction.split(" to ")
        source, target = vaults[source_kind](), vaults[target_kind]()
        await in_use(source)
        for number in range(4):
            await save(source, store, number)
        crash_after(source if method == "delete" else target, method, calls)
        with pytest.raises(CrashError):
            await move_tokens(source, target, [f"id{number}" for number in range(4)])

        used = await db.call(lambda: meta.read(db.sql, meta.VAULT))
        assert used == (target_kind if method == "delete" else source_kind)
        for kind in vaults:
            await vaults[kind]().recover()
        vault = vaults[used]()
        found = [await vault.get(f"id{number}") for number in range(4)]
        assert found == [token(number) for number in range(4)]
        in_keyring = secret_service.items(SERVICE)
        in_rows = await query(db, "SELECT account_id FROM sealed_token")
        assert (len(in_keyring), len(in_rows)) == ((4, 0) if used == "keyring" else (0, 4))
        assert await query(db, "SELECT * FROM vault_intent") == []
        for number in range(4):
            await vault.delete(f"id{number}")

    async def test_a_move_reports_its_progress_and_empties_the_source(
        self, db, store, os_keyring, secret_service
    ):
        source = await in_use(KeyringVault(db, os_keyring))
        for number in range(3):
            await save(source, store, number)
        target = SealedVault(db, KEY)
        seen = []
        await move_tokens(
            source, target, ["id0", "id1", "id2"], lambda done, total: seen.append((done, total))
        )
        assert seen == [(1, 3), (2, 3), (3, 3)]
        assert secret_service.items(SERVICE) == {}
        assert await target.get("id2") == token(2)
        assert await query(db, "SELECT * FROM vault_intent") == []


async def test_a_move_from_memory_makes_the_tokens_last(db, store):
    source = MemoryVault()
    await save(source, store, 1)
    target = SealedVault(db, KEY)
    await move_tokens(source, target, ["id1"])
    assert await SealedVault(db, KEY).get("id1") == token(1)
    assert await query(db, "SELECT * FROM vault_intent") == []


def test_a_token_in_an_account_would_show_in_none_of_its_fields():
    fields = dataclasses.asdict(account(1))
    assert token(1).reveal() not in repr(fields)
