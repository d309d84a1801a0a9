"""The master key: where it is found, when it is refused, and that a crash cannot halve it."""

import base64
import os
import re
import shutil
import stat
import subprocess
import sys

import pytest

from grokdesk.domain.errors import VaultLockedError
from grokdesk.store.masterkey import (
    CREDENTIAL_NAME,
    FILE_NAME,
    FILE_VARIABLE,
    KEYRING_USER,
    MasterKey,
    MasterKeys,
    create_key_file,
    read_key_file,
)
from grokdesk.store.os_keyring import OsKeyring
from tests.unit.test_store_os_keyring import Broken, DictKeyring

SECRET = bytes(range(32))
OTHER = bytes(range(100, 132))


def keyring_over(backend):
    return OsKeyring("Grokdesk", find_backend=lambda: backend)


@pytest.fixture
def backend():
    return DictKeyring()


@pytest.fixture
def keys(tmp_path, backend):
    def build(*, environ=(), allow_file=False, with_backend=backend):
        return MasterKeys(
            keyring_over(with_backend), tmp_path, dict(environ), allow_file=allow_file
        )

    return build


def key_file(path, secret=SECRET, mode=0o600):
    path.write_bytes(base64.b64encode(secret) + b"\n")
    path.chmod(mode)
    return path


async def test_the_first_key_goes_to_the_keyring_and_is_found_there_again(keys, backend):
    made = await keys().open("", may_create=True)
    assert made.origin == "the OS keyring"
    assert not made.in_file
    assert base64.b64decode(backend.secrets["Grokdesk", KEYRING_USER]) == made.secret
    assert await keys().open(made.id, may_create=False) == made


async def test_two_new_keys_differ(keys, tmp_path):
    first = await keys(with_backend=DictKeyring()).open("", may_create=True)
    second = await keys(with_backend=DictKeyring()).open("", may_create=True)
    assert first.secret != second.secret
    assert len(first.secret) == 32


async def test_without_a_keyring_the_key_goes_to_a_private_file_if_that_is_allowed(keys, tmp_path):
    broken = Broken(OSError("no bus"))
    made = await keys(allow_file=True, with_backend=broken).open("", may_create=True)
    path = tmp_path / FILE_NAME
    assert made.in_file
    assert str(path) in made.origin
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == [FILE_NAME]
    again = await keys(with_backend=broken).open(made.id, may_create=False)
    assert again.secret == made.secret


async def test_without_a_keyring_and_a_file_there_is_no_key(keys, tmp_path):
    with pytest.raises(VaultLockedError):
        await keys(with_backend=Broken(OSError("no bus"))).open("", may_create=True)
    assert list(tmp_path.iterdir()) == []


async def test_no_key_is_made_while_tokens_wait_for_theirs(keys, backend, tmp_path):
    with pytest.raises(VaultLockedError, match="is missing"):
        await keys(allow_file=True).open("known", may_create=False)
    assert backend.secrets == {}
    assert list(tmp_path.iterdir()) == []


async def test_a_locked_keyring_is_the_reason_given_when_the_key_may_be_in_it(keys):
    locked = keys(with_backend=Broken(OSError("no")), allow_file=True)
    with pytest.raises(VaultLockedError, match="OS keyring cannot be used"):
        await locked.open("known", may_create=False)


async def test_another_key_than_the_one_used_for_sealing_is_named(keys, tmp_path):
    key_file(tmp_path / FILE_NAME, OTHER)
    with pytest.raises(VaultLockedError, match=re.escape(FILE_NAME)):
        await keys().open(MasterKey(SECRET, "").id, may_create=False)


async def test_of_several_keys_the_one_that_fits_is_taken(keys, backend, tmp_path):
    key_file(tmp_path / FILE_NAME, OTHER)
    backend.secrets["Grokdesk", KEYRING_USER] = base64.b64encode(SECRET).decode()
    found = await keys().open(MasterKey(SECRET, "").id, may_create=False)
    assert (found.secret, found.origin) == (SECRET, "the OS keyring")


async def test_a_file_that_was_named_is_used_and_the_keyring_left_alone(keys, backend, tmp_path):
    named = key_file(tmp_path / "named.key")
    found = await keys(environ={FILE_VARIABLE: str(named)}).open("", may_create=True)
    assert found.secret == SECRET
    assert backend.secrets == {}


