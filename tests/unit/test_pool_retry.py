"""How often a request is tried, and how long it waits in between."""

import asyncio
import random

import pytest

from grokdesk.domain.errors import (
    ChallengedError,
    ForbiddenError,
    TokenRejectedError,
    UpstreamUnavailableError,
    VaultLockedError,
)
from grokdesk.kernel.clock import ManualClock
from grokdesk.pool.retry import JITTER, RetryPolicy, Tries
from grokdesk.pool.timekeeper import Timekeeper
from grokdesk.pool.turnstile import Turnstile

DOWN = UpstreamUnavailableError("down")


def tries(**policy: float) -> Tries:
    return Tries(RetryPolicy(**policy), random.Random(1))  # type: ignore[arg-type]


def test_pauses_double_up_to_a_limit_and_scatter() -> None:
    policy, rng = RetryPolicy(), random.Random(1)
    for nth, base in enumerate((0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0), start=1):
        drawn = [policy.pause_s(nth, None, rng) for _ in range(200)]
        assert base * (1 - JITTER) <= min(drawn) < base < max(drawn) <= base * (1 + JITTER)
    assert policy.pause_s(10_000, None, rng) <= 25.0


def test_upstreams_own_wish_is_respected_where_it_is_longer() -> None:
    assert RetryPolicy().pause_s(1, 7.0, random.Random(1)) == 7.0
    assert RetryPolicy().pause_s(1, 0.0, random.Random(1)) > 0.3


def test_an_account_that_failed_is_tried_again_after_the_others() -> None:
    left = tries(accounts=3, tries=2)
    left.failed("a", DOWN, again=False)
    assert (left.tried, left.may_take_another, left.at_once) == ({"a"}, True, [])
    left.failed("b", DOWN, again=False)
    left.failed("c", DOWN, again=False)
    assert not left.may_take_another
    repeat = left.repeat(1.0)
    assert repeat is not None
    assert repeat[1] == ["a", "b", "c"]
    left.failed("b", DOWN, again=False)
    assert left.repeat(1.0)[1] == ["a", "c"]  # type: ignore[index]


@pytest.mark.parametrize(
    "error", [TokenRejectedError("x"), ForbiddenError("x"), VaultLockedError("x")]
)
def test_what_another_try_cannot_mend_is_not_tried_again(error: Exception) -> None:
    left = tries()
    left.failed("a", error, again=False)  # type: ignore[arg-type]
    assert left.repeat(0.0) is None


def test_a_renewed_session_gives_the_same_account_one_more_try_at_once() -> None:
    left = tries(tries=2)
    left.failed("a", ChallengedError("x"), again=True)
    assert (left.tried, left.at_once) == (set(), ["a"])
    left.failed("a", ChallengedError("x"), again=True)
    assert (left.tried, left.at_once) == ({"a"}, [])


def test_nothing_begins_after_the_budget() -> None:
    left = tries(budget_s=10.0)
    assert left.has_time(1e9), "the first try is always due"
    left.failed("a", DOWN, again=False)
    assert left.has_time(9.9)
    assert not left.has_time(10.0)
    assert left.repeat(9.9) is None


def test_a_wish_beyond_the_budget_ends_it() -> None:
    left = tries()
    left.failed("a", UpstreamUnavailableError("x", retry_after=120.0), again=False)
    assert left.repeat(0.0) is None


async def test_callers_pass_the_turnstile_in_the_order_of_their_coming() -> None:
    turnstile, passed = Turnstile(), []

    async def pass_through(name: str, *, again: bool = False) -> None:
        await turnstile.wait(again=again)
        passed.append(name)

    callers = [asyncio.ensure_future(pass_through(name)) for name in "abc"]
    await asyncio.sleep(0)
    callers.append(asyncio.ensure_future(pass_through("unlucky", again=True)))
    await asyncio.sleep(0)
    for _ in range(4):
        turnstile.release()
        await asyncio.sleep(0)
    await asyncio.gather(*callers)
    assert passed == ["unlucky", "a", "b", "c"]
    turnstile.release()
    assert len(turnstile) == 0


async def test_a_caller_that_leaves_when_its_turn_comes_lets_the_next_one_through() -> None:
    turnstile = Turnstile()
    first, second, third = (asyncio.ensure_future(turnstile.wait()) for _ in range(3))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.sleep(0)
    turnstile.release()
    first.cancel()
    await asyncio.wait({first, second})
    await asyncio.wait_for(third, 1.0)


def test_elapsed_time_counts_sleep_and_ignores_a_clock_that_goes_back() -> None:
    clock, setbacks = ManualClock(), []
    time = Timekeeper(clock, setbacks.append)
    _, start = time.read()
    clock.advance(10.0)
    clock.jump(3600.0)
    assert time.read() == (clock.now(), start + 3610.0)
    clock.jump(-7200.0)
    assert time.read() == (clock.now(), start + 3610.0)
    assert setbacks == [-7200.0]
    for _ in range(100):  # slewing
        clock.jump(-1.0)
        time.read()
    assert setbacks == [-7200.0]
