"""`kill -9` and power cuts: what was reported as saved is there, whole, and nothing else is."""

import asyncio
import base64
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grokdesk.domain.account import Token
from grokdesk.domain.usage import UsageSummary
from grokdesk.store.accounts import AccountStore
from grokdesk.store.db import Database
from grokdesk.store.os_keyring import OsKeyring
from grokdesk.store.usage import UsageStore
from grokdesk.store.vault_keyring import KeyringVault
from grokdesk.store.vault_sealed import SealedVault
from tests.depth import tries
from tests.unit.secret_service import MISSING, REASON, SecretService

pytestmark = [pytest.mark.skipif(os.name == "nt", reason="SIGKILL"), pytest.mark.timeout(300)]

KEY = bytes(range(32))
SERVICE = "Grokdesk (kill)"

WRITER = """
import asyncio, sys
from pathlib import Path
from tests.unit.test_store_kill import {writes}
asyncio.run({writes}(Path(sys.argv[1]), *sys.argv[2:]))
"""


def token_of(account_id):
    return Token(f"eyJ-canary-{account_id}-{'x1y2z3' * 20}")


def vault_of(db, kind):
    if kind == "sealed":
        return SealedVault(db, KEY)
    from keyring.backends.SecretService import Keyring

    return KeyringVault(db, OsKeyring(SERVICE, find_backend=Keyring))


