"""One policy for every route and every way to send a key."""

import asyncio
import itertools
import json
import time

import pytest

from grokdesk.gateway.app import ROUTES
from grokdesk.gateway.dialect import OPENAI
from grokdesk.gateway.errors import Verdict
from tests.gateway.live_core import live_core
from tests.gateway.stand_in import CATALOG, chat_body, hangs

MESSAGES = [{"role": "user", "content": "Hi"}]
GENERATING = {
    "/chat/completions": {"messages": MESSAGES},
    "/completions": {"prompt": "Hi"},
    "/responses": {"input": "Hi"},
    "/messages": {"messages": MESSAGES, "max_tokens": 100},
    "/api/chat": {"messages": MESSAGES},
    "/api/generate": {"prompt": "Hi"},
}
"""What each route needs besides a model."""
ASKING_NOBODY = {"/responses/*/cancel", "/messages/count_tokens", "/api/show", "/responses/compact"}
ROUTES_THAT_GENERATE = [
    route for route in ROUTES if route.method == "POST" and route.path in GENERATING
]
WAYS = {
    "bearer": "Authorization: Bearer {key}",
    "x-api-key": "X-Api-Key: {key}",
    "api-key": "api-key: {key}",
}
CASES = {
    "disabled": (401, "is switched off"),
    "expired": (401, "has expired"),
    "over the minute": (429, "limited to 1 request per minute"),
    "over the day": (429, "limited to 1 request per day"),
    "too many at once": (429, "may run 1 request at once"),
    "not allowed": (403, "may not use the model 'grok-fast'"),
    "not allowed by alias": (403, "may not use the model 'grok-fast'"),
    "unknown model": (404, "does not exist"),
}


@pytest.fixture
async def gateway(start_gateway):
    """With every face that a setting may hide."""
    settings = {"gateway.ollama": True} if "/api/chat" in {r.path for r in ROUTES} else {}
    return await start_gateway(settings=settings)


def headers_for(way, key):
    name, _, value = WAYS[way].format(key=key).partition(": ")
    return {name: value}


def test_no_route_that_generates_is_left_out():
    posts = {route.path for route in ROUTES if route.method == "POST" and route.served}
    keyed = {route.path for route in ROUTES if route.needs_key}
    assert (posts & keyed) - ASKING_NOBODY <= GENERATING.keys()


async def key_in(gateway, case):
    """A key in this state, and the model that is asked for."""
    keys, model = gateway.services.keys, "grok-fast"
    wishes = {
        "over the minute": {"requests_per_minute": 1},
        "over the day": {"requests_per_day": 1},
        "too many at once": {"max_concurrent": 1},
        "not allowed": {"models": "vendor/*"},
        "not allowed by alias": {"models": "vendor/*", "aliases": "mine=grok-fast"},
    }.get(case, {})
    key, text = await keys.create(case, **wishes)
    match case:
        case "disabled":
            await keys.configure(case, enabled=False)
        case "expired":
            await keys.configure(case, expires_at=gateway.services.clock.now() + 0.05)
            await asyncio.sleep(0.06)
        case "over the minute" | "over the day":
            with gateway.services.admission.admit(key, model):
                pass
        case "too many at once":
            gateway.services.admission.admit(key, model).__enter__()
        case "not allowed by alias":
            model = "mine"
        case "unknown model":
            model = "nonsense"
    return text, model


@pytest.mark.parametrize("case", CASES)
async def test_a_verdict_is_the_same_on_every_route_and_for_every_way(http, gateway, case):
    key, model = await key_in(gateway, case)
    status, words = CASES[case]
    for route, way in itertools.product(ROUTES_THAT_GENERATE, WAYS):
        expected = (route.dialect or OPENAI).status(Verdict(status, "", ""))
        for stream in (False, True):
            body = GENERATING[route.path] | {"model": model, "stream": stream}
            async with http.post(
                gateway.origin + route.path, json=body, headers=headers_for(way, key)
            ) as response:
                told = await response.text()
                assert (response.status, words in told) == (expected, True), (route, way, told)
                assert response.headers["Content-Type"] == "application/json"
                assert ("Retry-After" in response.headers) is (status == 429)
    assert gateway.upstream.requests == []


