"""The database thread: transactions, shared commits, any loop, cancelling, closing."""

import asyncio
import os
import sqlite3
import threading
from functools import partial

import pytest

from grokdesk.domain.errors import ConflictError
from grokdesk.store import meta
from grokdesk.store.db import Database
from grokdesk.store.errors import StoreError


@pytest.fixture
async def db(tmp_path):
    database = Database(tmp_path / "data" / "grokdesk.db")
    await database.open()
    yield database
    await database.close()


def write(db, key, value="x"):
    return db.call(lambda: meta.write(db.sql, key, value))


def read(db, key):
    return db.call(lambda: meta.read(db.sql, key))


async def test_a_call_returns_what_its_function_returned(db):
    assert await db.call(lambda: 41 + 1) == 42


async def test_every_call_runs_on_the_same_thread_and_not_on_the_loops(db):
    threads = {await db.call(threading.get_ident) for _ in range(3)}
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_an_exception_reaches_the_caller_and_undoes_the_whole_call(db):
    def half():
        meta.write(db.sql, "a", "1")
        raise ConflictError("no")

    with pytest.raises(ConflictError, match="no"):
        await db.call(half)
    assert await read(db, "a") == ""


async def test_a_failing_call_leaves_the_others_of_the_same_commit_alone(db):
    block = threading.Event()
    first = asyncio.ensure_future(db.call(block.wait))

    def bad():
        meta.write(db.sql, "bad", "1")
        raise ConflictError("no")

    others = [asyncio.ensure_future(write(db, key)) for key in ("a", "b")]
    failing = asyncio.ensure_future(db.call(bad))
    others.append(asyncio.ensure_future(write(db, "c")))
    await asyncio.sleep(0)
    block.set()
    await asyncio.gather(first, *others)
    with pytest.raises(ConflictError):
        await failing
    assert [await read(db, key) for key in ("a", "b", "c", "bad")] == ["x", "x", "x", ""]


async def test_what_is_durable_is_there_after_opening_again(tmp_path):
    path = tmp_path / "grokdesk.db"
    for expected in ("", "x"):
        db = Database(path)
        await db.open()
        assert await read(db, "a") == expected
        await write(db, "a")
        await db.close()
    assert [entry.name for entry in tmp_path.iterdir()] == ["grokdesk.db"]


async def test_one_bad_call_does_not_take_its_neighbours_with_it(db):
    block = threading.Event()
    first = asyncio.ensure_future(db.call(block.wait))

    def put(name):
        meta.write(db.sql, name, "x")
        if name == "bad":
            raise ValueError(name)

    calls = {name: asyncio.ensure_future(db.call(partial(put, name))) for name in ("a", "bad", "b")}
    await asyncio.sleep(0)
    block.set()
    await first
    results = await asyncio.gather(*calls.values(), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), ValueError, type(None)]
    assert [await read(db, name) for name in calls] == ["x", "", "x"]


async def test_work_of_a_cancelled_waiter_is_done_all_the_same(db):
    block = threading.Event()
    first = asyncio.ensure_future(db.call(block.wait))
    second = asyncio.ensure_future(write(db, "a"))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    block.set()
    await first
    assert await read(db, "a") == "x"


async def test_another_loop_on_another_thread_can_use_it_at_the_same_time(db):
    async def elsewhere():
        await asyncio.gather(*(write(db, f"other{number}") for number in range(50)))
        return await read(db, "other49")

    other = asyncio.to_thread(asyncio.run, elsewhere())
    results = await asyncio.gather(other, *(write(db, f"here{number}") for number in range(50)))
    assert results[0] == "x"
    assert await read(db, "here49") == "x"


async def test_a_loop_that_closed_meanwhile_harms_nobody(db):
    block = threading.Event()

    async def leave():
        waiting = asyncio.ensure_future(db.call(block.wait))
        await asyncio.sleep(0)
        waiting.cancel()

    await asyncio.to_thread(asyncio.run, leave())
    block.set()
    assert await db.call(lambda: 1) == 1


