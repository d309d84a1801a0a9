"""The OS keyring: which backends are refused, and what a hostile or slow one cannot do."""

import asyncio
import itertools
import os
import subprocess
import sys
import threading
import time

import pytest
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail, null
from keyring.errors import KeyringLocked, NoKeyringError, PasswordDeleteError

from grokdesk.domain.errors import VaultLockedError
from grokdesk.store.os_keyring import OsKeyring, find_proper_backend, is_proper
from tests.unit.secret_service import MISSING, REASON, SecretService


class DictKeyring(KeyringBackend):
    """A keyring in memory, as a stand-in for the operating system's."""

    priority = 1
    viable = False
    """Else keyring, which registers every class, takes it for the machine's own in other tests."""

    def __init__(self):
        self.secrets = {}

    def get_password(self, service, username):
        return self.secrets.get((service, username))

    def set_password(self, service, username, password):
        self.secrets[service, username] = password

    def delete_password(self, service, username):
        if self.secrets.pop((service, username), None) is None:
            raise PasswordDeleteError("No such password!")


class PlaintextKeyring(DictKeyring):
    pass


PlaintextKeyring.__module__ = "keyrings.alt.file"


class OtherPlaintextKeyring(DictKeyring):
    pass


class Broken(DictKeyring):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def get_password(self, service, username):
        raise self.error


@pytest.fixture
def keyring_over():
    opened = []

    def build(backend, limit_s=20.0):
        keyring = OsKeyring("Grokdesk", find_backend=lambda: backend, limit_s=limit_s)
        opened.append(keyring)
        return keyring

    yield build
    for keyring in opened:
        keyring.close()


async def test_a_secret_is_there_until_it_is_deleted(keyring_over):
    keyring = keyring_over(DictKeyring())
    assert await keyring.get("a") is None
    await keyring.put("a", "secret")
    assert await keyring.get("a") == "secret"
    assert await keyring.delete("a")
    assert await keyring.get("a") is None
    assert not await keyring.delete("a")


async def test_entries_stand_under_the_service_name(keyring_over):
    backend = DictKeyring()
    await keyring_over(backend).put("a", "secret")
    assert backend.secrets == {("Grokdesk", "a"): "secret"}


async def test_every_call_runs_on_one_thread_of_its_own(keyring_over):
    class Spy(DictKeyring):
        def get_password(self, service, username):
            return str(threading.get_ident())

    keyring = keyring_over(Spy())
    threads = {await keyring.get("a") for _ in range(3)}
    assert len(threads) == 1
    assert str(threading.get_ident()) not in threads


async def test_the_check_leaves_nothing_behind(keyring_over):
    backend = DictKeyring()
    await keyring_over(backend).check()
    assert backend.secrets == {}


async def test_a_keyring_that_returns_something_else_has_not_kept_the_secret(keyring_over):
    class Liar(DictKeyring):
        def set_password(self, service, username, password):
            super().set_password(service, username, password[:10])

    backend = Liar()
    with pytest.raises(VaultLockedError, match="did not give back"):
        await keyring_over(backend).put("a", "secret secret")
    assert backend.secrets == {}


async def test_a_keyring_that_does_not_delete_says_so(keyring_over):
    class Keeper(DictKeyring):
        def delete_password(self, service, username):
            raise PasswordDeleteError("denied")

    keyring = keyring_over(Keeper())
    await keyring.put("a", "secret")
    with pytest.raises(VaultLockedError):
        await keyring.delete("a")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (KeyringLocked("no"), "locked"),
        (NoKeyringError("no"), "no keyring"),
        (OSError("the secret is hunter2"), r"cannot be used \(OSError\)"),
    ],
)
async def test_whatever_a_backend_raises_is_one_sentence_without_its_words(
    keyring_over, error, sentence
):
    with pytest.raises(VaultLockedError, match=sentence) as caught:
        await keyring_over(Broken(error)).get("a")
    assert "hunter2" not in str(caught.value)


class Stuck(DictKeyring):
    """Hangs like a password prompt that nobody answers."""

    def __init__(self):
        super().__init__()
        self.release = threading.Event()

    def set_password(self, service, username, password):
        self.release.wait(10)
        super().set_password(service, username, password)


@pytest.mark.alone
async def test_a_call_that_hangs_is_given_up_and_the_loop_stays_alive(keyring_over):
    backend = Stuck()
    keyring = keyring_over(backend, limit_s=0.2)
    ticks = []

    async def tick():
        while True:
            ticks.append(time.monotonic())
            await asyncio.sleep(0.01)

    ticking = asyncio.ensure_future(tick())
    started = time.monotonic()
    with pytest.raises(VaultLockedError, match="has not answered"):
        await keyring.put("a", "secret")
    assert 0.15 < time.monotonic() - started < 1.0
    assert max(b - a for a, b in itertools.pairwise(ticks)) < 0.15

    started = time.monotonic()
    with pytest.raises(VaultLockedError, match="has not answered"):
        await keyring.get("a")
    assert time.monotonic() - started < 0.05

    backend.release.set()
    await asyncio.sleep(0.05)
    assert await keyring.get("a") == "secret"
    ticking.cancel()


