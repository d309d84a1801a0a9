"""The loop's lag: seen when the loop is blocked, and not a timer when nobody asks."""

import asyncio
import time

import pytest

from grokdesk.kernel.looplag import LoopLag


@pytest.fixture
def heard():
    return []


@pytest.fixture
def lag(heard):
    lag = LoopLag(heard.append, period_s=0.02)
    yield lag
    lag.stop()


async def until_heard(heard, number):
    async with asyncio.timeout(5):
        while len(heard) < number:
            await asyncio.sleep(0.005)


async def test_a_blocked_loop_is_late_by_the_time_it_was_blocked(lag, heard):
    lag.start()
    await until_heard(heard, 1)
    heard.clear()
    time.sleep(0.2)
    await until_heard(heard, 1)
    assert 0.15 < heard[0] < 2.0


async def test_it_is_heard_once_per_period_and_never_negative(lag, heard):
    lag.start()
    lag.start()
    started = time.monotonic()
    await until_heard(heard, 5)
    assert time.monotonic() - started >= 5 * 0.02 * 0.95
    assert min(heard) >= 0


async def test_the_longest_is_told_once(lag, heard):
    lag.start()
    await until_heard(heard, 1)
    time.sleep(0.2)
    await until_heard(heard, 4)
    longest = lag.take_longest()
    assert longest == max(heard)
    assert longest > 0.15
    assert lag.take_longest() == 0.0


async def test_after_a_stop_there_is_no_timer_left(lag, heard):
    lag.start()
    await until_heard(heard, 1)
    lag.stop()
    lag.stop()
    heard.clear()
    assert not [
        handle for handle in asyncio.get_running_loop()._scheduled if not handle.cancelled()
    ]
    await asyncio.sleep(0.06)
    assert heard == []


async def test_it_can_be_started_again(lag, heard):
    lag.start()
    lag.stop()
    lag.start()
    await until_heard(heard, 1)