@pytest.mark.parametrize("route", ROUTES_THAT_GENERATE, ids=lambda route: route.path)
async def test_each_route_answers_a_key_within_its_limits_and_counts_it(http, gateway, route):
    _, key = await gateway.services.keys.create(
        "fine", models="grok-fast", requests_per_minute=3, max_concurrent=1, aliases="m=grok-fast"
    )
    left = []
    for way in WAYS:
        body = GENERATING[route.path] | {"model": "m"}
        async with http.post(
            gateway.origin + route.path, json=body, headers=headers_for(way, key)
        ) as response:
            assert response.status == 200, await response.text()
            left.append(response.headers["x-ratelimit-remaining-requests"])
    assert left == ["2", "1", "0"]
    assert len(gateway.upstream.requests) == 3


@pytest.mark.parametrize("limit", ["requests_per_minute", "requests_per_day"])
async def test_of_200_at_the_same_time_exactly_100_are_accepted(http, gateway, limit):
    _, key = await gateway.services.keys.create("busy", **{limit: 100})

    async def ask():
        async with http.post(
            gateway.origin + "/v1/chat/completions",
            json=chat_body(),
            headers={"Authorization": f"Bearer {key}"},
        ) as response:
            await response.read()
            return response.status

    statuses = await asyncio.gather(*(ask() for _ in range(200)))
    assert (statuses.count(200), statuses.count(429)) == (100, 100)
    assert len(gateway.upstream.requests) == 100


async def ask(http, gateway, key, path="/v1/chat/completions", **fields):
    url, headers = gateway.origin + path, {"Authorization": f"Bearer {key}"}
    async with http.post(url, json=chat_body(**fields), headers=headers) as response:
        return response.status, await response.read(), response.headers


async def test_a_refusal_is_told_in_openais_words_with_the_time_to_wait(http, gateway):
    _, key = await gateway.services.keys.create("busy", requests_per_minute=1)
    await ask(http, gateway, key)
    status, body, headers = await ask(http, gateway, key)
    error = json.loads(body)["error"]
    assert (status, error["type"], error["code"]) == (429, "rate_limit_error", "key_limit")
    assert 55 <= int(headers["Retry-After"]) <= 60
    assert headers["X-RateLimit-Limit-Requests"] == "1"
    assert headers["X-RateLimit-Remaining-Requests"] == "0"
    assert headers["X-RateLimit-Reset-Requests"] in ("1m0s", "59s", "58s")


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/grok-fast", "/v1/models/nonsense"])
async def test_every_answer_to_a_limited_key_tells_what_is_left(http, gateway, path):
    _, key = await gateway.services.keys.create("busy", requests_per_day=7)
    async with http.get(gateway.origin + path, headers={"x-api-key": key}) as response:
        assert response.headers["x-ratelimit-limit-requests"] == "7"
        assert response.headers["x-ratelimit-remaining-requests"] == "7"
        assert response.headers["x-ratelimit-reset-requests"] == "0s"


async def test_a_key_without_limits_gets_no_such_headers(http, gateway):
    async with http.get(gateway.origin + "/v1/models", headers=gateway.headers) as response:
        assert not [name for name in response.headers if "ratelimit" in name.lower()]


async def test_a_stream_counts_as_running_until_its_end(http, gateway):
    _, key = await gateway.services.keys.create("one", max_concurrent=1)
    gateway.upstream.play = hangs("Well")
    url, headers = gateway.origin + "/v1/chat/completions", {"x-api-key": key}
    async with http.post(url, json=chat_body(stream=True), headers=headers) as response:
        await response.content.readline()
        assert (await ask(http, gateway, key))[0] == 429
    for _ in range(50):
        await asyncio.sleep(0.01)
        if not gateway.upstream.running:
            break
    gateway.upstream.play = hangs()
    waiting = asyncio.get_running_loop().create_task(ask(http, gateway, key))
    await asyncio.sleep(0.1)
    assert not waiting.done(), "the client that left has freed its place"
    waiting.cancel()


async def ends_within(gateway, http, key, change):
    """How long a stream went on after the change, and its last words."""
    gateway.upstream.play = hangs("Well")
    url, headers = gateway.origin + "/v1/chat/completions", {"x-api-key": key}
    async with http.post(url, json=chat_body(stream=True), headers=headers) as response:
        await response.content.readline()
        started = time.perf_counter()
        await change
        rest = await response.content.read()
    return time.perf_counter() - started, rest.decode()