async def test_closing_finishes_what_is_queued(tmp_path):
    db = Database(tmp_path / "grokdesk.db")
    await db.open()
    writes = [asyncio.ensure_future(write(db, str(number))) for number in range(30)]
    await asyncio.sleep(0)
    await db.close()
    await asyncio.gather(*writes)
    await db.close()
    with pytest.raises(StoreError, match="closed"):
        await read(db, "1")
    assert "grokdesk-db" not in {thread.name for thread in threading.enumerate()}


async def test_nothing_can_be_asked_before_it_is_open(tmp_path):
    with pytest.raises(StoreError):
        await Database(tmp_path / "grokdesk.db").call(lambda: 1)


async def test_in_memory_everything_works_and_nothing_is_saved():
    db = Database(None)
    await db.open()
    await write(db, "a")
    assert await read(db, "a") == "x"
    assert not db.saving
    await db.close()


@pytest.mark.skipif(os.name == "nt", reason="file modes of POSIX")
async def test_files_and_folder_are_their_owners_alone_whatever_the_umask(tmp_path):
    old = os.umask(0)
    try:
        db = Database(tmp_path / "new" / "grokdesk.db")
        await db.open()
        await write(db, "a")
        await db.backup(tmp_path / "new" / "copy.db")
        found = {entry.name: entry.stat().st_mode & 0o777 for entry in (tmp_path / "new").iterdir()}
        await db.close()
    finally:
        os.umask(old)
    assert found == dict.fromkeys(
        ("grokdesk.db", "grokdesk.db-wal", "grokdesk.db-shm", "copy.db"), 0o600
    )
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.name == "nt", reason="file modes of POSIX")
async def test_a_file_that_others_could_read_is_closed_to_them(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    path = folder / "grokdesk.db"
    path.touch(mode=0o644)
    db = Database(path)
    await db.open()
    await db.close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("foreign_keys", 1),
        ("trusted_schema", 0),
        ("secure_delete", 1),
        ("busy_timeout", 5000),
    ],
)
async def test_the_connection_is_set_up_for_safety(db, pragma, value):
    assert await db.call(lambda: db.raw.execute(f"PRAGMA {pragma}").fetchone()[0]) == value


async def test_calls_wait_for_the_disk_and_relaxed_ones_do_not(db):
    def synchronous(found):
        found.append(db.raw.execute("PRAGMA synchronous").fetchone()[0])

    found = []
    await db.call(partial(synchronous, found))
    await db.call(partial(synchronous, found), relaxed=True)
    await db.call(partial(synchronous, found))
    assert found == [2, 1, 2]


async def test_a_backup_can_be_opened_and_holds_everything(db, tmp_path):
    await write(db, "a")
    target = tmp_path / "copy.db"
    target.write_bytes(b"an older copy")
    await db.backup(target)
    copy = Database(target)
    await copy.open()
    assert await read(copy, "a") == "x"
    assert copy.notice == ""
    await copy.close()


async def test_a_full_disk_is_a_sentence_and_passes_when_there_is_space(db):
    await db.call(lambda: meta.write(db.sql, "small", "x"))
    pages = await db.call(lambda: db.raw.execute("PRAGMA page_count").fetchone()[0])
    await db.call(lambda: db.raw.execute(f"PRAGMA max_page_count = {pages}").fetchone())
    with pytest.raises(StoreError, match="disk is full"):
        await write(db, "big", "x" * 100_000)
    assert "disk is full" in db.trouble
    await db.call(lambda: db.raw.execute("PRAGMA max_page_count = 1000000").fetchone())
    await write(db, "big", "x" * 100_000)
    assert db.trouble == ""


async def test_a_mistake_in_our_sql_is_not_blamed_on_the_disk(db):
    with pytest.raises(sqlite3.OperationalError, match="syntax"):
        await db.call(lambda: db.raw.execute("SELEKT"))
    assert db.trouble == ""


async def test_damage_that_shows_while_running_asks_for_a_check_at_the_next_start(db):
    error = sqlite3.DatabaseError("database disk image is malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT

    def fail():
        raise error

    with pytest.raises(StoreError, match="damaged"):
        await db.call(fail)
    assert (db.path.parent / "grokdesk.db-suspect").exists()
