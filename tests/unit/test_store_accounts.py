"""Accounts and windows come back as they went in, and no half of one is ever stored."""

import dataclasses

import pytest

from grokdesk.domain.account import Account, AccountState, Evidence, Tier
from grokdesk.domain.errors import ConflictError
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow
from grokdesk.store import intents, meta
from grokdesk.store.accounts import AccountStore, StoredAccount
from grokdesk.store.db import Database

FULL = Account(
    id="a1",
    label="Work é",
    fingerprint="f1",
    token_hint="…abcd",
    tier=Tier.HEAVY,
    tier_pinned=True,
    enabled=False,
    state=AccountState.EXPIRED,
    user_id="u1",
    email="me@example.org",
    evidence=Evidence(5.0, "Signed out", 401, "excerpt", "req-1"),
    created_at=1.5,
    probed_at=2.5,
    demo=True,
)
PLAIN = Account(id="a2", label="Plain", fingerprint="f2", token_hint="…", created_at=2.0)
WINDOWS = (
    QuotaWindow(Mode.EXPERT, 20, 3, 7200.0, 99.5, Provenance.MEASURED, 50.0),
    QuotaWindow(Mode.FAST, 60, 60, 3600.0),
)


@pytest.fixture
async def db(tmp_path):
    database = Database(tmp_path / "grokdesk.db")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def store(db):
    return AccountStore(db)


async def test_an_account_comes_back_as_it_was_saved(store):
    await store.insert(PLAIN)
    await store.insert(FULL)
    assert await store.all() == (StoredAccount(FULL), StoredAccount(PLAIN))
    demo = [stored.account.demo for stored in await store.all()]
    assert demo == [True, False]


async def test_a_token_can_belong_to_one_account_only(store):
    await store.insert(FULL)
    again = dataclasses.replace(PLAIN, fingerprint=FULL.fingerprint)
    with pytest.raises(ConflictError, match="belongs to the account 'Work é'"):
        await store.insert(again)
    assert len(await store.all()) == 1


async def test_the_same_id_twice_is_a_conflict_too(store):
    await store.insert(FULL)
    with pytest.raises(ConflictError, match="exists already"):
        await store.insert(dataclasses.replace(PLAIN, id=FULL.id))


async def test_an_update_replaces_every_field(store):
    await store.insert(FULL)
    changed = dataclasses.replace(PLAIN, id=FULL.id)
    await store.update(changed)
    assert await store.all() == (StoredAccount(changed),)


async def test_an_update_does_not_bring_a_deleted_account_back(store):
    await store.update(FULL)
    assert await store.all() == ()


async def test_windows_are_replaced_as_a_whole_and_go_with_their_account(store, db):
    await store.insert(FULL)
    await store.save([StoredAccount(FULL, WINDOWS)])
    await store.save([StoredAccount(FULL, WINDOWS[:1])])
    assert (await store.all())[0].windows == WINDOWS[:1]
    await store.save([StoredAccount(FULL, WINDOWS)])
    assert set((await store.all())[0].windows) == set(WINDOWS)
    await store.delete(["a1"])
    rows = await db.call(lambda: db.raw.execute("SELECT count(*) FROM quota_window").fetchone()[0])
    assert rows == 0


async def test_windows_of_an_account_that_is_gone_are_not_kept(store):
    await store.save([StoredAccount(FULL, WINDOWS)])
    await store.insert(FULL)
    assert (await store.all())[0].windows == ()


async def test_a_window_of_a_mode_that_no_longer_exists_is_left_out(store, db):
    await store.insert(FULL)
    await store.save([StoredAccount(FULL, WINDOWS)])
    await db.call(lambda: db.raw.execute("UPDATE quota_window SET mode = 'gone' WHERE total = 20"))
    assert (await store.all())[0].windows == WINDOWS[1:]


async def test_ten_thousand_accounts_are_deleted_at_once(store):
    accounts = [
        dataclasses.replace(PLAIN, id=f"id{number}", fingerprint=f"fp{number}")
        for number in range(3000)
    ]
    for account in accounts:
        await store.insert(account)
    await store.delete([account.id for account in accounts[1:]])
    assert [stored.account.id for stored in await store.all()] == ["id0"]


async def test_inserting_an_account_settles_the_intent_of_its_token(store, db):
    await db.call(lambda: intents.note(db.sql, "keyring", ["a1"]))
    await store.insert(FULL)
    assert await db.call(lambda: intents.pending(db.sql, "keyring")) == []


async def test_a_refused_insert_leaves_the_intent_for_the_vault_to_settle(store, db):
    await store.insert(FULL)
    await db.call(lambda: intents.note(db.sql, "keyring", ["a2"]))
    with pytest.raises(ConflictError):
        await store.insert(dataclasses.replace(PLAIN, fingerprint=FULL.fingerprint))
    assert await db.call(lambda: intents.pending(db.sql, "keyring")) == ["a2"]


async def test_deleting_an_account_leaves_word_that_its_token_must_go(store, db):
    await db.call(lambda: meta.write(db.sql, meta.VAULT, "keyring"))
    await store.insert(FULL)
    await store.delete(["a1"])
    assert await db.call(lambda: intents.pending(db.sql, "keyring")) == ["a1"]