@pytest.mark.alone
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda keys: keys.revoke("mine"), "was revoked"),
        (lambda keys: keys.configure("mine", enabled=False), "is switched off"),
    ],
)
async def test_a_key_that_ends_takes_its_running_streams_along(http, gateway, change, words):
    _, key = await gateway.services.keys.create("mine")
    other = asyncio.get_running_loop().create_task(ask(http, gateway, gateway.key))
    gateway.upstream.play = hangs("Well")
    await asyncio.sleep(0.1)
    seconds, rest = await ends_within(gateway, http, key, change(gateway.services.keys))
    assert seconds < 0.25
    assert words in rest
    assert "[DONE]" not in rest
    assert not other.done(), "the calls of other keys go on"
    assert gateway.upstream.running == 1
    assert gateway.services.gateway.snapshot().running_requests == 1
    other.cancel()
    assert (await ask(http, gateway, key))[0] == 401


@pytest.mark.alone
async def test_a_key_that_expires_takes_its_running_streams_along(http, gateway):
    keys = gateway.services.keys
    watching = asyncio.get_running_loop().create_task(keys.keep_expiring())
    _, key = await keys.create("mine", expires_at=gateway.services.clock.now() + 0.3)
    seconds, rest = await ends_within(gateway, http, key, asyncio.sleep(0))
    assert 0.1 < seconds < 0.55
    assert "has expired" in rest
    watching.cancel()


async def test_a_key_that_ends_while_its_request_arrives_is_refused(gateway):
    whole = gateway.chat_bytes()
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(whole[:-5])
    await asyncio.sleep(0.1)
    await gateway.services.keys.configure("Tests", enabled=False)
    writer.write(whole[-5:])
    assert b" 401 " in await reader.readline()
    writer.close()
    assert gateway.upstream.requests == []


async def test_a_list_of_models_shows_what_the_key_may_use(http, gateway):
    _, key = await gateway.services.keys.create("some", models="vendor/*")
    headers = {"x-api-key": key}
    async with http.get(gateway.origin + "/v1/models", headers=headers) as response:
        assert [m["id"] for m in (await response.json())["data"]] == ["vendor/grok-slash"]
    for name, status in (("vendor/grok-slash", 200), ("grok-fast", 403), ("nonsense", 404)):
        async with http.get(gateway.origin + f"/v1/models/{name}", headers=headers) as response:
            assert response.status == status


async def test_a_mapped_name_is_answered_by_its_model(http, start_gateway):
    gateway = await start_gateway(settings={"models.aliases": "gpt-*=grok-fast"})
    status, body, _ = await ask(http, gateway, gateway.key, model="gpt-4o")
    assert (status, json.loads(body)["model"]) == (200, "grok-fast")
    status, body, _ = await ask(http, gateway, gateway.key, model="claude-opus-4-5")
    assert status == 404
    assert "Settings > Models > aliases" in json.loads(body)["error"]["message"]


@pytest.mark.parametrize(
    "name", ["a\r\nSet-Cookie: x=1", "\x1b[31mred", "\u202egrok", "x" * 100_000, "a\x00b"]
)
async def test_the_name_of_a_model_gets_nowhere_but_into_a_json_answer(http, gateway, name, caplog):
    await gateway.services.metrics.switch(True)
    status, body, headers = await ask(http, gateway, gateway.key, model=name)
    assert status == 404
    assert len(body) < 1_000
    assert json.loads(body)["error"]["message"].isprintable()
    assert "Set-Cookie" not in headers
    figures = await gateway.services.metrics.scrape()
    assert not caplog.records
    labels = {
        line.partition('model="')[2].partition('"')[0] for line in figures.decode().split("\n")
    }
    assert labels <= {"", "other", *(model.id for model in CATALOG.models)}
    await gateway.services.metrics.switch(False)


async def test_the_whole_core_keeps_limits_and_last_uses_across_a_restart(http, tmp_path):
    headers = {}

    async def ask(live):
        url = live.core.services.gateway.snapshot().base_url + "/chat/completions"
        body = chat_body(model="grok-chat-fast")
        async with http.post(url, json=body, headers=headers) as response:
            return response.status

    async with live_core(tmp_path, accounts_vault="sealed") as live:
        await live.add("an-account-of-the-limits-super")
        key, text = await live.core.services.keys.create("few", requests_per_day=3)
        headers["x-api-key"] = text
        assert [await ask(live) for _ in range(2)] == [200, 200]
    async with live_core(tmp_path, accounts_vault="sealed") as live:
        assert [await ask(live) for _ in range(2)] == [200, 429]
        usage = (await live.core.services.usage.by_key())[key.id]
        assert usage.requests_today == 3
        assert usage.last_used_at == pytest.approx(live.core.services.clock.now(), abs=20)
