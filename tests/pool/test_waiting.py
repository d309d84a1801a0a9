"""Requests that wait while all accounts are busy: each gets its turn as soon as there is one."""

import asyncio
from dataclasses import replace

import pytest

from grokdesk.domain.account import Tier
from grokdesk.domain.chat import Emit
from grokdesk.domain.errors import NoAccountError, RateLimitedError
from grokdesk.domain.quota import Mode
from grokdesk.pool.pool import PoolPolicy
from grokdesk.pool.turnstile import Turnstile
from tests.pool.counter import Counter, Make, account, answer, window


class Gate:
    """Calls stay open until it opens."""

    def __init__(self) -> None:
        self.running = 0
        self._open = asyncio.Event()

    async def play(self, account_id: str, emit: Emit) -> None:
        self.running += 1
        await self._open.wait()
        await answer(account_id, emit)

    def open(self) -> None:
        self._open.set()


async def queue_up(counter: Counter, group: asyncio.TaskGroup, count: int) -> Gate:
    """`count` requests beyond what the accounts can serve, which are all busy."""
    gate = Gate()
    counter.upstream.play = gate.play
    busy = sum(view.cap for view in counter.pool.views())
    for _ in range(busy + count):
        group.create_task(counter.ask())
    await settled()
    assert (gate.running, len(counter.pool.turnstile)) == (busy, count)
    return gate


async def settled() -> None:
    """Everybody did what can be done without waiting."""
    for _ in range(200):
        await asyncio.sleep(0)


async def test_all_who_wait_are_served_in_the_end(counters: Make) -> None:
    counter = counters("ab", cap=2)
    async with asyncio.TaskGroup() as group:
        gate = await queue_up(counter, group, 30)
        gate.open()
    assert counter.spent == 34
    assert counter.pool.in_flight == 0


async def test_first_come_first_served(counters: Make) -> None:
    counter = counters("a", cap=1)
    order: list[int] = []

    async def visitor(number: int) -> None:
        await counter.ask()
        order.append(number)

    async with asyncio.TaskGroup() as group:
        gate = await queue_up(counter, group, 0)
        for number in range(10):
            group.create_task(visitor(number))
        await settled()
        counter.pool.turnstile.release()  # in vain, and it must not change the order
        counter.pool.turnstile.release()
        await settled()
        gate.open()
    assert order == list(range(10))


async def test_a_turn_given_to_somebody_who_leaves_goes_to_the_next(counters: Make) -> None:
    counter = counters("a", cap=1)
    lease = counter.pool.lease(Mode.FAST, Tier.BASIC)
    leaves = asyncio.get_running_loop().create_task(counter.ask())
    stays = asyncio.get_running_loop().create_task(counter.ask())
    await settled()
    lease.settle()  # the first is let through ...
    leaves.cancel()  # ... and does not come
    await asyncio.wait_for(stays, 0.5)
    assert leaves.cancelled()


async def test_a_new_account_serves_as_many_as_it_can(counters: Make) -> None:
    counter = counters("a", cap=4)
    async with asyncio.TaskGroup() as group:
        gate = await queue_up(counter, group, 20)
        counter.pool.put(account("b"), [window()])
        await settled()
        assert gate.running == 8
        gate.open()


async def test_a_higher_cap_is_in_force_at_once_for_those_who_wait(counters: Make) -> None:
    counter = counters("a", cap=2)
    async with asyncio.TaskGroup() as group:
        gate = await queue_up(counter, group, 20)
        counter.pool.policy = PoolPolicy(max_in_flight=10)
        await settled()
        assert gate.running == 10
        gate.open()


async def test_nobody_waits_for_an_account_that_is_gone(counters: Make) -> None:
    counter = counters("a", cap=1)
    gate = Gate()
    counter.upstream.play = gate.play
    loop = asyncio.get_running_loop()
    calls = [loop.create_task(counter.ask()) for _ in range(3)]
    await settled()
    counter.pool.remove("a")
    await settled()
    gate.open()
    results = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 0.5)
    assert [type(result) for result in results[1:]] == [NoAccountError, NoAccountError]
    assert not isinstance(results[0], BaseException)


async def test_nobody_waits_for_an_account_that_was_disabled(counters: Make) -> None:
    counter = counters("a", cap=1)
    async with asyncio.TaskGroup() as group:
        gate = Gate()
        counter.upstream.play = gate.play
        group.create_task(counter.ask())
        await settled()
        waiting = group.create_task(_refused(counter))
        await settled()
        counter.pool.put(replace(account("a"), enabled=False))
        await asyncio.wait_for(waiting, 0.5)
        gate.open()


async def test_who_waits_is_served_when_time_frees_another_account_first(counters: Make) -> None:
    """One account runs a long call, the quota of the other is renewed meanwhile."""
    counter = counters("ab", cap=1)
    lease = counter.pool.lease(Mode.FAST, Tier.BASIC, among=["b"])
    lease.settle(RateLimitedError("used up", retry_after=1.0))
    async with asyncio.TaskGroup() as group:
        gate = Gate()
        counter.upstream.play = gate.play
        group.create_task(counter.ask())
        group.create_task(counter.ask())
        await settled()
        assert gate.running == 1
        await asyncio.sleep(2.1)
        assert gate.running == 2
        gate.open()


async def test_kinds_that_other_accounts_serve_do_not_stand_in_each_others_way() -> None:
    turnstile = Turnstile()
    served: list[str] = []

    async def caller(kind: str, *, finds_room: bool) -> None:
        await turnstile.wait(kind)
        while not finds_room:
            await turnstile.wait(kind, again=True)
        served.append(kind)

    loop = asyncio.get_running_loop()
    heavy = loop.create_task(caller("heavy", finds_room=False))
    async with asyncio.TaskGroup() as group:
        group.create_task(caller("basic", finds_room=True))
        group.create_task(caller("basic", finds_room=True))
        await settled()
        turnstile.release()
    assert served == ["basic", "basic"]
    assert len(turnstile) == 1
    heavy.cancel()
    await settled()
    assert len(turnstile) == 0


async def _refused(counter: Counter) -> None:
    with pytest.raises(NoAccountError):
        await counter.ask()
