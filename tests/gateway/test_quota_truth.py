"""Quota figures through the whole core, against the simulated site."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from grokdesk.domain.account import AccountState, Tier
from grokdesk.domain.errors import NoAccountError, UpstreamError, UpstreamUnavailableError
from grokdesk.domain.quota import CHAT_MODES, MEDIA_MODES, Mode, Provenance, QuotaWindow
from grokdesk.services.accounts import AccountSnapshot
from grokdesk.simulator.script import AccountScript, HttpOverride, Quota
from tests.gateway.live_core import LiveCore, live_core

RATE_LIMITS = "/rest/rate-limits"
MEDIA = "/rest/media/imagine/quota_info"
CREDITS = "/grok_api_v2.GrokBuildBilling/GetGrokCreditsConfig"
HEAVY = "an-account-of-the-quota-tests-heavy"
BASIC = "an-account-of-the-quota-tests-basic"
ANTI_BOT = HttpOverride(
    403, '{"error":{"code":7,"message":"Request rejected by anti-bot rules.","details":[]}}'
)


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[LiveCore]:
    async with live_core(tmp_path) as live:
        yield live


def account_of(live: LiveCore) -> AccountSnapshot:
    (account,) = live.core.services.accounts.snapshot()
    return account


def windows_of(live: LiveCore) -> dict[Mode, QuotaWindow]:
    return {window.mode: window for window in account_of(live).windows}


async def read(live: LiveCore, account_id: str) -> dict[Mode, QuotaWindow]:
    await live.core.services.accounts.read_quota(account_id)
    return windows_of(live)


async def test_all_three_endpoints_are_read(live: LiveCore) -> None:
    (account_id,) = await live.add(HEAVY)
    live.simulator.script.weekly_used_percent = 42.5
    windows = await read(live, account_id)
    assert windows.keys() == {*CHAT_MODES, *MEDIA_MODES, Mode.WEEKLY}
    assert {window.provenance for window in windows.values()} == {Provenance.MEASURED}
    assert windows[Mode.HEAVY].total == 20
    assert (windows[Mode.VIDEO].remaining, windows[Mode.VIDEO].total_known) == (150, False)
    assert windows[Mode.WEEKLY].remaining == 5_750
    assert account_of(live).tier is Tier.HEAVY
    requests = live.simulator.stats.requests
    assert (requests[RATE_LIMITS], requests[MEDIA], requests[CREDITS]) == (4, 1, 1)


async def test_the_questions_look_like_the_sites_own(live: LiveCore) -> None:
    (account_id,) = await live.add(BASIC)
    await read(live, account_id)
    media, credits = (dict(live.simulator.stats.headers(path)) for path in (MEDIA, CREDITS))
    assert media["referer"].endswith("/imagine")
    assert media["content-type"] == "application/json"
    assert credits["content-type"] == "application/grpc-web+proto"
    assert credits["x-grpc-web"] == "1"
    assert "x-xai-request-id" not in credits


async def test_modes_that_an_account_does_not_have_lose_their_windows(live: LiveCore) -> None:
    (account_id,) = await live.add(BASIC)
    live.simulator.script.accounts[BASIC] = AccountScript(tier="heavy")
    assert Mode.HEAVY in await read(live, account_id)
    del live.simulator.script.accounts[BASIC]
    windows = await read(live, account_id)
    assert windows.keys() == {Mode.FAST, Mode.IMAGE_PRO, Mode.IMAGE_EDIT, Mode.VIDEO_720P}
    assert account_of(live).tier is Tier.BASIC


@pytest.mark.parametrize("trouble", [ANTI_BOT, HttpOverride(500), HttpOverride(200, "<html>")])
@pytest.mark.parametrize("path", [RATE_LIMITS, MEDIA, CREDITS])
async def test_an_endpoint_that_fails_keeps_its_windows_and_the_tier(
    live: LiveCore, path: str, trouble: HttpOverride
) -> None:
    (account_id,) = await live.add(HEAVY)
    before = await read(live, account_id)
    live.simulator.script.overrides[path] = trouble
    after = await read(live, account_id)
    assert account_of(live).tier is Tier.HEAVY
    assert after.keys() == before.keys()
    kept = {mode for mode in after if after[mode].measured_at == before[mode].measured_at}
    assert kept == {
        RATE_LIMITS: set(CHAT_MODES),
        MEDIA: set(MEDIA_MODES),
        CREDITS: {Mode.WEEKLY},
    }.get(path)


async def test_one_mode_that_fails_never_makes_a_heavy_account_basic(live: LiveCore) -> None:
    (account_id,) = await live.add(HEAVY)
    await read(live, account_id)
    script = live.simulator.script
    script.accounts[HEAVY] = AccountScript(tier="basic")
    for _ in range(6):
        script.overrides[RATE_LIMITS] = HttpOverride(502, times=1)
        await read(live, account_id)
        assert account_of(live).tier is Tier.HEAVY
    await read(live, account_id)
    assert account_of(live).tier is Tier.BASIC, "a whole reading is believed"


async def test_a_failing_probe_never_demotes(live: LiveCore) -> None:
    (account_id,) = await live.add(HEAVY)
    accounts = live.core.services.accounts
    before = (await accounts.probe(account_id)).windows
    for path in (RATE_LIMITS, MEDIA, CREDITS):
        live.simulator.script.overrides[path] = HttpOverride(503)
    with pytest.raises(UpstreamUnavailableError):
        await accounts.probe(account_id)
    account = account_of(live)
    assert (account.tier, account.state) == (Tier.HEAVY, AccountState.READY)
    assert [window.mode for window in account.windows] == [window.mode for window in before]


async def test_the_most_that_was_left_of_media_is_remembered(live: LiveCore) -> None:
    (account_id,) = await live.add(BASIC)
    await read(live, account_id)
    left = '{"available":true,"remainingQueries":1,"windowSizeSeconds":60}'
    body = f'{{"image":null,"imageEdit":null,"imagePro":{left},"video":null,"video720p":null}}'
    live.simulator.script.overrides[MEDIA] = HttpOverride(body=body)
    windows = await read(live, account_id)
    assert (windows[Mode.IMAGE_PRO].remaining, windows[Mode.IMAGE_PRO].total) == (1, 4)
    assert Mode.IMAGE_EDIT not in windows


async def test_a_refused_call_is_followed_by_a_reading(live: LiveCore) -> None:
    (account_id,) = await live.add(BASIC)
    await read(live, account_id)
    live.simulator.script.accounts[BASIC] = AccountScript(outcomes=["429"])
    asked = live.simulator.stats.requests[RATE_LIMITS]
    with pytest.raises((UpstreamError, NoAccountError)):
        await live.ask()
    assert windows_of(live)[Mode.FAST].remaining == 0
    async with asyncio.timeout(10):
        while windows_of(live)[Mode.FAST].provenance is not Provenance.MEASURED:
            await asyncio.sleep(0.05)
    assert live.simulator.stats.requests[RATE_LIMITS] == asked + 4
    assert windows_of(live)[Mode.FAST].remaining == 30
    await live.ask()


async def test_a_used_up_account_comes_back_at_its_reset_by_itself(live: LiveCore) -> None:
    (account_id,) = await live.add(BASIC)
    live.simulator.script.quotas["fast"] = Quota(5, window_s=2, remaining=0)
    window = (await read(live, account_id))[Mode.FAST]
    assert account_of(live).state is AccountState.EXHAUSTED
    with pytest.raises(NoAccountError) as caught:
        await live.ask()
    assert caught.value.retry_at is not None
    assert window.resets_at is not None
    assert abs(caught.value.retry_at - window.resets_at) <= 1.1
    await asyncio.sleep(max(0.0, window.resets_at - time.time()) + 0.05)
    await live.ask()


async def test_a_click_reads_all_that_is_selected_and_marks_what_is_dead(live: LiveCore) -> None:
    tokens = [f"account-{number}-of-the-quota-tests-super" for number in range(6)]
    ids = await live.add(*tokens, "account-7-of-the-quota-tests-401")
    seen: list[tuple[int, int]] = []
    result = await live.core.services.quota.refresh(ids, lambda *done: seen.append(done))
    assert (result.read, [account_id for account_id, _ in result.failed]) == (6, [ids[6]])
    assert seen == [(number, 7) for number in range(1, 8)]
    states = {account.id: account.state for account in live.core.services.accounts.snapshot()}
    assert states == {**dict.fromkeys(ids[:6], AccountState.READY), ids[6]: AccountState.EXPIRED}


async def test_calls_made_while_a_reading_runs_are_not_forgotten(live: LiveCore) -> None:
    (account_id,) = await live.add(BASIC)
    pool = live.core.pool
    await read(live, account_id)
    ticket = pool.ticket(account_id)
    (window,) = (w for w in pool.view(account_id).windows if w.mode is Mode.FAST)
    lease = pool.lease(Mode.FAST, Tier.BASIC)
    pool.observe(ticket, [window])
    assert windows_of(live)[Mode.FAST].remaining == 29
    assert windows_of(live)[Mode.FAST].provenance is Provenance.ESTIMATED
    lease.settle(None)
    assert windows_of(live)[Mode.FAST].remaining == 29
