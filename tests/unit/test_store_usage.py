"""Usage rows, their totals per hour, and what happens when they cannot be saved."""

import asyncio
import dataclasses
import statistics

import pytest

from grokdesk.domain.usage import TokenCount, UsageRow, UsageSummary
from grokdesk.store.db import Database
from grokdesk.store.errors import StoreError
from grokdesk.store.usage import UsageStore

HOUR = 3600.0
START = 1_700_000_400.0 - 1_700_000_400.0 % HOUR


def row(at=START, outcome="ok", first=0.5, **changes):
    base = UsageRow(
        "req-1",
        at,
        "chat",
        "grok-4",
        "k1",
        "a1",
        outcome,
        first,
        2.0,
        TokenCount(10, 20, 5),
        1,
        True,
    )
    return dataclasses.replace(base, **changes)


@pytest.fixture
async def db(tmp_path):
    database = Database(tmp_path / "grokdesk.db")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def store(db):
    return UsageStore(db)


def fetch(db, query):
    return db.call(lambda: db.raw.execute(query).fetchall())


async def test_a_recorded_row_is_on_disk_with_every_field(store, db):
    await store.record(row(first=None, outcome="RateLimitedError", attempts=3, streamed=False))
    expected = [1, "req-1", START, "chat", "grok-4", "k1", "a1", "RateLimitedError", None, 2.0]
    expected += [10, 20, 5, 3, 0]
    assert [list(found) for found in await fetch(db, "SELECT * FROM usage")] == [expected]


async def test_the_totals_of_the_hour_grow_with_each_row(store, db):
    rows = [
        row(),
        row(START + 3599.9, outcome="cancelled"),
        row(START + HOUR),
        row(outcome="UpstreamTimeoutError"),
        row(model="other"),
        row(key_id="k2"),
    ]
    await asyncio.gather(*map(store.record, rows))
    hours = "SELECT hour, model, key_id, requests, failed, cancelled, completion_tokens, total_s"
    assert await fetch(db, f"{hours} FROM usage_hour ORDER BY hour, model, key_id") == [
        (START, "grok-4", "k1", 3, 1, 1, 60, 6.0),
        (START, "grok-4", "k2", 1, 0, 0, 20, 2.0),
        (START, "other", "k1", 1, 0, 0, 20, 2.0),
        (START + HOUR, "grok-4", "k1", 1, 0, 0, 20, 2.0),
    ]


async def test_rows_recorded_at_once_share_few_commits_and_none_is_lost(store, db):
    await asyncio.gather(*(store.record(row(request_id=str(number))) for number in range(300)))
    found = await fetch(db, "SELECT count(DISTINCT request_id) FROM usage")
    assert found == [(300,)]


async def test_the_summary_of_nothing_is_empty(store):
    assert await store.summary(0.0) == UsageSummary()


@pytest.mark.parametrize("offset", [0.0, 0.1, 1800.0, 3599.0])
async def test_the_summary_is_exact_wherever_in_the_hour_it_begins(store, offset):
    times = [START + step * 450.0 for step in range(32)]
    for number, at in enumerate(times):
        outcome = ("ok", "cancelled", "UpstreamError")[number % 3]
        await store.record(row(at, outcome, first=float(number)))
    since = START + HOUR + offset
    counted = [number for number, at in enumerate(times) if at >= since]
    ok = [float(number) for number in counted if number % 3 == 0]
    assert await store.summary(since) == UsageSummary(
        requests=len(counted),
        failed=sum(number % 3 == 2 for number in counted),
        prompt_tokens=10 * len(counted),
        completion_tokens=20 * len(counted),
        median_first_chunk_s=statistics.median(ok),
    )


async def test_the_median_looks_at_the_last_500_answers_that_had_a_first_chunk(store):
    for number in range(700):
        await store.record(row(START + number, first=float(number)))
    await store.record(row(START + 701, first=None))
    await store.record(row(START + 702, outcome="UpstreamError", first=9999.0))
    summary = await store.summary(START)
    assert summary.median_first_chunk_s == statistics.median(range(200, 700))


async def test_forgetting_deletes_old_rows_and_keeps_their_totals(store, db):
    await asyncio.gather(*(store.record(row(START + number)) for number in range(5000)))
    assert await store.forget(START + 4990) == 4990
    assert await fetch(db, "SELECT count(*) FROM usage") == [(10,)]
    assert (await store.summary(START)).requests == 5000


async def test_rows_that_a_full_disk_refuses_wait_in_memory_until_there_is_space(store, db):
    pages = (await fetch(db, "PRAGMA page_count"))[0][0]
    await fetch(db, f"PRAGMA max_page_count = {pages}")
    for number in range(200):
        await store.record(row(request_id=f"{number}", model=f"{number:0400d}"))
    assert "disk is full" in db.trouble
    assert store.unsaved > 0
    await fetch(db, "PRAGMA max_page_count = 100000")
    await store.record(row(request_id="after"))
    assert (store.unsaved, db.trouble) == (0, "")
    assert await fetch(db, "SELECT count(DISTINCT request_id) FROM usage") == [(201,)]


async def test_no_more_than_ten_thousand_rows_wait_and_the_newest_stay(store, db):
    pages = (await fetch(db, "PRAGMA page_count"))[0][0]
    await fetch(db, f"PRAGMA max_page_count = {pages}")
    big = "x" * 5000
    for start in range(0, 10_200, 100):
        await asyncio.gather(
            *(store.record(row(request_id=f"{start + n}", model=big)) for n in range(100))
        )
    assert store.unsaved == 10_000
    await fetch(db, "PRAGMA max_page_count = 100000")
    await store.flush()
    assert store.unsaved == 0
    assert await fetch(db, "SELECT min(CAST(request_id AS INTEGER)) FROM usage") == [(200,)]


async def test_a_closed_database_does_not_swallow_rows(tmp_path):
    db = Database(tmp_path / "other.db")
    await db.open()
    await db.close()
    with pytest.raises(StoreError, match="closed"):
        await UsageStore(db).record(row())