async def test_waiting_behind_others_is_not_hanging(keyring_over):
    class Slow(DictKeyring):
        def get_password(self, service, username):
            time.sleep(0.05)

    keyring = keyring_over(Slow(), limit_s=0.2)
    assert await asyncio.gather(*(keyring.get("a") for _ in range(10))) == [None] * 10


async def test_a_cancelled_caller_leaves_the_thread_in_order(keyring_over):
    backend = Stuck()
    keyring = keyring_over(backend)
    waiting = asyncio.ensure_future(keyring.put("a", "secret"))
    await asyncio.sleep(0.02)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    backend.release.set()
    assert await keyring.get("a") == "secret"


@pytest.mark.parametrize(
    "backend", [fail.Keyring(), null.Keyring(), PlaintextKeyring(), OtherPlaintextKeyring()]
)
def test_backends_that_keep_nothing_safe_are_refused_by_name(backend):
    assert not is_proper(backend)


def test_other_backends_are_taken():
    assert is_proper(DictKeyring())


@pytest.fixture
def offered(monkeypatch):
    """Let the keyring library choose this backend."""

    def offer(backend):
        monkeypatch.setattr("keyring.core.init_backend", lambda limit: None)
        monkeypatch.setattr("keyring.core.get_keyring", lambda: backend)

    return offer


def chain(monkeypatch, *backends):
    monkeypatch.setattr(chainer.ChainerBackend, "backends", list(backends))
    return chainer.ChainerBackend()


@pytest.mark.parametrize("backend", [fail.Keyring(), null.Keyring(), PlaintextKeyring()])
def test_a_refused_backend_is_not_used_even_if_it_is_the_configured_one(offered, backend):
    offered(backend)
    with pytest.raises(VaultLockedError, match="no keyring that keeps secrets safe"):
        find_proper_backend()


def test_a_chain_of_refused_backends_is_refused(offered, monkeypatch):
    offered(chain(monkeypatch, PlaintextKeyring(), null.Keyring()))
    with pytest.raises(VaultLockedError):
        find_proper_backend()


def test_of_a_mixed_chain_the_proper_member_alone_is_used(offered, monkeypatch):
    proper = DictKeyring()
    offered(chain(monkeypatch, PlaintextKeyring(), proper))
    assert find_proper_backend() is proper


FIND = """
import asyncio
from grokdesk.domain.errors import VaultLockedError
from grokdesk.store.os_keyring import OsKeyring
keyring = OsKeyring("Grokdesk")
try:
    asyncio.run(keyring.check())
except VaultLockedError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a keyring")
@pytest.mark.parametrize(
    "configured", ["", "keyring.backends.null.Keyring", "keyring.backends.chainer.ChainerBackend"]
)
def test_without_a_keyring_service_there_is_a_plain_sentence(tmp_path, configured):
    environ = {name: value for name, value in os.environ.items() if "DBUS" not in name}
    environ |= {"HOME": str(tmp_path), "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
    if configured:
        environ["PYTHON_KEYRING_BACKEND"] = configured
    result = subprocess.run(
        [sys.executable, "-c", FIND], env=environ, capture_output=True, text=True, timeout=60
    )
    assert result.stdout == "This system offers no keyring that keeps secrets safe.\n"
    assert list(tmp_path.rglob("*pass*")) == []


FIND_TWICE = """
import os, sys
from grokdesk.domain.errors import VaultLockedError
from grokdesk.store.os_keyring import find_proper_backend
try:
    find_proper_backend()
except VaultLockedError as error:
    print(error)
sys.stdin.readline()
os.environ["DBUS_SESSION_BUS_ADDRESS"] = sys.argv[1]
try:
    print(type(find_proper_backend()).__module__)
except VaultLockedError as error:
    print(error)
"""
NONE_THERE = "This system offers no keyring that keeps secrets safe.\n"


@pytest.mark.keyring
@pytest.mark.skipif(bool(MISSING), reason=REASON)
@pytest.mark.parametrize(
    ("configured", "later"),
    [
        ("", "keyring.backends.SecretService\n"),
        ("keyring.backends.null.Keyring", NONE_THERE),
        ("keyring.backends.fail.Keyring", NONE_THERE),
    ],
)
def test_a_keyring_that_comes_up_later_is_found(configured, later):
    """Unless the user wants none."""
    with SecretService() as service:
        environ = service.environ | {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
        if configured:
            environ["PYTHON_KEYRING_BACKEND"] = configured
        found = subprocess.run(
            [sys.executable, "-c", FIND_TWICE, service.address],
            env=environ,
            input="\n",
            capture_output=True,
            text=True,
            check=True,
        )
    assert found.stdout == NONE_THERE + later
