"""Browser sessions: what a challenge renews, once for all, and what the settings change at once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from grokdesk.domain.account import Token
from grokdesk.domain.errors import (
    AntiBotError,
    ChallengedError,
    IncompleteReplyError,
    LocalNetworkError,
    UpstreamError,
)
from grokdesk.kernel.clock import SystemClock
from grokdesk.simulator.flaresolverr import USER_AGENT
from grokdesk.simulator.script import AccountScript
from grokdesk.upstream.web.clearance import Clearance, pasted_clearance
from grokdesk.upstream.web.proxies import Proxy
from grokdesk.upstream.web.statsig import PastedStatsig
from grokdesk.upstream.web.wire.browser import BrowserProfile
from tests.fake_proxy import fake_proxy
from tests.unit.web_rig import TOKEN, WebRig, account_of, web_rig

CHROME_145 = USER_AGENT.replace("Chrome/142", "Chrome/145")
REST = "/rest/app-chat/conversations/new"
MGW = "/ws/mgw/"
SESSION = "/api/auth/session"


@pytest.fixture
async def rig() -> AsyncIterator[WebRig]:
    async with web_rig() as rig:
        yield rig


@pytest.fixture(params=["mgw", "rest"])
async def either(request: pytest.FixtureRequest, rig: WebRig) -> WebRig:
    rig.chat_transport = request.param
    return rig


def sent(rig: WebRig, path: str, name: str) -> str:
    return {n.lower(): v for n, v in rig.simulator.stats.headers(path)}.get(name, "")


async def test_after_a_rotation_the_next_request_succeeds_after_one_solve(either: WebRig) -> None:
    either.change(clearance=either.solver_at())
    either.demand_clearance()
    assert await either.chat_with_one_renewal()
    assert either.solver.solves == 1
    either.demand_clearance()
    assert await either.chat_with_one_renewal()
    assert either.solver.solves == 2
    assert either.renewals == [(True, "")] * 2


async def test_twenty_challenged_requests_cause_exactly_one_solve(either: WebRig) -> None:
    either.change(clearance=either.solver_at())
    either.demand_clearance()
    either.solver.delay_s = 0.3
    tokens = [f"account-{number}-token-super" for number in range(20)]
    texts = await asyncio.gather(*(either.chat_with_one_renewal(token) for token in tokens))
    assert all(texts)
    assert either.solver.solves == 1
    assert either.simulator.stats.challenged == 20
    assert either.renewals == [(True, "")]


async def test_a_request_that_was_challenged_before_the_solve_ended_does_not_solve_again(
    rig: WebRig,
) -> None:
    rig.change(clearance=rig.solver_at())
    rig.demand_clearance()
    with pytest.raises(ChallengedError) as late:
        await rig.chat("late-account-token-super")
    assert await rig.chat_with_one_renewal()
    assert await rig.client.renew_session(late.value)
    assert rig.solver.solves == 1


async def test_the_solvers_browser_is_adopted_with_its_cookies(either: WebRig) -> None:
    either.change(clearance=either.solver_at())
    either.demand_clearance()
    await either.chat_with_one_renewal()
    path = MGW if either.chat_transport == "mgw" else REST
    assert sent(either, path, "user-agent") == USER_AGENT
    cookies = either.simulator.stats.cookies(path)
    assert cookies["cf_clearance"] == "solved-clearance-1"
    assert cookies["__cf_bm"] == "bm-1"
    assert "x-anonuserid" not in cookies
    if either.chat_transport == "rest":
        assert '"142"' in sent(either, path, "sec-ch-ua")
    session = either.sessions.current
    assert session is not None
    assert session.profile == BrowserProfile(USER_AGENT, "chrome142")


async def test_the_pasted_pair_is_what_upstream_sees(either: WebRig) -> None:
    either.simulator.script.clearances = {"pasted-value": CHROME_145}
    pasted = "_ga=1; cf_clearance=pasted-value; __cf_bm=b; x-userid=somebody-else; sso=stolen"
    either.change(clearance=pasted_clearance(f"Cookie: {pasted}", CHROME_145))
    assert await either.chat()
    path = MGW if either.chat_transport == "mgw" else REST
    assert sent(either, path, "user-agent") == CHROME_145
    cookies = either.simulator.stats.cookies(path)
    assert (cookies["cf_clearance"], cookies["__cf_bm"]) == ("pasted-value", "b")
    assert cookies["sso"] == TOKEN
    assert "_ga" not in cookies
    session = either.sessions.current
    assert session is not None
    assert session.profile.impersonate == "chrome145"


async def test_a_challenge_without_clearance_is_tried_once_with_new_connections(
    rig: WebRig,
) -> None:
    await rig.chat()
    rig.demand_clearance()
    before = rig.simulator.stats.connections
    with pytest.raises(ChallengedError) as first:
        await rig.chat()
    assert await rig.client.renew_session(first.value)
    with pytest.raises(ChallengedError) as second:
        await rig.chat()
    assert rig.simulator.stats.connections > before
    assert not await rig.client.renew_session(second.value)
    rig.clock.advance(60)
    assert await rig.client.renew_session(second.value)
    assert rig.solver.commands == []


async def test_a_solved_session_that_was_never_any_good_is_not_solved_again_at_once(
    rig: WebRig,
) -> None:
    rig.change(clearance=rig.solver_at())
    rig.demand_clearance()
    rig.solver.failure = "useless"
    for _ in range(3):
        with pytest.raises(ChallengedError):
            await rig.chat_with_one_renewal()
    assert len(rig.solver.commands) == 1
    rig.clock.advance(60)
    rig.solver.failure = ""
    assert await rig.chat_with_one_renewal()
    assert len(rig.solver.commands) == 2


async def test_a_failed_solve_changes_nothing_and_tells_why(rig: WebRig) -> None:
    rig.change(clearance=rig.solver_at())
    rig.demand_clearance()
    await rig.chat_with_one_renewal()
    before = rig.sessions.current
    rig.clock.advance(60)
    rig.demand_clearance()
    rig.solver.failure = "error"
    with pytest.raises(ChallengedError):
        await rig.chat_with_one_renewal()
    assert rig.sessions.current is before
    assert "Timeout after 5.0 seconds" in rig.sessions.trouble
    assert rig.renewals[-1] == (False, rig.sessions.trouble)
    rig.clock.advance(60)
    rig.solver.failure = ""
    assert await rig.chat_with_one_renewal()
    assert rig.sessions.trouble == ""


async def test_a_solver_that_stays_down_is_logged_once(
    rig: WebRig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "grokdesk.upstream")
    rig.change(clearance=rig.solver_at())
    rig.demand_clearance()
    rig.solver.failure = "error"
    for _ in range(3):
        with pytest.raises(ChallengedError):
            await rig.chat_with_one_renewal()
        rig.clock.advance(60)
    rig.solver.failure = ""
    await rig.chat_with_one_renewal()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "Timeout after 5.0 seconds" in caplog.text
    assert rig.renewals == [(False, rig.renewals[0][1])] * 3 + [(True, "")]


async def test_who_leaves_does_not_end_the_solve_of_the_others(rig: WebRig) -> None:
    rig.change(clearance=rig.solver_at())
    rig.demand_clearance()
    rig.solver.delay_s = 0.3
    first = asyncio.ensure_future(rig.chat_with_one_renewal("first-account-token-super"))
    second = asyncio.ensure_future(rig.chat_with_one_renewal("second-account-token-super"))
    while not rig.solver.commands:
        await asyncio.sleep(0.01)
    first.cancel()
    assert await second
    assert rig.solver.solves == 1
    with contextlib.suppress(asyncio.CancelledError):
        await first


async def test_another_solver_or_another_proxy_makes_the_old_clearance_void(rig: WebRig) -> None:
    rig.change(clearance=rig.solver_at())
    rig.demand_clearance()
    await rig.chat_with_one_renewal()
    async with fake_proxy() as proxy:
        rig.change(proxy=Proxy(f"http://{proxy.place}", "joe", "word"))
        with pytest.raises(ChallengedError) as challenged:
            await rig.chat()
        assert "cf_clearance" not in rig.simulator.stats.cookies(MGW)
        assert await rig.client.renew_session(challenged.value)
        assert await rig.chat()
        assert set(proxy.credentials) == {"joe:word"}
    assert rig.solver.commands[-1]["proxy"] == {
        "url": f"http://{proxy.place}",
        "username": "joe",
        "password": "word",
    }
    rig.change(proxy=None)
    assert await rig.chat_with_one_renewal()
    assert rig.solver.solves == 3


async def test_running_calls_end_with_the_session_they_began_with(rig: WebRig) -> None:
    rig.chat_transport = "rest"
    rig.simulator.script.chunk_delay_s = 0.05
    slow = asyncio.ensure_future(rig.chat())
    while not rig.simulator.stats.open_chats:
        await asyncio.sleep(0.01)
    rig.change(clearance=Clearance("cf_clearance=new", BrowserProfile.of(CHROME_145)))
    rig.simulator.script.chunk_delay_s = 0.0
    await rig.chat("another-account-token-super")
    assert sent(rig, REST, "user-agent") == CHROME_145
    assert await slow
    assert rig.client.running == 0
    assert rig.loads == 2


async def test_a_solve_that_the_settings_overtook_is_not_used(rig: WebRig) -> None:
    rig.change(clearance=rig.solver_at())
    rig.demand_clearance()
    rig.solver.delay_s = 0.3
    asking = asyncio.ensure_future(rig.chat_with_one_renewal())
    while not rig.solver.commands:
        await asyncio.sleep(0.01)
    rig.change(clearance=pasted_clearance("cf_clearance=mine", CHROME_145))
    rig.simulator.script.clearances = {"mine": CHROME_145}
    assert await asking
    assert rig.simulator.stats.cookies(MGW)["cf_clearance"] == "mine"


async def test_a_clearance_is_kept_fresh_on_schedule(rig: WebRig) -> None:
    rig.change(clearance=rig.solver_at(interval_s=600))
    rig.demand_clearance()
    keeping = asyncio.ensure_future(rig.sessions.keep_fresh())
    try:
        while rig.solver.solves < 1:
            await asyncio.sleep(0.01)
        assert await rig.chat()
        assert rig.simulator.stats.challenged == 0
        rig.clock.advance(601)
        rig.change(statsig=PastedStatsig("whatever"))  # as good as the end of the wait
        while rig.solver.solves < 2:
            await asyncio.sleep(0.01)
        rig.change(clearance=Clearance())
        await asyncio.sleep(0.1)
        assert rig.solver.solves == 2
        assert not keeping.done()
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])


async def test_a_schedule_of_seconds_is_kept(rig: WebRig) -> None:
    rig.sessions._clock = SystemClock()
    rig.change(clearance=rig.solver_at(interval_s=0.2))
    keeping = asyncio.ensure_future(rig.sessions.keep_fresh())
    await asyncio.sleep(0.75)
    keeping.cancel()
    await asyncio.wait([keeping])
    assert 3 <= rig.solver.solves <= 4


async def test_an_anti_bot_refusal_renews_once_and_says_what_helps(rig: WebRig) -> None:
    rig.chat_transport = "rest"
    rig.simulator.script.accounts[TOKEN] = AccountScript(outcomes=["antibot"] * 9)
    rig.change(statsig=PastedStatsig("cGFzdGVkLXZhbHVl"))
    with pytest.raises(AntiBotError) as first:
        await rig.chat()
    sentence = str(first.value)
    assert "x-statsig-id" in sentence
    assert "chat_transport to mgw" in sentence
    assert "another network" in sentence
    assert "account is fine" in sentence
    assert sent(rig, REST, "x-statsig-id") == "cGFzdGVkLXZhbHVl"
    assert await rig.client.renew_session(first.value)
    with pytest.raises(AntiBotError) as second:
        await rig.chat()
    assert not await rig.client.renew_session(second.value)


async def test_an_anti_bot_refusal_of_a_socket_does_not_advise_to_use_the_socket(
    rig: WebRig,
) -> None:
    rig.simulator.script.accounts[TOKEN] = AccountScript(outcomes=["inbandantibot"])
    rig.change(statsig=PastedStatsig("cGFzdGVkLXZhbHVl"))
    with pytest.raises(AntiBotError) as refused:
        await rig.chat()
    assert "chat_transport" not in str(refused.value)
    assert "x-statsig-id" not in str(refused.value)


async def test_only_rest_calls_are_signed(rig: WebRig) -> None:
    rig.change(statsig=PastedStatsig("cGFzdGVkLXZhbHVl"))
    await rig.chat()
    rig.chat_transport = "rest"
    await rig.chat()
    await rig.client.quota(account_of(TOKEN), Token(TOKEN))
    stats = rig.simulator.stats
    signed = {path for path in stats.raw_headers if sent(rig, path, "x-statsig-id")}
    assert signed == {path for path in stats.raw_headers if path.startswith("/rest/")}
    assert {MGW, SESSION, "/grok_api_v2.GrokBuildBilling/GetGrokCreditsConfig"} <= set(
        stats.raw_headers
    )


@pytest.mark.parametrize(
    ("clearance", "words"),
    [
        (Clearance(), "paste the cookie cf_clearance"),
        (Clearance("cf_clearance=old"), "pasted cookie does not count any more"),
    ],
)
async def test_a_challenge_says_what_helps_here(
    rig: WebRig, clearance: Clearance, words: str
) -> None:
    rig.change(clearance=clearance)
    rig.demand_clearance()
    with pytest.raises(ChallengedError, match=words) as error:
        await rig.chat()
    assert error.value.status == 403
    assert error.value.excerpt


async def test_waking_drops_idle_connections_and_ends_what_shows_no_life(rig: WebRig) -> None:
    await rig.chat()
    rig.simulator.script.accounts["stalling-token-super"] = AccountScript(
        outcomes=["stallmid", "stall"]
    )
    rig.chat_transport = "rest"
    stalled = asyncio.ensure_future(rig.chat("stalling-token-super"))
    while rig.simulator.stats.transports["rest"] < 1:
        await asyncio.sleep(0.01)
    silent = asyncio.ensure_future(rig.chat("stalling-token-super"))
    while rig.simulator.stats.transports["rest"] < 2:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    rig.client.wake()
    results = await asyncio.gather(stalled, silent, return_exceptions=True)
    assert [type(result) for result in results] == [IncompleteReplyError, LocalNetworkError]
    assert await rig.chat("other-account-token-super")


async def test_waking_asks_the_system_for_its_proxy_again(
    rig: WebRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grokdesk.upstream.web.proxies._is_loopback", lambda _host: False)
    monkeypatch.delenv("http_proxy", raising=False)
    rig.change(proxy="system", assets_proxy="system")
    await rig.chat()
    async with fake_proxy() as proxy:
        monkeypatch.setenv("http_proxy", f"http://{proxy.place}")
        monkeypatch.setenv("no_proxy", "")
        await rig.chat()
        assert proxy.targets == []
        rig.client.wake()
        await rig.chat()
        assert proxy.targets


async def test_a_look_whether_grok_can_be_reached_needs_no_token(rig: WebRig) -> None:
    checked = await rig.client.check()
    assert checked.server_time is not None
    assert "sso" not in rig.simulator.stats.cookies(SESSION)
    rig.demand_clearance()
    with pytest.raises(ChallengedError):
        await rig.client.check()


async def test_an_error_of_another_session_or_of_none_renews_what_is_in_use(rig: WebRig) -> None:
    await rig.chat()
    before = rig.sessions.current
    assert await rig.client.renew_session(UpstreamError("from somewhere"))
    assert rig.sessions.current is not before


async def test_closing_ends_a_solve_under_way(rig: WebRig) -> None:
    rig.change(clearance=rig.solver_at())
    rig.demand_clearance()
    rig.solver.failure = "silent"
    asking = asyncio.ensure_future(rig.chat_with_one_renewal())
    while not rig.solver.commands:
        await asyncio.sleep(0.01)
    async with asyncio.timeout(2):
        await rig.client.aclose()
        await asyncio.wait([asking])
