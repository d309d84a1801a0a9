"""Which vault is opened: the one in use, or the safest that works; never one in plain text."""

import asyncio
import base64
import subprocess
import sys

import pytest

from grokdesk.domain.account import Account, Token
from grokdesk.domain.errors import VaultLockedError
from grokdesk.store import meta
from grokdesk.store.accounts import AccountStore
from grokdesk.store.choose import VaultChooser
from grokdesk.store.db import Database
from grokdesk.store.masterkey import FILE_NAME, FILE_VARIABLE, KEYRING_USER
from grokdesk.store.os_keyring import OsKeyring
from tests.unit.secret_service import MISSING, REASON, SecretService
from tests.unit.test_store_os_keyring import Broken, DictKeyring

TOKEN = Token("canary-token-0123456789")


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
def choose(db, tmp_path, backend):
    """A chooser over the given keyring, as a new process would have it."""

    def build(with_backend=backend, *, allow_key_file=False, environ=()):
        return VaultChooser(
            db,
            data_dir=tmp_path,
            allow_key_file=allow_key_file,
            keyring=OsKeyring("Grokdesk", find_backend=lambda: with_backend),
            environ=dict(environ),
        )

    return build


NO_KEYRING = Broken(OSError("no bus"))


async def save(db, vault, *numbers):
    for number in numbers:
        token = Token(f"canary-token-{number:010d}")
        await vault.put(f"id{number}", token)
        await AccountStore(db).insert(
            Account(f"id{number}", "label", token.fingerprint, token.hint)
        )


async def in_use(db):
    return await db.call(lambda: meta.read(db.sql, meta.VAULT))


class TestTheFirstTime:
    async def test_a_working_keyring_is_the_first_choice(self, choose, db, backend):
        opened = await choose().open("auto")
        assert (opened.vault.name, opened.where, opened.notice) == ("keyring", "the OS keyring", "")
        assert await in_use(db) == "keyring"
        assert backend.secrets == {}

    async def test_a_server_without_a_keyring_seals_under_a_key_file(self, choose, db, tmp_path):
        opened = await choose(NO_KEYRING, allow_key_file=True).open("auto")
        assert opened.vault.name == "sealed"
        assert str(tmp_path / FILE_NAME) in opened.notice
        assert await in_use(db) == "sealed"
        await save(db, opened.vault, 1)
        again = await choose(NO_KEYRING, allow_key_file=True).open("auto")
        assert await again.vault.get("id1") == Token("canary-token-0000000001")

    async def test_without_any_safe_place_tokens_stay_in_memory_and_the_user_is_told(
        self, choose, db, tmp_path
    ):
        opened = await choose(NO_KEYRING).open("auto")
        assert opened.vault.name == "memory"
        assert "cannot be used" in opened.notice
        assert "forgotten" in opened.notice
        assert await in_use(db) == ""
        assert {entry.name for entry in tmp_path.iterdir()} <= {
            f"grokdesk.db{suffix}" for suffix in ("", "-wal", "-shm")
        }

    async def test_a_memory_session_does_not_decide_for_the_next_one(self, choose):
        await choose(NO_KEYRING).open("auto")
        assert (await choose().open("auto")).vault.name == "keyring"

    async def test_a_vault_that_was_asked_for_and_cannot_work_is_an_error(self, choose, db):
        for kind in ("keyring", "sealed"):
            with pytest.raises(VaultLockedError):
                await choose(NO_KEYRING).open(kind)
        assert await in_use(db) == ""

    async def test_sealed_on_a_desktop_keeps_its_key_in_the_keyring(self, choose, db, backend):
        opened = await choose().open("sealed")
        assert opened.notice == ""
        assert opened.where.endswith("a key from the OS keyring")
        assert set(backend.secrets) == {("Grokdesk", KEYRING_USER)}

    async def test_memory_is_memory(self, choose, db):
        opened = await choose().open("memory")
        assert opened.vault.name == "memory"
        assert await in_use(db) == ""


class TestLaterOn:
    async def test_the_vault_in_use_stays_even_when_it_does_not_work_today(self, choose, db):
        await save(db, (await choose().open("auto")).vault, 1)
        opened = await choose(NO_KEYRING, allow_key_file=True).open("auto")
        assert opened.vault.name == "keyring"
        with pytest.raises(VaultLockedError):
            await opened.vault.get("id1")

    async def test_opening_a_keyring_vault_does_not_wait_for_the_keyring(self, choose, db):
        await choose().open("auto")

        class Never(DictKeyring):
            def get_password(self, service, username):
                raise AssertionError("asked the keyring")

        assert (await choose(Never()).open("auto")).vault.name == "keyring"

    async def test_sealed_tokens_without_their_key_are_locked_and_kept(self, choose, db, backend):
        await save(db, (await choose().open("sealed")).vault, 1)
        key = backend.secrets.pop(("Grokdesk", KEYRING_USER))
        opened = await choose(allow_key_file=True).open("auto")
        assert "missing" in opened.notice
        with pytest.raises(VaultLockedError, match="missing"):
            await opened.vault.get("id1")
        backend.secrets["Grokdesk", KEYRING_USER] = key
        again = await choose().open("auto")
        assert await again.vault.get("id1") == Token("canary-token-0000000001")

    async def test_a_key_file_that_others_can_read_locks_the_vault_with_the_remedy(
        self, choose, db, tmp_path
    ):
        opened = await choose(NO_KEYRING, allow_key_file=True).open("auto")
        await save(db, opened.vault, 1)
        (tmp_path / FILE_NAME).chmod(0o644)
        again = await choose(NO_KEYRING, allow_key_file=True).open("auto")
        assert "chmod 600" in again.notice
        with pytest.raises(VaultLockedError, match="chmod 600"):
            await again.vault.get("id1")

    async def test_tokens_sealed_on_a_server_open_on_a_desktop(self, choose, db, backend):
        opened = await choose(NO_KEYRING, allow_key_file=True).open("auto")
        await save(db, opened.vault, 1)
        again = await choose().open("auto")
        assert await again.vault.get("id1") == Token("canary-token-0000000001")
        assert backend.secrets == {}

    async def test_sealed_rows_are_recognised_when_the_note_about_them_was_lost(self, choose, db):
        await save(db, (await choose().open("sealed")).vault, 1)
        await db.call(lambda: db.raw.execute("DELETE FROM meta"))
        opened = await choose().open("auto")
        assert await opened.vault.get("id1") == Token("canary-token-0000000001")

    async def test_a_new_key_in_the_environment_does_not_replace_the_one_in_use(
        self, choose, db, tmp_path
    ):
        await save(db, (await choose().open("sealed")).vault, 1)
        named = tmp_path / "new.key"
        named.write_bytes(base64.b64encode(bytes(32)))
        named.chmod(0o600)
        opened = await choose(environ={FILE_VARIABLE: str(named)}).open("auto")
        assert await opened.vault.get("id1") == Token("canary-token-0000000001")


