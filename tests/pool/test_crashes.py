"""A request that ends at any of its awaits, however it ends, leaves nothing behind."""

import asyncio
import functools
import random
import types
from collections import Counter as Counted
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import pytest

from grokdesk.domain.account import Tier
from grokdesk.domain.chat import Emit
from grokdesk.domain.errors import (
    ChallengedError,
    GrokdeskError,
    IncompleteReplyError,
    RateLimitedError,
    UpstreamUnavailableError,
)
from grokdesk.domain.quota import Mode
from tests.pool.counter import TOTAL, Counter, Make, account, answer, window

Crash = Callable[[], BaseException]


@types.coroutine
def crashing(
    coroutine: Coroutine[Any, Any, object], nth: int, crash: Crash, note: Callable[[], None]
) -> Generator[Any, Any, bool]:
    """Run it up to its `nth` await, where `crash` is raised; false if it ended before."""
    step: Callable[[], Any] = functools.partial(coroutine.send, None)
    count = 0
    while True:
        try:
            awaited = step()
        except StopIteration:
            return count >= nth
        count += 1
        if count == nth:
            note()
            error = crash()
            if isinstance(error, GeneratorExit):
                coroutine.close()
                return True
            step = functools.partial(coroutine.throw, error)
            continue
        try:
            step = functools.partial(coroutine.send, (yield awaited))
        except BaseException as error:
            step = functools.partial(coroutine.throw, error)


async def fails_over(counter: Counter) -> None:
    """Two accounts fail, one of them only once, before somebody answers."""
    failures = [UpstreamUnavailableError("down"), ChallengedError("?"), ChallengedError("?")]

    async def play(account_id: str, emit: Emit) -> None:
        await asyncio.sleep(0)
        if failures:
            raise failures.pop(0)
        await answer(account_id, emit)

    counter.upstream.play = play


async def pauses(counter: Counter) -> None:
    """Everybody fails, and after a pause one answers."""
    failures = [IncompleteReplyError("cut")] * 4

    async def play(account_id: str, emit: Emit) -> None:
        if failures:
            raise failures.pop(0)
        await answer(account_id, emit)

    counter.upstream.play = play


async def waits(counter: Counter) -> None:
    """All accounts are busy at first."""
    leases = [counter.pool.lease(Mode.FAST, Tier.BASIC) for _ in range(24)]

    def end() -> None:
        for lease in leases:
            lease.settle()

    asyncio.get_running_loop().call_later(0.002, end)


async def answers(_counter: Counter) -> None: ...


@pytest.mark.parametrize("scenario", [answers, fails_over, pauses, waits])
@pytest.mark.parametrize("crash", [asyncio.CancelledError, ZeroDivisionError, GeneratorExit])
async def test_a_crash_at_any_await_leaves_no_lease_and_a_true_ledger(
    counters: Make, scenario: Callable[[Counter], Any], crash: Crash
) -> None:
    nth, crashed = 0, True
    while crashed:
        nth += 1
        counter = counters("abc")
        await scenario(counter)
        crashed = await _crash(counter, nth, crash)
        await asyncio.sleep(0.003)
        assert counter.pool.in_flight == 0
        assert all(view.in_flight == 0 for view in counter.pool.views())
        assert len(counter.pool.turnstile) == 0
        counter.upstream.play = answer
        assert (await asyncio.wait_for(counter.ask(), 2.0)).model == "grok-fast"
    assert nth > 6


async def _crash(counter: Counter, nth: int, crash: Crash) -> bool:
    """Whether it came to that."""
    spent: list[int] = []
    request = crashing(counter.ask(), nth, crash, lambda: spent.append(counter.spent))
    try:
        crashed = await request
    except crash:  # type: ignore[misc]
        crashed = True
    if crashed:
        assert counter.spent == spent[0]  # a call that was cut stays spent, and no other is
    return crashed


async def test_hundreds_of_requests_cancelled_anywhere_leave_nothing(counters: Make) -> None:
    rng = random.Random(3)
    counter = counters("abcd", cap=3)
    counter.upstream.play = functools.partial(_moody, rng)
    outcomes: Counted[str] = Counted()

    async def visitor() -> None:
        try:
            async with asyncio.timeout(rng.choice((0.0, 0.001, 0.01, 0.05, 5.0))):
                await asyncio.sleep(rng.random() * 0.3)
                await counter.ask()
            outcomes["ok"] += 1
        except (TimeoutError, GrokdeskError) as error:
            outcomes[type(error).__name__] += 1

    async with asyncio.TaskGroup() as group:
        visitors = [group.create_task(visitor()) for _ in range(600)]
        for _ in range(100):
            rng.choice(visitors).cancel()
            await asyncio.sleep(0.002)
            if rng.random() < 0.1:
                counter.pool.remove("d")
                counter.pool.put(account("d"), [window()])
    assert outcomes["ok"] > 50
    assert outcomes["TimeoutError"] > 50
    assert counter.pool.in_flight == 0
    assert all(view.in_flight == 0 for view in counter.pool.views())
    assert len(counter.pool.turnstile) == 0
    assert all(0 <= w.remaining <= TOTAL for v in counter.pool.views() for w in v.windows)


async def _moody(rng: random.Random, account_id: str, emit: Emit) -> None:
    await asyncio.sleep(rng.random() * 0.005)
    draw = rng.random()
    if draw < 0.1:
        raise UpstreamUnavailableError("down")
    if draw < 0.15:
        raise ChallengedError("?")
    if draw < 0.17:
        raise RateLimitedError("full", retry_after=1.0)
    await answer(account_id, emit)
