"""Stored responses as rows: whose they are, jobs, and that deleting leaves nothing behind."""

import dataclasses

import pytest

from grokdesk.store.db import Database
from grokdesk.store.responses import ResponseRow, ResponseStore

DONE = ResponseRow("r1", "key1", 10.0, "", False, "done", 0, b"{}", b"[]", None, b"answer")
JOB = ResponseRow("r2", "key1", 20.0, "r1", True, "queued", 0, b"{}", b"[]", b"request", None)
CANARY = b"the canary sings in the coal mine " * 300


@pytest.fixture
async def database(tmp_path):
    database = Database(tmp_path / "grokdesk.db")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def store(database):
    return ResponseStore(database)


async def test_a_response_comes_back_as_it_was_saved(store):
    await store.insert(DONE)
    await store.insert(JOB)
    assert await store.get("r1", "key1") == DONE
    assert await store.get("r2", "key1") == JOB


async def test_another_key_sees_nothing_and_deletes_nothing(store):
    await store.insert(DONE)
    assert await store.get("r1", "key2") is None
    assert not await store.delete("r1", "key2")
    assert await store.get("r1", "key1") == DONE


async def test_a_deleted_response_is_gone(store):
    await store.insert(DONE)
    assert await store.delete("r1", "key1")
    assert not await store.delete("r1", "key1")
    assert await store.get("r1", "key1") is None


async def test_jobs_are_unfinished_until_they_have_an_answer(store):
    later = dataclasses.replace(JOB, id="r3", created_at=30.0)
    for row in (DONE, later, JOB):
        await store.insert(row)
    assert [row.id for row in await store.unfinished(100.0)] == ["r2", "r3"]
    assert [row.id for row in await store.unfinished(30.0)] == ["r2"]
    assert await store.finish("r2", "done", b"said")
    assert [row.id for row in await store.unfinished(100.0)] == ["r3"]
    finished = await store.get("r2", "key1")
    assert (finished.state, finished.answer, finished.request) == ("done", b"said", None)


async def test_runs_are_counted(store):
    await store.insert(JOB)
    await store.begin("r2", "running")
    await store.begin("r2", "running")
    row = await store.get("r2", "key1")
    assert (row.state, row.runs) == ("running", 2)


async def test_what_was_deleted_does_not_come_back_when_its_job_ends(store):
    await store.insert(JOB)
    await store.delete("r2", "key1")
    assert not await store.finish("r2", "done", b"said")
    assert await store.get("r2", "key1") is None


async def test_old_responses_are_forgotten(store):
    await store.insert(DONE)
    await store.insert(JOB)
    assert await store.forget(20.0) == 1
    assert await store.get("r1", "key1") is None
    assert await store.get("r2", "key1") == JOB
    assert await store.forget(20.0) == 0


async def test_what_belongs_to_revoked_keys_is_forgotten(store):
    theirs = [
        dataclasses.replace(DONE, id=f"x{number}", key_id=f"o{number}") for number in range(5)
    ]
    for row in (DONE, *theirs):
        await store.insert(row)
    assert await store.forget_keys_but({"key1", "o3"}) == 4
    assert await store.get("r1", "key1") == DONE
    assert await store.get("x3", "o3") == theirs[3]
    assert await store.get("x2", "o2") is None


async def test_what_belongs_to_one_key_is_forgotten(store):
    await store.insert(DONE)
    await store.insert(dataclasses.replace(DONE, id="x", key_id="other"))
    assert await store.forget_key("key1") == 1
    assert await store.get("r1", "key1") is None
    assert await store.get("x", "other") is not None


@pytest.mark.parametrize("way", ["delete", "forget", "forget_key", "forget_keys_but"])
async def test_nothing_of_a_deleted_response_is_left_in_any_file(store, tmp_path, way):
    await store.insert(dataclasses.replace(DONE, input=CANARY, answer=CANARY))
    assert _files_with_the_canary(tmp_path)
    arguments = {
        "delete": ("r1", "key1"),
        "forget": (50.0,),
        "forget_key": ("key1",),
        "forget_keys_but": (set(),),
    }
    await getattr(store, way)(*arguments[way])
    assert _files_with_the_canary(tmp_path) == []


def _files_with_the_canary(folder):
    return [path.name for path in folder.iterdir() if b"canary sings" in path.read_bytes()]