class TestChanging:
    async def test_asking_for_another_vault_moves_the_tokens(self, choose, db, backend):
        await save(db, (await choose().open("keyring")).vault, 1, 2)
        opened = await choose().open("sealed")
        assert opened.vault.name == await in_use(db) == "sealed"
        assert set(backend.secrets) == {("Grokdesk", KEYRING_USER)}
        assert await opened.vault.get("id2") == Token("canary-token-0000000002")
        back = await choose().open("keyring")
        assert await back.vault.get("id1") == Token("canary-token-0000000001")
        assert await db.call(
            lambda: db.raw.execute("SELECT count(*) FROM sealed_token").fetchall()
        ) == [(0,)]

    async def test_a_move_that_cannot_be_done_leaves_all_as_it_was(self, choose, db):
        opened = await choose(NO_KEYRING, allow_key_file=True).open("auto")
        await save(db, opened.vault, 1)
        again = await choose(NO_KEYRING).open("keyring")
        assert again.vault.name == await in_use(db) == "sealed"
        assert "The tokens stay in the database" in again.notice
        assert await again.vault.get("id1") == Token("canary-token-0000000001")

    async def test_tokens_can_move_while_the_program_runs(self, choose, db, backend):
        chooser = choose()
        opened = await chooser.open("auto")
        await save(db, opened.vault, *range(5))
        seen = []
        moved = await chooser.switch(opened.vault, "sealed", lambda *done: seen.append(done))
        assert seen[-1] == (5, 5)
        assert await moved.vault.get("id4") == Token("canary-token-0000000004")
        assert set(backend.secrets) == {("Grokdesk", KEYRING_USER)}

    async def test_copies_left_by_a_crash_in_a_move_are_swept_away(self, choose, db, backend):
        """Sealed rows beside a keyring in use, and keyring entries beside sealed rows in use."""
        await save(db, (await choose().open("keyring")).vault, 1)
        sealed = (await choose()._open_new("sealed"))[0]
        await sealed.put("id1", TOKEN)
        opened = await choose().open("auto")
        assert await opened.vault.get("id1") == Token("canary-token-0000000001")
        rows = await db.call(lambda: db.raw.execute("SELECT * FROM sealed_token").fetchall())
        assert rows == []

        await choose().open("sealed")
        backend.secrets["Grokdesk", "id1"] = "left behind"
        await db.call(lambda: db.raw.execute("INSERT INTO vault_intent VALUES ('keyring', 'id1')"))
        await choose().open("auto")
        assert set(backend.secrets) == {("Grokdesk", KEYRING_USER)}


@pytest.mark.keyring
async def test_with_a_real_keyring_and_no_settings_tokens_go_there(db, tmp_path, monkeypatch):
    if MISSING:
        pytest.skip(REASON)
    from keyring.backends.SecretService import Keyring

    with SecretService() as service:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", service.address)
        monkeypatch.setattr("grokdesk.store.os_keyring.find_proper_backend", Keyring)
        chooser = VaultChooser(
            db,
            data_dir=tmp_path,
            allow_key_file=True,
            keyring=OsKeyring("Grokdesk (work)"),
        )
        opened = await chooser.open("auto")
        await opened.vault.put("id1", TOKEN)
        assert service.items("Grokdesk (work)") == {"id1": TOKEN.reveal()}
        assert opened.notice == ""


def test_importing_the_store_loads_neither_keyring_nor_cryptography():
    program = """
import sys
import grokdesk.store.choose, grokdesk.store.usage, grokdesk.store.apikeys
print(*({name.split(".")[0] for name in sys.modules} &
        {"keyring", "cryptography", "secretstorage", "aiohttp", "PySide6"}))
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("\n", "")


async def test_a_keyring_that_hangs_does_not_hold_up_the_choice_for_ever(db, tmp_path):
    class Hanging(DictKeyring):
        def set_password(self, service, username, password):
            import time

            time.sleep(1.0)

    chooser = VaultChooser(
        db,
        data_dir=tmp_path,
        allow_key_file=True,
        keyring=OsKeyring("Grokdesk", find_backend=Hanging, limit_s=0.1),
        environ={},
    )
    async with asyncio.timeout(0.9):
        opened = await chooser.open("auto")
    assert opened.vault.name == "sealed"