def report(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def import_and_remove(path, kind, start):
    """What the importer does, three at a time; every fourth account is removed again."""
    from grokdesk.domain.account import Account

    db = Database(path)
    await db.open()
    store, vault = AccountStore(db), vault_of(db, kind)
    await vault.take_over("")
    report("ready")

    async def one(account_id, *, remove):
        token = token_of(account_id)
        await vault.put(account_id, token)
        await store.insert(Account(account_id, "label", token.fingerprint, token.hint))
        report(f"saved {account_id}")
        if remove:
            report(f"removing {account_id}")
            await store.delete([account_id])
            await vault.delete(account_id)

    number = int(start)
    while True:
        await asyncio.gather(*(one(f"n{n}", remove=n % 4 == 3) for n in range(number, number + 3)))
        number += 3


async def record_usage(path, start):
    from tests.unit.test_store_usage import row

    db = Database(path)
    await db.open()
    store = UsageStore(db)
    await store.open()
    report("ready")
    number = 0
    while True:
        for _ in range(random.randrange(5)):
            store.record(row(request_id=f"{start}-{number}"))
            report(f"saved {start}-{number}")
            number += 1
        await store.fold()


def killed(writes, path, *arguments, after_s, environ=None):
    """Start the writer, kill it this long after its first report; all that it reported."""
    command = [sys.executable, "-c", WRITER.format(writes=writes), str(path), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
        return [line.split() for line in process.stdout if line.endswith("\n")]


async def accounts_and_tokens(path, kind):
    """After `recover`: each account's token, and how many tokens there are in all."""
    db = Database(path)
    await db.open()
    assert db.notice == ""
    vault = vault_of(db, kind)
    recovered = await vault.recover()
    accounts = [stored.account for stored in await AccountStore(db).all()]
    tokens = {account.id: await vault.get(account.id) for account in accounts}
    sealed = await db.call(lambda: db.raw.execute("SELECT account_id FROM sealed_token").fetchall())
    intents = await db.call(lambda: db.raw.execute("SELECT * FROM vault_intent").fetchall())
    assert await db.call(lambda: db.raw.execute("PRAGMA integrity_check").fetchall()) == [("ok",)]
    assert intents == []
    await db.close()
    return tokens, {account_id for (account_id,) in sealed}, recovered


def check_import(reports, tokens, stored):
    saved = {name for verb, name in reports if verb == "saved"}
    removing = {name for verb, name in reports if verb == "removing"}
    assert saved - removing <= set(tokens), "an account that was reported as saved is gone"
    assert tokens == {name: token_of(name) for name in tokens}, "an account without its token"
    assert stored == set(tokens), "a token without an account"
    return saved


def assert_no_canary(folder):
    text = token_of("n1").reveal()
    forms = (text[:10], "x1y2z3x1y2z3", base64.b64encode(text.encode()).decode()[:13])
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        data = path.read_bytes()
        assert not any(form.encode() in data for form in forms), path


def test_kills_lose_no_sealed_token_and_leave_none_behind(tmp_path):
    path = tmp_path / "data" / "grokdesk.db"
    dice = random.Random()
    reports, total = [], 0
    for attempt in range(tries(10, 30)):
        start = str(attempt * 100_000)
        reports += killed(
            "import_and_remove", path, "sealed", start, after_s=dice.uniform(0.0, 0.12)
        )
        tokens, sealed, _ = asyncio.run(accounts_and_tokens(path, "sealed"))
        total = len(check_import(reports, tokens, sealed))
        assert_no_canary(tmp_path)
    assert total > 10


@pytest.mark.keyring
@pytest.mark.skipif(bool(MISSING), reason=REASON)
def test_kills_lose_no_token_of_a_real_keyring_and_leave_none_behind(tmp_path, monkeypatch):
    path = tmp_path / "data" / "grokdesk.db"
    dice = random.Random()
    reports, recovered = [], 0
    with SecretService() as service:
        for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
            monkeypatch.setenv(name, service.environ[name])
        for attempt in range(12):
            if attempt >= tries(4, 12) and recovered:
                break
            reports += killed(
                *("import_and_remove", path, "keyring", str(attempt * 1000)),
                after_s=dice.uniform(0.05, 0.6),
                environ=service.environ,
            )
            tokens, _, removed = asyncio.run(accounts_and_tokens(path, "keyring"))
            recovered += removed
            items = service.items(SERVICE)
            check_import(reports, tokens, set(items))
            assert items == {name: token_of(name).reveal() for name in tokens}
            assert_no_canary(tmp_path)
        assert len(tokens) > 4
        assert recovered > 0, "no kill came between an entry and its account"


def test_kills_lose_no_usage_row_that_was_recorded(tmp_path):
    path = tmp_path / "grokdesk.db"
    dice = random.Random()
    saved = set()
    for attempt in range(tries(5, 12)):
        reports = killed("record_usage", path, str(attempt), after_s=dice.uniform(0.0, 0.2))
        saved |= {name for _, name in reports}
        with_rows, summary = asyncio.run(usage_of(path))
        assert saved <= with_rows
        assert summary.requests == len(with_rows), "the totals differ from the rows"
    assert len(saved) > 100


async def usage_of(path) -> tuple[set[str], UsageSummary]:
    db = Database(path)
    await db.open()
    assert db.notice == ""
    store = UsageStore(db)
    await store.open()
    rows = await db.call(lambda: db.raw.execute("SELECT request_id FROM usage").fetchall())
    summary = await store.summary(0.0)
    await store.close()
    await db.close()
    assert len({request_id for (request_id,) in rows}) == len(rows)
    return {request_id for (request_id,) in rows}, summary


def test_a_power_cut_at_any_point_leaves_the_first_so_many_commits(tmp_path):
    """The log is cut at places chosen by lot, at frames and within them."""
    folder = tmp_path / "copy"
    folder.mkdir()
    asyncio.run(write_in_order(tmp_path / "grokdesk.db", folder))
    log = (folder / "grokdesk.db-wal").read_bytes()
    dice = random.Random()
    frame = 4096 + 24
    cuts = [32 + frame * dice.randrange(len(log) // frame) for _ in range(60)]
    cuts += [dice.randrange(len(log)) for _ in range(140)]
    lengths = set()
    for number, cut in enumerate(cuts):
        path = tmp_path / f"cut{number}" / "grokdesk.db"
        path.parent.mkdir()
        shutil.copy(folder / "grokdesk.db", path)
        path.with_name("grokdesk.db-wal").write_bytes(log[:cut])
        rows, summary = asyncio.run(usage_of(path))
        assert rows == {str(n) for n in range(len(rows))}
        assert summary.requests == len(rows)
        lengths.add(len(rows))
    assert len(lengths) > 30


async def write_in_order(path, copy: Path):
    from tests.unit.test_store_usage import row

    db = Database(path)
    await db.open()
    await db.call(lambda: db.raw.execute("PRAGMA wal_autocheckpoint = 0").fetchall())
    store = UsageStore(db)
    for number in range(150):
        store.record(row(request_id=str(number)))
        await store.fold()
    for name in ("grokdesk.db", "grokdesk.db-wal"):
        shutil.copy(path.with_name(name), copy / name)
    await db.close()


@pytest.mark.alone
def test_the_database_opens_quickly_after_a_kill(tmp_path):
    path = tmp_path / "grokdesk.db"
    killed("record_usage", path, "0", after_s=0.2)
    assert path.with_name("grokdesk.db-wal").stat().st_size > 0
    started = time.monotonic()
    rows, _ = asyncio.run(usage_of(path))
    assert rows
    assert time.monotonic() - started < 2.0
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
