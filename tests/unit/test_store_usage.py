"""Usage rows, their totals per hour, and what happens when they cannot be saved."""

import asyncio
import dataclasses
import signal
import statistics
import sys

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
async def store(db):
    usage = UsageStore(db)
    await usage.open()
    return usage


def journal_of(db):
    return db.path.with_suffix(".usage")


def fetch(db, query):
    return db.call(lambda: db.raw.execute(query).fetchall())


async def test_a_folded_row_is_in_the_table_with_every_field(store, db):
    store.record(row(first=None, outcome="RateLimitedError", attempts=3, streamed=False))
    await store.fold()
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
    for each in rows:
        store.record(each)
    await store.fold()
    hours = "SELECT hour, model, key_id, requests, failed, cancelled, completion_tokens, total_s"
    assert await fetch(db, f"{hours} FROM usage_hour ORDER BY hour, model, key_id") == [
        (START, "grok-4", "k1", 3, 1, 1, 60, 6.0),
        (START, "grok-4", "k2", 1, 0, 0, 20, 2.0),
        (START, "other", "k1", 1, 0, 0, 20, 2.0),
        (START + HOUR, "grok-4", "k1", 1, 0, 0, 20, 2.0),
    ]


async def test_a_row_is_in_the_journal_at_once_and_in_the_table_soon(store, db):
    folding = asyncio.ensure_future(store.keep_folding())
    for number in range(3):
        store.record(row(request_id=f"req-{number}"))
    assert journal_of(db).read_bytes().count(b"req-") == 3
    async with asyncio.timeout(5):
        while await fetch(db, "SELECT count(DISTINCT request_id) FROM usage") != [(3,)]:
            await asyncio.sleep(0.02)
    folding.cancel()


async def test_rows_recorded_and_folded_at_once_are_each_counted_once(store, db):
    for number in range(300):
        store.record(row(request_id=str(number)))
        if number % 50 == 0:
            await asyncio.gather(store.fold(), store.fold(), store.summary(0.0))
    await store.fold()
    found = await fetch(db, "SELECT count(*), count(DISTINCT request_id) FROM usage")
    assert found == [(300, 300)]


async def test_the_journal_of_a_dead_process_is_taken_in_once(store, db):
    store.record(row(request_id="folded"))
    await store.fold()
    for name in ("left 1", "left 2"):
        store.record(row(request_id=name))
    with journal_of(db).open("ab") as file:
        file.write(b'["half a row')
    for _restart in range(3):
        again = UsageStore(db)
        await again.open()
        assert (await again.summary(0.0)).requests == 3
    found = await fetch(db, "SELECT request_id FROM usage ORDER BY id")
    assert found == [("folded",), ("left 1",), ("left 2",)]


@pytest.mark.parametrize("cut", [0, 5, 16, 17])
async def test_a_journal_cut_short_or_missing_is_begun_anew(store, db, cut):
    store.record(row())
    await store.fold()
    journal_of(db).write_bytes(journal_of(db).read_bytes()[:cut])
    for number in range(2):
        again = UsageStore(db)
        await again.open()
        assert (await again.summary(0.0)).requests == 1 + number
        again.record(row())
        journal_of(db).stat()


async def test_lines_that_are_no_rows_are_left_out(store, db):
    with journal_of(db).open("ab") as file:
        file.write(b'\x00\x00\x00\n{"a": 1}\n[1, 2]\n["r", "x"]\n')
    store.record(row())
    again = UsageStore(db)
    await again.open()
    assert (await again.summary(0.0)).requests == 1


async def test_a_long_journal_is_emptied_once_its_rows_are_in_the_tables(store, db):
    for number in range(300):
        store.record(row(request_id=str(number), model="m" * 4000))
    assert journal_of(db).stat().st_size > 1 << 20
    await store.fold()
    assert journal_of(db).stat().st_size < 100
    store.record(row(request_id="after"))
    again = UsageStore(db)
    await again.open()
    assert (await again.summary(0.0)).requests == 301


