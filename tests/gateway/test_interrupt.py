"""Ending calls from our side, told apart from clients that left."""

import asyncio
import contextlib

import pytest

from grokdesk.domain.errors import GatewayPausedError
from grokdesk.gateway.interrupt import RunningCalls


@pytest.fixture
def calls():
    return RunningCalls()


async def test_an_interrupted_block_raises_the_given_error(calls):
    async def run():
        with calls.block():
            await asyncio.sleep(10)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(_outcome(run()))
        await asyncio.sleep(0)
        calls.interrupt(GatewayPausedError("stop"))
    assert isinstance(task.result(), GatewayPausedError)
    assert len(calls) == 0


async def test_the_first_reason_to_interrupt_counts(calls):
    async def run():
        with calls.block() as block:
            block.interrupt(GatewayPausedError("first"))
            block.interrupt(GatewayPausedError("second"))
            await asyncio.sleep(10)

    assert str(await _outcome(run())) == "first"


async def test_a_task_goes_on_after_it_was_interrupted(calls):
    async def run():
        with contextlib.suppress(GatewayPausedError), calls.block() as block:
            block.interrupt(GatewayPausedError("stop"))
            await asyncio.sleep(10)
        await asyncio.sleep(0)
        return "went on"

    assert await _outcome(run()) == "went on"


async def test_a_client_that_leaves_at_the_same_time_wins(calls):
    async def run():
        with calls.block():
            await asyncio.sleep(10)

    task = asyncio.get_running_loop().create_task(run())
    await asyncio.sleep(0)
    calls.interrupt(GatewayPausedError("stop"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancelled_block_that_nobody_interrupted_stays_cancelled(calls):
    async def run():
        with calls.block():
            await asyncio.sleep(10)

    task = asyncio.get_running_loop().create_task(run())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(calls) == 0


async def test_the_calls_of_one_key_end_and_no_others(calls):
    async def run(key_id):
        with calls.block(key_id):
            await asyncio.sleep(0.05)
        return "done"

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_outcome(run(key_id))) for key_id in ("a", "b", "a", "")]
        await asyncio.sleep(0)
        calls.interrupt_key("a", GatewayPausedError("ended"))
    first, second, third, keyless = [task.result() for task in tasks]
    assert isinstance(first, GatewayPausedError)
    assert isinstance(third, GatewayPausedError)
    assert (second, keyless) == ("done", "done")


async def test_an_error_of_the_block_itself_is_kept(calls):
    async def run():
        with calls.block() as block:
            block.interrupt(GatewayPausedError("stop"))
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                raise KeyError("own") from None

    assert isinstance(await _outcome(run()), KeyError)


async def test_waiting_for_idle_has_a_limit(calls):
    assert await calls.wait_idle(0.01)
    with calls.block():
        assert not await calls.wait_idle(0.01)
    assert await calls.wait_idle(0.01)


async def _outcome(coroutine):
    try:
        return await coroutine
    except Exception as error:
        return error
