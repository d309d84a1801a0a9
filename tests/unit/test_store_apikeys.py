"""API keys as rows."""

import dataclasses

import pytest

from grokdesk.domain.apikey import ApiKey
from grokdesk.domain.errors import ConflictError
from grokdesk.store.apikeys import ApiKeyStore
from grokdesk.store.db import Database

KEY = ApiKey("k1", "Laptop", "digest1", "gd-…abcd", 10.0)


@pytest.fixture
async def store(tmp_path):
    database = Database(tmp_path / "grokdesk.db")
    await database.open()
    yield ApiKeyStore(database)
    await database.close()


async def test_a_key_comes_back_as_it_was_saved(store):
    disabled = ApiKey("k0", "Old", "digest0", "gd-…", 5.0, enabled=False, last_used_at=7.0)
    await store.insert(KEY)
    await store.insert(disabled)
    assert await store.all() == (disabled, KEY)
    assert [key.enabled for key in await store.all()] == [False, True]


async def test_a_deleted_key_is_gone(store):
    await store.insert(KEY)
    await store.delete("k1")
    assert await store.all() == ()


async def test_the_same_key_cannot_be_stored_twice(store):
    await store.insert(KEY)
    with pytest.raises(ConflictError, match="Laptop"):
        await store.insert(dataclasses.replace(KEY, id="k2"))


async def test_the_last_use_is_kept_to_the_minute(store):
    await store.insert(KEY)
    seen = []
    for at in (100.0, 130.0, 159.9, 160.0):
        await store.touch("k1", at)
        seen.append((await store.all())[0].last_used_at)
    assert seen == [100.0, 100.0, 100.0, 160.0]


async def test_a_clock_set_back_does_not_stop_the_keeping(store):
    await store.insert(KEY)
    await store.touch("k1", 1_000_000.0)
    await store.touch("k1", 500.0)
    assert (await store.all())[0].last_used_at == 500.0
