"""API keys: every way to send one, every way to get it wrong."""

import asyncio

import pytest

from grokdesk.gateway.app import ROUTES
from tests.gateway.stand_in import chat_body, hangs

KEYLESS = {
    "/",
    "/api/hello",
    "/api/event_logging/batch",
    "/api/event_logging/*/batch",
    "/health",
}
"""They tell nothing and change nothing."""


async def status_with(http, gateway, headers, path="/v1/models"):
    async with http.get(gateway.origin + path, headers=headers) as response:
        await response.read()
        return response.status


@pytest.mark.parametrize(
    "form",
    [
        {"Authorization": "Bearer {key}"},
        {"Authorization": "bearer {key}"},
        {"Authorization": "BEARER   {key}  "},
        {"x-api-key": "{key}"},
        {"X-API-Key": " {key} "},
        {"api-key": "{key}"},
        {"Authorization": "Bearer {key}", "x-api-key": "{key}"},
        {"Authorization": "Bearer ", "x-api-key": "{key}"},
    ],
)
async def test_a_key_may_come_in_any_of_the_known_ways(http, gateway, form):
    headers = {name: value.format(key=gateway.key) for name, value in form.items()}
    assert await status_with(http, gateway, headers) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "Bearer gd-" + "a" * 50},
        {"Authorization": "Bearer ключ"},
        {"Authorization": "Bearer 🔑"},
        {"x-api-key": "' OR 1=1 --"},
        {"x-api-key": "x" * 8000},
    ],
)
async def test_a_wrong_key_is_a_401_that_says_what_to_do(http, gateway, headers):
    async with http.get(gateway.origin + "/v1/models", headers=headers) as response:
        error = (await response.json())["error"]
        assert response.status == 401
        assert (error["type"], error["code"]) == ("invalid_request_error", "invalid_api_key")
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert response.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("value", [b"\xff\xfe\xfd", b"\xe9", b"gd-\xc3\x28"])
async def test_bytes_that_are_no_text_are_a_401_too(gateway, value):
    data = (
        b"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n"
        b"Authorization: Bearer %b\r\n\r\n" % (gateway.port, value)
    )
    assert (await gateway.raw(data)).startswith(b"HTTP/1.1 401 ")


async def test_different_keys_in_one_request_are_refused(http, gateway):
    headers = {"Authorization": f"Bearer {gateway.key}", "x-api-key": "other"}
    async with http.get(gateway.origin + "/v1/models", headers=headers) as response:
        assert response.status == 400
        assert (await response.json())["error"]["code"] == "conflicting_api_keys"


@pytest.mark.parametrize("name", ["api_key", "key", "access_token"])
async def test_a_key_in_the_address_is_refused_with_a_hint(http, gateway, name):
    async with http.get(gateway.origin + f"/v1/models?{name}={gateway.key}") as response:
        assert response.status == 401
        assert "address" in (await response.json())["error"]["message"]


async def test_every_route_but_the_probes_needs_a_key(http, start_gateway):
    gateway = await start_gateway(settings={"gateway.ollama": True})
    open_routes = set()
    for route in ROUTES:
        url = gateway.origin + route.path.replace("*", "grok-fast")
        async with http.request(route.method, url) as response:
            if not route.needs_key:
                open_routes.add(route.path)
                assert response.status < 400, route
            else:
                assert response.status == 401, route
    assert open_routes == KEYLESS


async def test_guessing_is_slowed_down_while_the_right_key_always_works(http, gateway):
    wrong = {"Authorization": "Bearer wrong"}
    statuses = [await status_with(http, gateway, wrong) for _ in range(15)]
    assert statuses == [401] * 10 + [429] * 5
    async with http.get(gateway.origin + "/v1/models", headers=wrong) as response:
        assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert await status_with(http, gateway, gateway.headers) == 200


async def test_asking_without_a_key_or_with_one_that_ended_is_no_guessing(http, gateway):
    await gateway.services.keys.configure("Tests", enabled=False)
    for headers in ({}, gateway.headers):
        assert [await status_with(http, gateway, headers) for _ in range(15)] == [401] * 15
    assert await status_with(http, gateway, {"x-api-key": "wrong"}) == 401


async def test_a_running_stream_does_not_notice_a_thousand_bad_keys(http, gateway):
    gateway.upstream.play = hangs("Well")
    url = gateway.origin + "/v1/chat/completions"
    async with http.post(url, json=chat_body(stream=True), headers=gateway.headers) as stream:
        await stream.content.readline()
        for _ in range(20):
            await asyncio.gather(
                *(status_with(http, gateway, {"x-api-key": "wrong"}) for _ in range(50))
            )
        assert gateway.upstream.running == 1
        assert await status_with(http, gateway, gateway.headers) == 200


async def test_a_revoked_key_is_refused_at_once(http, gateway):
    await gateway.services.keys.revoke("Tests")
    assert await status_with(http, gateway, gateway.headers) == 401
