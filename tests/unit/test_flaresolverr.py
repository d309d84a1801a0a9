"""FlareSolverr's answers, those recorded and those that are wrong."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from grokdesk.domain.errors import LocalNetworkError
from grokdesk.simulator.flaresolverr import USER_AGENT
from grokdesk.upstream.web import flaresolverr
from grokdesk.upstream.web.clearance import Clearance
from grokdesk.upstream.web.flaresolverr import Solver, solve
from grokdesk.upstream.web.proxies import Proxy

SAMPLES = {
    sample["case"]: sample
    for sample in map(
        msgspec.json.decode,
        (Path(__file__).parents[1] / "wire/samples/flaresolverr.ndjson").read_bytes().splitlines(),
    )
}
GROK = "https://grok.com"


class StandIn:
    """Answers each command with the same thing."""

    def __init__(self) -> None:
        self.body: bytes = b""
        self.status = 200
        self.commands: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.url = ""
        self.delay_s = 0.0

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.paths.append(f"{request.method} {request.path}")
        self.commands.append(msgspec.json.decode(await request.read()))
        await asyncio.sleep(self.delay_s)
        return web.Response(body=self.body, status=self.status, content_type="application/json")

    def answer(self, body: object, status: int = 200) -> None:
        self.body, self.status = msgspec.json.encode(body), status

    @property
    def solver(self) -> Solver:
        return Solver(self.url, timeout_s=60)


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    stand_in = StandIn()
    runner = web.ServerRunner(web.Server(stand_in, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    stand_in.url = site.name
    yield stand_in
    await runner.cleanup()


async def test_the_recorded_solution_gives_cloudflares_cookies_and_the_browser(
    stand_in: StandIn,
) -> None:
    stand_in.answer(SAMPLES["ok"]["body"])
    clearance = await solve(stand_in.solver, GROK, None)
    assert clearance.cookies == "cf_clearance=synthetic-clearance; __cf_bm=synthetic-bm"
    assert clearance.profile.user_agent == USER_AGENT
    assert clearance.profile.impersonate == "chrome142"
    assert stand_in.paths == ["POST /v1"]


async def test_the_command_is_the_recorded_one(stand_in: StandIn) -> None:
    stand_in.answer(SAMPLES["ok"]["body"])
    await solve(stand_in.solver, GROK, Proxy("http://127.0.0.1:7890"))
    assert stand_in.commands == [SAMPLES["request"]["body"]]


async def test_without_a_challenge_there_is_a_browser_and_no_cookie(stand_in: StandIn) -> None:
    stand_in.answer(SAMPLES["no-challenge"]["body"])
    clearance = await solve(stand_in.solver, GROK, None)
    assert clearance == Clearance("", clearance.profile)
    assert clearance.profile.user_agent == USER_AGENT


async def test_the_recorded_failure_is_told_in_its_own_words(stand_in: StandIn) -> None:
    stand_in.answer(SAMPLES["error"]["body"], SAMPLES["error"]["status"])
    with pytest.raises(LocalNetworkError, match=r"Timeout after 60\.0 seconds\. Look at its log"):
        await solve(stand_in.solver, GROK, None)


@pytest.mark.parametrize(
    ("proxy", "told"),
    [
        (Proxy("socks5h://10.0.0.1:1080"), {"url": "socks5://10.0.0.1:1080"}),
        (Proxy("socks4a://10.0.0.1:1080"), {"url": "socks4://10.0.0.1:1080"}),
        (
            Proxy("http://10.0.0.1:1", "joe", "word"),
            {"url": "http://10.0.0.1:1", "username": "joe", "password": "word"},
        ),
    ],
)
async def test_the_proxy_is_passed_on_in_the_browsers_words(
    stand_in: StandIn, proxy: Proxy, told: dict[str, str]
) -> None:
    stand_in.answer(SAMPLES["ok"]["body"])
    await solve(stand_in.solver, GROK, proxy)
    assert stand_in.commands[0]["proxy"] == told


async def test_cookies_of_other_sites_are_dropped(stand_in: StandIn) -> None:
    body = msgspec.json.decode(msgspec.json.encode(SAMPLES["ok"]["body"]))
    body["solution"]["cookies"] = [
        {"name": "cf_clearance", "value": "other", "domain": ".cloudflare.com"},
        {"name": "cf_clearance", "value": "near", "domain": "notgrok.com"},
        {"name": "cf_clearance", "value": "ours", "domain": "grok.com"},
        {"name": "_cfuvid", "value": "bare"},
        {"name": "__cf_bm", "value": "bad;value", "domain": ".grok.com"},
    ]
    stand_in.answer(body)
    clearance = await solve(stand_in.solver, GROK, None)
    assert clearance.cookies == "cf_clearance=ours; _cfuvid=bare; __cf_bm=bad"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"status": "ok"}, "could not pass the browser check: it gave no reason"),
        ({"status": "ok", "solution": {"cookies": []}}, "could not pass"),
        ({"status": "error", "message": ""}, "it gave no reason"),
        (
            {"status": "ok", "solution": {"userAgent": "Lynx/2.9", "cookies": []}},
            "not a user agent that Grokdesk can imitate",
        ),
        ({"hello": "world"}, "is not FlareSolverr"),
        ([1], "is not FlareSolverr"),
        ("text", "is not FlareSolverr"),
    ],
)
async def test_an_answer_that_is_none_is_told(stand_in: StandIn, body: object, words: str) -> None:
    stand_in.answer(body)
    with pytest.raises(LocalNetworkError, match=words):
        await solve(stand_in.solver, GROK, None)


async def test_secrets_in_the_solvers_words_are_not_repeated(stand_in: StandIn) -> None:
    stand_in.answer({"status": "error", "message": "cookie cf_clearance=hidden-value refused"})
    with pytest.raises(LocalNetworkError) as error:
        await solve(stand_in.solver, GROK, None)
    assert "hidden-value" not in str(error.value)


async def test_a_large_page_in_the_answer_does_no_harm(stand_in: StandIn) -> None:
    body = msgspec.json.decode(msgspec.json.encode(SAMPLES["ok"]["body"]))
    body["solution"]["response"] = "x" * (5 << 20)
    stand_in.answer(body)
    assert (await solve(stand_in.solver, GROK, None)).cookies


async def test_a_solver_that_is_not_there_is_told_with_its_address() -> None:
    with pytest.raises(LocalNetworkError, match=r"FlareSolverr at 127\.0\.0\.1:1 does not answer"):
        await solve(Solver("http://127.0.0.1:1"), GROK, None)


async def test_a_solver_that_takes_too_long_is_given_up(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flaresolverr, "_GRACE_S", 0.1)
    stand_in.delay_s = 5
    with pytest.raises(LocalNetworkError, match="took longer than"):
        await solve(Solver(stand_in.url, timeout_s=0.2), GROK, None)
    assert stand_in.commands[0]["maxTimeout"] == 200