async def test_a_named_file_that_does_not_exist_is_made(keys, backend, tmp_path):
    named = tmp_path / "named.key"
    made = await keys(environ={FILE_VARIABLE: str(named)}).open("", may_create=True)
    assert read_key_file(named).secret == made.secret
    assert backend.secrets == {}


async def test_a_systemd_credential_comes_first(keys, tmp_path):
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / CREDENTIAL_NAME).write_bytes(SECRET)
    (folder / CREDENTIAL_NAME).chmod(0o440)
    named = key_file(tmp_path / "named.key", OTHER)
    environ = {"CREDENTIALS_DIRECTORY": str(folder), FILE_VARIABLE: str(named)}
    found = await keys(environ=environ).open("", may_create=True)
    assert (found.secret, found.origin) == (SECRET, "the systemd credential")
    assert not found.in_file


@pytest.mark.skipif(os.name == "nt", reason="file modes of POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
async def test_a_file_that_others_can_read_is_refused_with_the_remedy(keys, tmp_path, mode):
    path = key_file(tmp_path / FILE_NAME, mode=mode)
    with pytest.raises(VaultLockedError, match=re.escape(f"chmod 600 '{path}'")):
        await keys(allow_file=True).open("", may_create=True)


@pytest.mark.parametrize(
    "content",
    [SECRET, base64.b64encode(SECRET), base64.b64encode(SECRET) + b"\r\n", SECRET.hex().encode()],
)
def test_a_key_may_be_raw_or_base64_or_hex(tmp_path, content):
    path = tmp_path / "some.key"
    path.write_bytes(content)
    path.chmod(0o600)
    assert read_key_file(path).secret == SECRET


@pytest.mark.parametrize("content", [b"", b"hunter2", b"\0" * 31, base64.b64encode(b"x" * 33)])
def test_anything_else_is_no_key_and_is_not_quoted(tmp_path, content):
    path = tmp_path / "some.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(VaultLockedError, match="openssl rand -base64 32") as caught:
        read_key_file(path)
    assert "hunter2" not in str(caught.value)


def test_a_key_does_not_show_itself():
    assert str(SECRET) not in repr(MasterKey(SECRET, "here"))
    assert MasterKey(SECRET, "here").id not in SECRET.hex()


def test_a_key_file_is_never_replaced(tmp_path):
    path = key_file(tmp_path / FILE_NAME, OTHER)
    assert create_key_file(path, SECRET).secret == OTHER
    assert [entry.name for entry in tmp_path.iterdir()] == [FILE_NAME]


CREATE = """
import sys
from pathlib import Path
from grokdesk.store.masterkey import create_key_file
create_key_file(Path(sys.argv[1]), bytes(range(32)))
"""
CALLS = "openat,write,fsync,chmod,link,unlink"


def strace(path, *options):
    command = ["strace", "-f", "-qq", f"-etrace={CALLS}", *options, sys.executable, "-c", CREATE]
    return subprocess.run([*command, str(path)], capture_output=True, text=True).returncode


def steps_of_creating(folder):
    """Each system call from the first that names the file, with its number among its kind."""
    log = folder / "log"
    strace(folder / FILE_NAME, "-o", str(log))
    calls = [line.split(maxsplit=1)[1] for line in log.read_text().splitlines()]
    names = [call.split("(")[0] for call in calls]
    first = next(number for number, call in enumerate(calls) if FILE_NAME in call)
    return [(names[at], names[: at + 1].count(names[at])) for at in range(first, len(names))]


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_a_kill_at_any_step_leaves_no_key_file_or_a_whole_one(tmp_path):
    if strace(tmp_path / FILE_NAME, "-o", os.devnull) != 0:
        pytest.skip("strace may not trace here")
    (tmp_path / FILE_NAME).unlink()
    exists = []
    for call, number in steps_of_creating(tmp_path):
        folder = tmp_path / f"{call}{number}"
        folder.mkdir()
        path = folder / FILE_NAME
        inject = f"--inject={call}:signal=KILL:when={number}"
        assert strace(path, "-o", os.devnull, inject) != 0
        exists.append(path.exists())
        if path.exists():
            assert read_key_file(path).secret == SECRET
    assert exists == sorted(exists)
    assert {True, False} == set(exists)
