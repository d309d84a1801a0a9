import asyncio
import contextvars

import pytest

from grokdesk.kernel.tasks import TaskSupervisor


async def forever():
    await asyncio.Event().wait()


async def test_a_task_runs_gives_its_result_and_is_forgotten():
    supervisor = TaskSupervisor()

    async def work():
        return 42

    task = supervisor.spawn(work(), name="work")
    assert len(supervisor) == 1
    assert await task == 42
    await asyncio.sleep(0)
    assert len(supervisor) == 0


async def test_a_crash_is_logged_with_its_traceback(caplog):
    supervisor = TaskSupervisor()

    async def crash():
        raise ValueError("out of cheese")

    task = supervisor.spawn(crash(), name="mouse")
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert "the task mouse crashed" in caplog.text
    assert "ValueError: out of cheese" in caplog.text


async def test_a_task_nobody_waits_for_is_run_and_supervised(caplog):
    supervisor = TaskSupervisor()
    ran = asyncio.Event()

    async def crash():
        ran.set()
        raise ValueError("out of cheese")

    assert supervisor.run_soon(crash(), name="mouse") is None
    assert len(supervisor) == 1
    await ran.wait()
    await asyncio.sleep(0)
    assert len(supervisor) == 0
    assert "the task mouse crashed" in caplog.text


async def test_a_cancelled_task_is_not_a_crash(caplog):
    supervisor = TaskSupervisor()
    task = supervisor.spawn(forever(), name="idle")
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert caplog.records == []


async def test_stop_cancels_what_still_runs():
    supervisor = TaskSupervisor()
    tasks = [supervisor.spawn(forever(), name=f"idle {number}") for number in range(3)]
    await supervisor.stop()
    assert all(task.cancelled() for task in tasks)
    assert len(supervisor) == 0


async def test_stop_without_tasks_returns_at_once():
    await TaskSupervisor().stop()


async def test_stop_does_not_wait_longer_than_told_and_names_the_late_one(caplog):
    supervisor = TaskSupervisor()
    release = asyncio.Event()

    async def stubborn():
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    task = supervisor.spawn(stubborn(), name="stubborn")
    await asyncio.sleep(0)
    await supervisor.stop(timeout=0.05)
    assert "the task stubborn did not end" in caplog.text
    release.set()
    await task


async def test_a_task_may_stop_the_supervisor_that_runs_it():
    supervisor = TaskSupervisor()
    other = supervisor.spawn(forever(), name="other")

    async def last_one():
        await supervisor.stop()
        return "ended by itself"

    assert await supervisor.spawn(last_one(), name="last one") == "ended by itself"
    assert other.cancelled()


async def test_a_task_sees_the_context_it_was_given():
    variable = contextvars.ContextVar("variable", default="outside")
    context = contextvars.copy_context()
    context.run(variable.set, "inside")

    async def look():
        return variable.get()

    supervisor = TaskSupervisor()
    assert await supervisor.spawn(look(), name="look", context=context) == "inside"
    assert variable.get() == "outside"


async def test_a_crash_still_reaches_whoever_awaits_the_task():
    async def crash():
        raise ValueError("out of cheese")

    with pytest.raises(ValueError, match="cheese"):
        await TaskSupervisor().spawn(crash(), name="mouse")