async def test_without_a_file_rows_are_counted_all_the_same():
    db = Database(None)
    await db.open()
    store = UsageStore(db)
    await store.open()
    store.record(row())
    assert (await store.summary(0.0)).requests == 1
    await store.close()
    await db.close()


async def test_a_journal_that_cannot_be_opened_only_costs_its_protection(db, caplog):
    journal_of(db).mkdir()
    store = UsageStore(db)
    await store.open()
    assert "journal cannot be used" in caplog.text
    store.record(row())
    assert (await store.summary(0.0)).requests == 1


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
async def test_a_row_that_the_disk_takes_only_in_part_leaves_no_trace_in_the_journal(store, db):
    import resource

    store.record(row(request_id="before"))
    size = journal_of(db).stat().st_size
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, old[1]))
        store.record(row(request_id="in memory"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, ignored)
    assert journal_of(db).stat().st_size == size
    store.record(row(request_id="after"))
    assert (await store.summary(0.0)).requests == 3


async def test_the_summary_of_nothing_is_empty(store):
    assert await store.summary(0.0) == UsageSummary()


@pytest.mark.parametrize("offset", [0.0, 0.1, 1800.0, 3599.0])
async def test_the_summary_is_exact_wherever_in_the_hour_it_begins(store, offset):
    times = [START + step * 450.0 for step in range(32)]
    for number, at in enumerate(times):
        outcome = ("ok", "cancelled", "UpstreamError")[number % 3]
        store.record(row(at, outcome, first=float(number)))
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
        store.record(row(START + number, first=float(number)))
    store.record(row(START + 701, first=None))
    store.record(row(START + 702, outcome="UpstreamError", first=9999.0))
    summary = await store.summary(START)
    assert summary.median_first_chunk_s == statistics.median(range(200, 700))


async def test_forgetting_deletes_old_rows_and_keeps_their_totals(store, db):
    for number in range(5000):
        store.record(row(START + number))
    await store.fold()
    assert await store.forget(START + 4990) == 4990
    assert await fetch(db, "SELECT count(*) FROM usage") == [(10,)]
    assert (await store.summary(START)).requests == 5000


async def test_rows_that_a_full_disk_refuses_wait_in_memory_until_there_is_space(store, db):
    pages = (await fetch(db, "PRAGMA page_count"))[0][0]
    await fetch(db, f"PRAGMA max_page_count = {pages}")
    for number in range(200):
        store.record(row(request_id=f"{number}", model=f"{number:0400d}"))
        await store.fold()
    assert "disk is full" in db.trouble
    assert store.unsaved > 0
    await fetch(db, "PRAGMA max_page_count = 100000")
    store.record(row(request_id="after"))
    await store.fold()
    assert (store.unsaved, db.trouble) == (0, "")
    assert await fetch(db, "SELECT count(DISTINCT request_id) FROM usage") == [(201,)]


async def test_no_more_than_ten_thousand_rows_wait_and_the_newest_stay(store, db):
    pages = (await fetch(db, "PRAGMA page_count"))[0][0]
    await fetch(db, f"PRAGMA max_page_count = {pages}")
    big = "x" * 5000
    for start in range(0, 10_200, 100):
        for number in range(start, start + 100):
            store.record(row(request_id=f"{number}", model=big))
        await store.fold()
    assert store.unsaved == 10_000
    await fetch(db, "PRAGMA max_page_count = 100000")
    await store.fold()
    assert store.unsaved == 0
    assert await fetch(db, "SELECT min(CAST(request_id AS INTEGER)) FROM usage") == [(200,)]


async def test_a_closed_database_does_not_swallow_rows(tmp_path):
    db = Database(tmp_path / "other.db")
    await db.open()
    await db.close()
    with pytest.raises(StoreError, match="closed"):
        UsageStore(db).record(row())
