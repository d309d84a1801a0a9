"""What each failure of upstream does to the call, the account and its quota: both transports."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from grokdesk.domain.errors import (
    AntiBotError,
    ChallengedError,
    ContentRefusedError,
    GrokdeskError,
    IncompleteReplyError,
    LocalNetworkError,
    NoAccountError,
    ProtocolChangedError,
    SocketUnknownError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from grokdesk.domain.quota import Mode, Provenance
from grokdesk.services.usage import UsageService
from grokdesk.simulator.script import AccountScript
from tests.gateway.live_core import Heard, LiveCore, live_core

HEALTHY = "healthy-account-token-basic"


@pytest.fixture(params=["mgw", "rest"])
async def live(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LiveCore]:
    async with live_core(tmp_path, upstream_chat_transport=request.param) as live:
        yield live


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        ("401", "expired"),
        ("blocked", "blocked"),
        ("exhausted", "exhausted"),
        ("429", "exhausted"),
        ("inband429", "exhausted"),
        ("forbidden", "ready"),
        ("500", "ready"),
        ("502", "ready"),
        ("reset", "ready"),
        ("empty", "ready"),
    ],
)
async def test_a_failing_account_gives_way_to_the_next(
    live: LiveCore, trouble: str, state: str
) -> None:
    await live.add(f"failing-account-token-{trouble}", HEALTHY)
    heard = Heard()
    result = await live.ask(heard=heard)
    assert result.attempts == 2
    assert heard.text
    states = live.states()
    assert states.pop("…asic") == "ready"
    assert set(states.values()) == {state}
    assert live.core.pool.in_flight == 0
    # The next calls do not stumble over the same stone twice where it is known to lie there.
    if trouble not in ("forbidden", "500", "502", "reset", "empty"):
        for _ in range(3):
            assert (await live.ask()).attempts == 1


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        ("cf", ChallengedError),
        ("antibot", AntiBotError),
        ("forbidden", UpstreamError),
        ("500", UpstreamUnavailableError),
        ("reset", UpstreamUnavailableError),
        ("garbage", ProtocolChangedError),
        ("empty", IncompleteReplyError),
        ("moderated", ContentRefusedError),
        ("401", NoAccountError),
        ("blocked", NoAccountError),
        ("exhausted", NoAccountError),
        ("429", NoAccountError),
    ],
)
async def test_a_failure_without_another_account_is_told_as_it_is(
    live: LiveCore, trouble: str, error: type[GrokdeskError]
) -> None:
    await live.add(f"failing-account-token-{trouble}")
    heard = Heard()
    with pytest.raises(error) as raised:
        await live.ask(heard=heard)
    assert heard.text == ""
    assert str(raised.value)
    assert live.core.pool.in_flight == 0


@pytest.mark.parametrize("trouble", ["cf", "antibot"])
async def test_a_challenge_is_answered_with_a_new_session_and_the_same_account(
    live: LiveCore, trouble: str
) -> None:
    token = "challenged-account-token-basic"
    live.simulator.script.accounts[token] = AccountScript(outcomes=[trouble])
    await live.add(token)
    heard = Heard()
    result = await live.ask(heard=heard)
    assert result.attempts == 2
    assert heard.text
    assert live.states() == {"…asic": "ready"}


@pytest.mark.parametrize("trouble", ["cut", "incomplete", "sessionended"])
async def test_nothing_is_retried_once_text_was_forwarded(live: LiveCore, trouble: str) -> None:
    await live.add(f"cutting-account-token-{trouble}")
    await live.add(HEALTHY)
    heard = Heard()
    with pytest.raises(UpstreamUnavailableError):
        await live.ask(heard=heard)
    assert heard.text
    assert sum(live.simulator.stats.chats.values()) == 1


async def test_an_error_in_the_middle_ends_the_call_after_its_text(live: LiveCore) -> None:
    await live.add(HEALTHY)
    heard = Heard()
    with pytest.raises(UpstreamError):
        await live.ask("!error-mid", heard=heard)
    assert heard.text


async def test_a_stall_ends_with_a_timeout_and_frees_everything(tmp_path: Path) -> None:
    for transport in ("mgw", "rest"):
        async with live_core(
            tmp_path / transport,
            upstream_chat_transport=transport,
            upstream_first_byte_timeout_s="1",
            upstream_connect_timeout_s="1",
            upstream_idle_timeout_s="1",
        ) as live:
            await live.add("stalling-account-token-stall")
            with pytest.raises(UpstreamTimeoutError):
                await asyncio.wait_for(live.ask(), 10)
            while live.simulator.stats.open_chats:
                await asyncio.sleep(0.001)
            assert live.core.pool.in_flight == 0


async def test_auto_falls_back_to_rest_where_the_socket_is_unknown(tmp_path: Path) -> None:
    async with live_core(tmp_path) as live:
        await live.add("account-token-without-socket-nomgw", HEALTHY)
        heard = Heard()
        await live.ask(heard=heard)
        await live.ask(heard=heard)
        assert heard.text
        assert live.simulator.stats.transports["rest"] >= 1
        assert live.core.pool.in_flight == 0


async def test_mgw_alone_says_that_the_socket_is_unknown(tmp_path: Path) -> None:
    async with live_core(tmp_path, upstream_chat_transport="mgw") as live:
        await live.add("account-token-without-socket-nomgw")
        with pytest.raises(SocketUnknownError):
            await live.ask()


async def test_a_dead_network_never_punishes_an_account(live: LiveCore) -> None:
    await live.add(HEALTHY)
    await live.simulator.stop()
    for _ in range(20):
        with pytest.raises(LocalNetworkError):
            await live.ask()
    assert live.states() == {"…asic": "ready"}


async def test_a_probe_learns_tier_windows_and_identity(live: LiveCore) -> None:
    ids = await live.add("probed-account-token-super", "dead-account-token-401")
    snapshot = await live.core.services.accounts.probe(ids[0])
    assert snapshot.tier is not None
    assert snapshot.tier.label == "super"
    assert snapshot.email
    windows = {window.mode: window for window in snapshot.windows}
    assert (windows[Mode.FAST].total, windows[Mode.AUTO].total) == (140, 50)
    assert windows[Mode.FAST].provenance is Provenance.MEASURED
    with pytest.raises(UpstreamError):
        await live.core.services.accounts.probe(ids[1])
    assert live.states()["…-401"] == "expired"


async def test_a_chat_counts_in_the_usage_of_today(live: LiveCore) -> None:
    await live.add(HEALTHY)
    await live.ask()
    with pytest.raises(GrokdeskError):
        await live.ask(model="no-such-model")
    usage: UsageService = live.core.services.usage
    while (today := await usage.today()).requests < 2:
        await asyncio.sleep(0.005)
    assert today.failed == 1
    assert today.completion_tokens > 0
    assert today.median_first_chunk_s is not None
