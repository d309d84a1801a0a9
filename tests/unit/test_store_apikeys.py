"""API keys as rows."""

import dataclasses

import pytest

from grokdesk.domain.apikey import ApiKey, ReasoningFormat
from grokdesk.domain.errors import ConflictError
from grokdesk.domain.model_names import parse_aliases, parse_patterns
from grokdesk.domain.usage import KeyUsage, TokenCount, UsageRow
from grokdesk.store.apikeys import ApiKeyStore
from grokdesk.store.connection import raw
from grokdesk.store.db import Database
from grokdesk.store.migrations import MIGRATIONS
from grokdesk.store.opening import open_file
from grokdesk.store.usage import UsageStore

HOUR = 3600.0
TODAY = 1_700_000_400.0 - 1_700_000_400.0 % 86_400.0

KEY = ApiKey("k1", "Laptop", "digest1", "gd-…abcd", 10.0)
LIMITED = ApiKey(
    "k0",
    "Old",
    "digest0",
    "gd-…",
    5.0,
    enabled=False,
    expires_at=99.5,
    models=parse_patterns("grok-chat-*, grok-4"),
    aliases=parse_aliases("gpt-*=grok-4"),
    requests_per_minute=60,
    requests_per_day=1000,
    max_concurrent=4,
    reasoning_format=ReasoningFormat.THINK,
)


@pytest.fixture
async def database(tmp_path):
    database = Database(tmp_path / "grokdesk.db")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def store(database):
    return ApiKeyStore(database)


async def test_a_key_comes_back_as_it_was_saved(store):
    await store.insert(KEY)
    await store.insert(LIMITED)
    assert await store.all() == (LIMITED, KEY)
    assert [key.enabled for key in await store.all()] == [False, True]


async def test_a_changed_key_comes_back_changed_and_no_other(store):
    await store.insert(KEY)
    await store.insert(dataclasses.replace(KEY, id="k2", digest="digest2"))
    changed = dataclasses.replace(LIMITED, id="k2", digest="digest2", created_at=20.0)
    await store.update(changed)
    assert await store.all() == (KEY, changed)


async def test_a_deleted_key_is_gone(store):
    await store.insert(KEY)
    await store.delete("k1")
    assert await store.all() == ()


async def test_the_same_key_cannot_be_stored_twice(store):
    await store.insert(KEY)
    with pytest.raises(ConflictError, match="Laptop"):
        await store.insert(dataclasses.replace(KEY, id="k2"))


async def test_a_key_of_an_earlier_version_may_do_all_it_could(tmp_path):
    path = tmp_path / "old.db"
    earlier = open_file(path, 0.0, MIGRATIONS[:2]).sql
    row = "('k1', 'Laptop', 'digest1', 'gd-…abcd', 10, 1, 7)"
    raw(earlier).execute(f"INSERT INTO api_key VALUES {row}")
    earlier.close()
    database = Database(path)
    await database.open()
    assert await ApiKeyStore(database).all() == (KEY,)
    await database.close()


def used(at, key_id="k1", *, tokens=30, total_s=2.0):
    count = TokenCount(tokens // 3, tokens - tokens // 3)
    return UsageRow("req", at, "chat", "grok-4", key_id, "a", "ok", 0.5, total_s, count, 1, True)


async def test_what_a_key_was_used_for_is_told_by_day_and_month(store, database):
    usage = UsageStore(database)
    await store.insert(KEY)
    await store.insert(LIMITED)
    for at in (TODAY - 31 * 24 * HOUR, TODAY - HOUR, TODAY + HOUR, TODAY + 2 * HOUR):
        usage.record(used(at))
    usage.record(used(TODAY + HOUR, key_id=""))
    found = await usage.by_key(TODAY, TODAY - 30 * 24 * HOUR)
    assert found["k1"] == KeyUsage(2, 60, 3, 90, last_used_at=TODAY + 2 * HOUR + 2.0)
    assert found["k0"] == KeyUsage()


async def test_the_last_use_is_when_the_latest_request_ended(store, database):
    usage = UsageStore(database)
    await store.insert(KEY)
    usage.record(used(TODAY + 50, total_s=1.0))
    usage.record(used(TODAY, total_s=60.0))
    assert (await usage.by_key(TODAY, TODAY))["k1"].last_used_at == TODAY + 60.0


async def test_a_clock_set_back_does_not_stop_the_keeping_of_the_last_use(store, database):
    usage = UsageStore(database)
    await store.insert(KEY)
    for at in (TODAY, TODAY - 5 * HOUR):
        usage.record(used(at, total_s=0.0))
        await usage.fold()
    assert (await usage.by_key(TODAY, TODAY))["k1"].last_used_at == TODAY - 5 * HOUR
