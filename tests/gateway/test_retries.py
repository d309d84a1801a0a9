"""What is tried again, how often and how soon: the whole core over the simulator."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from grokdesk.domain.chat import ChatRequest, Message, Role
from grokdesk.domain.errors import CircuitOpenError, NoAccountError, UpstreamUnavailableError
from grokdesk.domain.events import AttemptFinished
from grokdesk.services.calls import Call
from grokdesk.simulator.script import AccountScript
from tests.gateway.live_core import Heard, LiveCore, live_core

HEALTHY = "healthy-account-token-basic"
FLAKY = "flaky-account-token-basic"
QUICK = {"pool_retry_pause_s": "0.05"}


@pytest.fixture(params=["mgw", "rest"])
async def live(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LiveCore]:
    async with live_core(tmp_path, upstream_chat_transport=request.param, **QUICK) as live:
        yield live


async def test_the_only_account_is_tried_again_after_a_pause(live: LiveCore) -> None:
    live.simulator.script.accounts[FLAKY] = AccountScript(outcomes=["502"])
    await live.add(FLAKY)
    attempts: list[AttemptFinished] = []
    live.core.services.bus.subscribe(AttemptFinished, attempts.append)
    result = await live.ask()
    assert result.attempts == 2
    assert [attempt.outcome for attempt in attempts] == ["UpstreamUnavailableError", "ok"]
    assert attempts[1].lease_wait_s >= 0.03


async def test_tries_and_accounts_are_limited(live: LiveCore) -> None:
    settings = live.core.services.settings
    await settings.update({"pool.max_accounts_per_request": 3, "pool.tries_per_account": 2})
    await live.add(*(f"broken-account-{n}-token-500" for n in range(5)))
    attempts: list[AttemptFinished] = []
    live.core.services.bus.subscribe(AttemptFinished, attempts.append)
    with pytest.raises((UpstreamUnavailableError, CircuitOpenError)):
        await live.ask()
    accounts = [attempt.account_id for attempt in attempts]
    assert len(set(accounts[:3])) == 3, "other accounts come first"
    assert set(accounts) == set(accounts[:3])
    assert len(accounts) <= 6


async def test_a_dead_upstream_is_left_alone_after_a_few_calls(live: LiveCore) -> None:
    await live.add(*(f"broken-account-{n}-token-500" for n in range(5)))
    errors = []
    for _ in range(50):
        with pytest.raises((UpstreamUnavailableError, CircuitOpenError)) as error:
            await live.ask()
        errors.append(error.type)
    assert errors.count(CircuitOpenError) >= 48
    assert sum(live.simulator.stats.chats.values()) <= 8


@pytest.mark.alone
async def test_nothing_begins_after_the_time_budget(live: LiveCore) -> None:
    await live.core.services.settings.update(
        {"pool.retry_budget_s": 1.0, "pool.tries_per_account": 10}
    )
    await live.add("broken-account-token-500")
    started = time.monotonic()
    with pytest.raises(UpstreamUnavailableError):
        await live.ask()
    assert time.monotonic() - started < 1.0


@pytest.mark.alone
async def test_a_limited_account_gives_way_within_50_ms(live: LiveCore) -> None:
    """The median, because the machine that runs the tests may be busy."""
    await live.add(HEALTHY)
    await live.ask()
    plain, with_failover = [], []
    for number in range(15):
        started = time.monotonic()
        await live.ask()
        plain.append(time.monotonic() - started)
        await live.add(f"limited-account-{number}-token-429")
        started = time.monotonic()
        while (await live.ask()).attempts == 1:
            started = time.monotonic()
        with_failover.append(time.monotonic() - started)
    assert statistics.median(with_failover) - statistics.median(plain) < 0.05


async def test_more_requests_than_an_account_may_run_wait_for_their_turn(live: LiveCore) -> None:
    await live.core.services.settings.update({"pool.max_in_flight": 2})
    await live.add(HEALTHY)
    live.simulator.script.first_delay_s = 0.02
    results = await asyncio.gather(*(live.ask() for _ in range(12)))
    assert [result.attempts for result in results] == [1] * 12
    assert live.core.pool.in_flight == 0
    assert len(live.core.pool.turnstile) == 0


async def test_a_request_waits_no_longer_than_its_budget(live: LiveCore) -> None:
    await live.core.services.settings.update({"pool.max_in_flight": 1, "pool.retry_budget_s": 1.0})
    await live.add(HEALTHY)
    live.simulator.script.first_delay_s = 2.5
    first = asyncio.ensure_future(live.ask())
    await asyncio.sleep(0.2)
    with pytest.raises(NoAccountError, match="busy"):
        await live.ask()
    await first


async def test_a_conversation_goes_on_with_the_account_that_began_it(live: LiveCore) -> None:
    await live.add(*(f"account-{n}-token-basic" for n in range(4)))
    chat = live.core.services.chat

    async def turn(first: str, *rest: Message) -> str:
        request = ChatRequest("grok-chat-fast", (Message(Role.USER, first), *rest))
        return (await chat.run(request, Heard().emit, Call("req", "test", "key"))).account_id

    more = (Message(Role.ASSISTANT, "Yes?"), Message(Role.USER, "Go on"))
    for subject in ("cats", "dogs", "birds"):
        account = await turn(subject)
        await turn("something else")
        assert await turn(subject, *more) == account
    assert len({await turn(f"new {n}") for n in range(4)}) == 4
