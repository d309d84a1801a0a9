"""The reader over a grok.com that is one function: what each endpoint answers."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from grokdesk.domain.account import Tier
from grokdesk.domain.errors import (
    AccountBlockedError,
    AntiBotError,
    LocalNetworkError,
    ProtocolChangedError,
    TokenRejectedError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from grokdesk.domain.quota import CHAT_MODES, MEDIA_MODES, Mode, Provenance
from grokdesk.kernel.clock import ManualClock
from grokdesk.settings.tiers import parse_tiers
from grokdesk.simulator import weekly
from grokdesk.upstream.web.quota import QuotaReader
from grokdesk.upstream.web.transport import Response
from grokdesk.upstream.web.wire import facts

CLOCK = ManualClock(1_786_500_000.0)
NOW = datetime.fromtimestamp(CLOCK.now(), UTC)
TOTALS = {
    Tier.BASIC: {"fast": 30},
    Tier.SUPER: {"fast": 140, "auto": 50, "expert": 50},
    Tier.HEAVY: {"fast": 400, "auto": 150, "expert": 150, "heavy": 20},
}
MEDIA = {"available": True, "remainingQueries": 9, "windowSizeSeconds": 86_400}
DEAD = TokenRejectedError("The token is dead.", status=401)
BLOCKED = AccountBlockedError("The account is blocked.", status=403)
DOWN = UpstreamUnavailableError("grok.com is down.", status=502)


@pytest.fixture(scope="module")
def tiers(pytestconfig):
    return parse_tiers((pytestconfig.rootpath / "resources" / "quota.toml").read_text("utf-8"))


@pytest.fixture
def ask(tiers):
    async def read(site, known=None):
        return await QuotaReader(site.fetch, tiers, CLOCK).read(known)

    return read


class Site:
    """Answers as for an account of `tier`; `trouble` by mode, `media` or `weekly` goes first."""

    def __init__(self, tier, **trouble):
        self.tier = tier
        self.trouble = trouble
        self.asked = []
        self.running = self.most = 0

    async def fetch(self, endpoint, body):
        name = self.name_of(endpoint, body)
        self.asked.append(name)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(0.001)
        finally:
            self.running -= 1
        answer = self.trouble.get(name, self.sound(name))
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def name_of(self, endpoint, body):
        match endpoint:
            case facts.IMAGINE_QUOTA:
                assert body == b"{}"
                return "media"
            case facts.WEEKLY_CREDITS:
                assert body == bytes(5)
                return "weekly"
        assert endpoint is facts.RATE_LIMITS
        return json.loads(body)["modelName"]

    def sound(self, name):
        if name == "media":
            products = ("image", "imageEdit", "imagePro", "video720p")
            return answer({**dict.fromkeys(products, MEDIA), "video": None})
        if name == "weekly":
            return Response(200, {}, weekly.free_answer(NOW))
        total = TOTALS[self.tier].get(name)
        return answer(
            {}
            if total is None
            else {"totalQueries": total, "remainingQueries": 5, "windowSizeSeconds": 7200}
        )


def answer(value, status=200):
    return Response(status, {"content-type": "application/json"}, json.dumps(value).encode())


def modes(reading):
    return {window.mode for window in reading.windows}


async def test_all_windows_of_an_account_are_read(ask):
    reading = await ask(Site(Tier.HEAVY))
    assert modes(reading) == {*CHAT_MODES, *MEDIA_MODES} - {Mode.VIDEO}
    assert reading.absent == {Mode.VIDEO, Mode.WEEKLY}
    assert reading.tier is Tier.HEAVY
    assert {window.provenance for window in reading.windows} == {Provenance.MEASURED}
    assert {window.measured_at for window in reading.windows} == {CLOCK.now()}


async def test_modes_that_upstream_does_not_know_for_the_account_are_absent(ask):
    reading = await ask(Site(Tier.BASIC))
    assert reading.absent == {Mode.AUTO, Mode.EXPERT, Mode.HEAVY, Mode.VIDEO, Mode.WEEKLY}
    assert reading.tier is Tier.BASIC


async def test_each_question_is_asked_once_and_four_at_a_time(ask):
    site = Site(Tier.SUPER)
    await ask(site)
    assert sorted(site.asked) == ["auto", "expert", "fast", "heavy", "media", "weekly"]
    assert site.most == 4


async def test_weekly_credits_are_a_window_and_no_reason_to_promote(ask):
    paid = Response(200, {}, weekly.paid_answer(42.5, NOW))
    reading = await ask(Site(Tier.BASIC, weekly=paid))
    (window,) = (window for window in reading.windows if window.mode is Mode.WEEKLY)
    assert (window.remaining, window.total) == (5_750, 10_000)
    assert reading.tier is Tier.BASIC
    nothing_else = dict.fromkeys(CHAT_MODES, answer({}))
    assert (await ask(Site(Tier.BASIC, weekly=paid, **nothing_else))).tier is None


@pytest.mark.parametrize(
    "trouble",
    [
        DOWN,
        UpstreamTimeoutError("Nothing came."),
        LocalNetworkError("No route."),
        answer({"error": {"code": 7, "message": "Request rejected by anti-bot rules."}}, 403),
        answer({}, 500),
        answer([], 200),
        Response(200, {}, b"<html>"),
        Response(403, {"content-type": "text/html"}, b"<title>Just a moment...</title>"),
        Response(429, {"retry-after": "5"}, b""),
    ],
)
@pytest.mark.parametrize("endpoint", ["fast", "heavy", "media", "weekly"])
async def test_one_endpoint_that_fails_loses_its_own_windows_alone(ask, endpoint, trouble):
    whole = await ask(Site(Tier.HEAVY))
    reading = await ask(Site(Tier.HEAVY, **{endpoint: trouble}), Tier.HEAVY)
    of_endpoint = {"media": set(MEDIA_MODES), "weekly": {Mode.WEEKLY}}
    lost = of_endpoint.get(endpoint, {endpoint})
    assert modes(reading) == modes(whole) - lost
    assert reading.absent == whole.absent - lost
    assert reading.tier is Tier.HEAVY


class TestTier:
    async def test_an_unreadable_mode_never_lowers_the_tier(self, ask):
        """The total of `fast` alone would mean less."""
        site = Site(Tier.SUPER, auto=DOWN, heavy=DOWN)
        assert (await ask(site, Tier.HEAVY)).tier is None

    async def test_a_whole_reading_lowers_it(self, ask):
        assert (await ask(Site(Tier.SUPER), Tier.HEAVY)).tier is Tier.SUPER

    async def test_a_reading_with_gaps_may_raise_it(self, ask):
        site = Site(Tier.HEAVY, heavy=DOWN)
        assert (await ask(site, Tier.BASIC)).tier is Tier.HEAVY
        assert (await ask(site, None)).tier is Tier.HEAVY

    async def test_media_and_credits_that_fail_do_not_make_it_incomplete(self, ask):
        site = Site(Tier.BASIC, media=DOWN, weekly=DOWN)
        assert (await ask(site, Tier.SUPER)).tier is Tier.BASIC

    async def test_an_account_without_any_chat_mode_has_no_known_tier(self, ask):
        reading = await ask(Site(Tier.BASIC, fast=answer({})), Tier.SUPER)
        assert reading.tier is None
        assert reading.absent >= set(CHAT_MODES)


class TestRefusals:
    @pytest.mark.parametrize("error", [DEAD, BLOCKED])
    @pytest.mark.parametrize("mode", CHAT_MODES)
    async def test_a_dead_or_blocked_account_is_told_by_any_chat_mode(self, ask, mode, error):
        with pytest.raises(type(error)):
            await ask(Site(Tier.HEAVY, **{mode: error}))

    @pytest.mark.parametrize("error", [DEAD, BLOCKED])
    @pytest.mark.parametrize("endpoint", ["media", "weekly"])
    async def test_other_endpoints_do_not_condemn_an_account_that_chats(self, ask, endpoint, error):
        reading = await ask(Site(Tier.HEAVY, **{endpoint: error}))
        assert modes(reading) >= set(CHAT_MODES)

    async def test_they_are_believed_when_nothing_else_answers(self, ask):
        trouble = dict.fromkeys((*CHAT_MODES, "weekly"), DOWN)
        with pytest.raises(TokenRejectedError):
            await ask(Site(Tier.BASIC, media=DEAD, **trouble))

    async def test_when_nothing_can_be_read_the_first_reason_is_told(self, ask):
        trouble = dict.fromkeys((*CHAT_MODES, "weekly", "media"), DOWN)
        with pytest.raises(UpstreamError) as caught:
            await ask(Site(Tier.BASIC, **{**trouble, "fast": AntiBotError("No.")}))
        assert type(caught.value) is AntiBotError

    async def test_media_alone_are_a_reading(self, ask):
        trouble = dict.fromkeys((*CHAT_MODES, "weekly"), ProtocolChangedError("What?"))
        reading = await ask(Site(Tier.BASIC, **trouble), Tier.SUPER)
        assert modes(reading) == set(MEDIA_MODES) - {Mode.VIDEO}
        assert reading.tier is None

    async def test_a_bug_is_no_upstream_error(self, ask):
        with pytest.raises(ZeroDivisionError):
            await ask(Site(Tier.BASIC, media=ZeroDivisionError()))


async def test_cancelling_ends_all_questions(tiers):
    site = Site(Tier.BASIC)
    reading = asyncio.ensure_future(QuotaReader(site.fetch, tiers, CLOCK).read(None))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert site.running == 4
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert site.running == 0
