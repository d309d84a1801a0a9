"""Who may talk to the gateway: raw Host headers and targets, origins, preflights."""

import asyncio
import json
import socket

import aiohttp
import pytest

from tests.gateway.live_core import live_core
from tests.gateway.stand_in import chat_body

PAGE = "https://page.example"


def get(port, host, target="/health", *more):
    lines = [f"GET {target} HTTP/1.1", *([f"Host: {host}"] if host is not None else []), *more]
    return "\r\n".join((*lines, "Connection: close", "", "")).encode("utf-8", "surrogateescape")


def status_of(answer):
    return int(answer.split(b" ", 2)[1])


FOREIGN = (
    "evil:{port}",
    "evil",
    "localhost.evil:{port}",
    "127.0.0.1.nip.io:{port}",
    "evil.localhost:{port}",
    "0.0.0.0:{port}",
    "[::ffff:127.0.0.1]:{port}",
    "[::]:{port}",
    "127.0.0.1",
    "127.0.0.1:1",
    "127.0.0.1:0{port}",
    "127.0.0.1:{port}0",
    "127.0.0.1.:{port}",
    "localhost.:{port}",
    "localhost",
    "[::1]",
    "127.1:{port}",
    "127.0.1:{port}",
    "2130706433:{port}",
    "0x7f000001:{port}",
    "0177.0.0.1:{port}",
    "127.0.0.2:{port}",
    "user@127.0.0.1:{port}",
    "user:pass@127.0.0.1:{port}",
    "127.0.0.1:{port}@evil",
    "127.0.0.1:{port}, evil",
    "127.0.0.1:{port} evil",
    "evil 127.0.0.1:{port}",
    "127.0.0.1:{port}/",
    "http://127.0.0.1:{port}",
    "127.0.0.1:{port}#",
    "127.0.0.1:{port}?",
    "lоcalhost:{port}",  # noqa: RUF001 - with a Cyrillic letter
    "１２７.0.0.1:{port}",  # noqa: RUF001 - with wide digits
    "127。0。0。1:{port}",
    "xn--lcalhost-9fg:{port}",
    "::1:{port}",
    "[::1%25lo]:{port}",
    "host.docker.internal.evil:{port}",
    "host.docker.internal:80",
    "*",
    "",
)
TARGETS = (
    "http://evil/health",
    "http://evil:{port}/health",
    "HTTP://EVIL:{port}/health",
    "http://127.0.0.1:{port}@evil/health",
    "http://user@127.0.0.1:{port}/health",
    "http://127.0.0.1/health",
    "http://127.0.0.1.:{port}/health",
    "https://evil:{port}/health",
    "//evil/health",
)


@pytest.mark.parametrize("host", FOREIGN)
async def test_a_foreign_host_gets_nothing(gateway, host):
    answer = await gateway.raw(get(gateway.port, host.format(port=gateway.port)))
    assert status_of(answer) in (400, 421), answer
    assert b"accounts" not in answer
    assert b"\r\nServer: grokdesk\r\n" in answer
    assert "error" in json.loads(answer.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize("target", TARGETS)
async def test_the_target_may_not_name_another_host_than_the_header(gateway, target):
    target = target.format(port=gateway.port)
    answer = await gateway.raw(get(gateway.port, f"127.0.0.1:{gateway.port}", target))
    assert status_of(answer) in (400, 404, 421), answer
    assert b"accounts" not in answer


async def test_the_header_counts_when_the_target_names_us(gateway):
    target = f"http://127.0.0.1:{gateway.port}/health"
    assert status_of(await gateway.raw(get(gateway.port, "evil", target))) == 421
    answer = await gateway.raw(get(gateway.port, f"localhost:{gateway.port}", target))
    assert status_of(answer) == 200


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LocalHost", "[::1]"])
async def test_local_names_with_our_port_are_served(gateway, name):
    answer = await gateway.raw(get(gateway.port, f"{name}:{gateway.port}"))
    assert status_of(answer) == 200


async def test_a_container_may_use_its_name_for_this_computer(gateway):
    host = f"host.docker.internal:{gateway.port}"
    assert status_of(await gateway.raw(get(gateway.port, host))) == 200


@pytest.mark.parametrize("lines", [[], ["Host: a", "Host: b"], ["Host: {own}", "Host: {own}"]])
async def test_exactly_one_host_header_is_needed(gateway, lines):
    own = f"127.0.0.1:{gateway.port}"
    more = [line.format(own=own) for line in lines]
    answer = await gateway.raw(get(gateway.port, None, "/health", *more))
    assert status_of(answer) == 400
    old = await gateway.raw(b"GET /health HTTP/1.0\r\n\r\n")
    assert status_of(old) == 400


async def test_names_that_the_user_added_are_served(start_gateway):
    gateway = await start_gateway(host_names=frozenset({"my-nas", "tunnel.example:9999"}))
    for host in (f"my-nas:{gateway.port}", "tunnel.example:9999"):
        assert status_of(await gateway.raw(get(gateway.port, host))) == 200
    for host in ("my-nas", f"tunnel.example:{gateway.port}"):
        assert status_of(await gateway.raw(get(gateway.port, host))) == 421


async def test_listening_everywhere_allows_the_address_that_was_connected_to(start_gateway):
    gateway = await start_gateway(hosts=("0.0.0.0",))
    own = f"127.0.0.2:{gateway.port}"
    with socket.create_connection(("127.0.0.2", gateway.port)):
        pass
    request = get(gateway.port, own)
    assert status_of(await _raw_at("127.0.0.2", gateway.port, request)) == 200
    assert status_of(await _raw_at("127.0.0.3", gateway.port, request)) == 421
    assert status_of(await gateway.raw(get(gateway.port, f"0.0.0.0:{gateway.port}"))) == 421


async def _raw_at(host, port, data):
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(data)
    answer = await reader.read()
    writer.close()
    return answer


ORIGINS = (
    "null",
    "https://evil.example",
    "http://page.example",
    "https://page.example:444",
    "https://page.example.evil",
    "https://evil-page.example",
    "https://page.example/",
    "HTTPS://PAGE.EXAMPLE",
    "https://page.example https://evil.example",
    "chrome-extension://abcdef",
    "app://obsidian.md",
    "http://localhost:3000",
    "*",
    "",
)


@pytest.mark.parametrize("origin", ORIGINS)
async def test_a_page_that_is_not_listed_is_refused_even_with_a_key(start_gateway, http, origin):
    gateway = await start_gateway(origins=frozenset({PAGE}))
    headers = {**gateway.headers, "Origin": origin}
    async with http.get(gateway.origin + "/v1/models", headers=headers) as response:
        assert response.status == 403
        assert not any(name.startswith("Access-Control") for name in response.headers)
        assert response.headers["Vary"] == "Origin"
    async with http.options(gateway.origin + "/v1/models", headers=headers) as response:
        assert response.status == 204
        assert not any(name.startswith("Access-Control") for name in response.headers)


async def test_own_address_as_origin_is_no_exception(gateway, http):
    headers = {**gateway.headers, "Origin": gateway.origin}
    async with http.get(gateway.origin + "/v1/models", headers=headers) as response:
        assert response.status == 403


@pytest.mark.parametrize(
    ("site", "status"),
    [("cross-site", 403), ("same-site", 403), ("none", 200), ("same-origin", 200)],
)
async def test_what_the_browser_says_about_the_page_counts(gateway, http, site, status):
    headers = {**gateway.headers, "Sec-Fetch-Site": site}
    async with http.get(gateway.origin + "/v1/models", headers=headers) as response:
        assert response.status == status


async def test_a_listed_page_is_served_errors_and_streams_included(start_gateway, http):
    gateway = await start_gateway(origins=frozenset({PAGE}))
    headers = {**gateway.headers, "Origin": PAGE, "Sec-Fetch-Site": "cross-site"}
    url = gateway.origin + "/v1/chat/completions"
    for body in (chat_body(), chat_body(stream=True), chat_body(n=3)):
        async with http.post(url, json=body, headers=headers) as response:
            assert response.headers["Access-Control-Allow-Origin"] == PAGE
            assert "x-request-id" in response.headers["Access-Control-Expose-Headers"]
            assert "Access-Control-Allow-Credentials" not in response.headers
            await response.read()


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
async def test_a_listed_page_may_read_every_header_of_ours(start_gateway, http, path):
    gateway = await start_gateway(origins=frozenset({PAGE}))
    _, text = await gateway.services.keys.create("page", requests_per_minute=1)
    headers = {"Authorization": f"Bearer {text}", "Origin": PAGE, "X-Request-Id": "mine"}
    url = gateway.origin + path
    for status in (200, 429):
        async with http.post(url, json=chat_body(max_tokens=9), headers=headers) as response:
            assert response.status == status
            exposed = response.headers["Access-Control-Expose-Headers"].lower().split(", ")
            ours = {name.lower() for name in response.headers}
            unusual = {name for name in ours if name.startswith(("x-", "anthropic-", "request-"))}
            assert len(unusual) > 3
            assert unusual | ({"retry-after"} & ours) <= {*exposed}


async def test_the_preflight_of_a_listed_page_names_what_sdks_send(start_gateway, http):
    gateway = await start_gateway(origins=frozenset({PAGE}))
    headers = {"Origin": PAGE, "Access-Control-Request-Private-Network": "true"}
    async with http.options(gateway.origin + "/v1/anything", headers=headers) as response:
        assert response.status == 204
        allowed = response.headers["Access-Control-Allow-Headers"]
        for name in ("authorization", "content-type", "x-api-key", "x-stainless-lang"):
            assert name in allowed
        assert response.headers["Access-Control-Allow-Private-Network"] == "true"
        assert int(response.headers["Access-Control-Max-Age"]) > 0


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/models", "GET, HEAD, OPTIONS"),
        ("/v1/chat/completions", "OPTIONS, POST"),
        ("/v1/anything", "GET, HEAD, OPTIONS, POST"),
    ],
)
async def test_a_preflight_allows_the_methods_of_its_path(start_gateway, http, path, methods):
    gateway = await start_gateway(origins=frozenset({PAGE}))
    async with http.options(gateway.origin + path, headers={"Origin": PAGE}) as response:
        assert response.headers["Access-Control-Allow-Methods"] == methods
        assert "Access-Control-Allow-Private-Network" not in response.headers
        assert response.headers["Vary"].startswith("Origin, ")


async def test_headers_of_newer_sdks_are_allowed_and_others_are_not(start_gateway, http):
    gateway = await start_gateway(origins=frozenset({PAGE}))
    asked = "X-Stainless-New-Thing, anthropic-next, openai-x, x-evil, cookie, x-stainless-\u00e4"
    headers = {"Origin": PAGE, "Access-Control-Request-Headers": asked}
    async with http.options(gateway.origin + "/v1/models", headers=headers) as response:
        allowed = response.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"x-stainless-new-thing", "anthropic-next", "openai-x"} <= set(allowed)
    assert not {"x-evil", "cookie"} & set(allowed)
    assert all(name.isascii() for name in allowed)


async def test_pages_are_let_in_and_out_without_a_break(start_gateway):
    gateway = await start_gateway()
    request = get(gateway.port, f"127.0.0.1:{gateway.port}", "/", f"Origin: {PAGE}")
    request = request.replace(b"Connection: close", b"Connection: keep-alive")
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    seen = []
    for pages in (set(), {PAGE}, set()):
        gateway.server.admit(host_names=frozenset(), origins=frozenset(pages))
        writer.write(request)
        seen.append(status_of(await reader.readuntil(b"}")))
        await reader.readuntil(b"}") if seen[-1] == 403 else None
    assert seen == [403, 200, 403]
    writer.close()


async def test_a_name_with_the_usual_port_may_leave_it_out(start_gateway):
    gateway = await start_gateway(host_names=frozenset({"tunnel.example:443"}))
    for host in ("tunnel.example", "tunnel.example:443"):
        assert status_of(await gateway.raw(get(gateway.port, host))) == 200
    assert status_of(await gateway.raw(get(gateway.port, "tunnel.example:80"))) == 421


async def test_the_settings_say_which_pages_and_names_are_let_in(tmp_path, http):
    listed = {"gateway_allowed_origins": f"app://obsidian.md, {PAGE}", "gateway_host_names": "nas"}
    async with live_core(tmp_path, **listed) as live:
        services = live.core.services
        port = services.gateway.snapshot().port
        url = f"http://127.0.0.1:{port}/health"

        async def status(**headers):
            async with http.get(url, headers=headers) as response:
                return response.status

        assert await status(Origin="app://obsidian.md") == 200
        assert await status(Origin="https://new.example") == 403
        assert await status(Host=f"nas:{port}") == 200


async def test_a_change_of_these_settings_counts_at_once(tmp_path, http):
    async with live_core(tmp_path) as live:
        services = live.core.services
        port = services.gateway.snapshot().port
        url = f"http://127.0.0.1:{port}/health"
        for origins, expected in ((PAGE, 200), ("", 403)):
            await services.settings.update({"gateway.allowed_origins": origins})
            async with http.get(url, headers={"Origin": PAGE}) as response:
                assert response.status == expected
        assert services.gateway.snapshot().port == port


async def test_a_preflight_with_a_foreign_host_is_refused(gateway):
    data = b"OPTIONS / HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n"
    assert status_of(await gateway.raw(data)) == 421


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
async def test_what_is_no_http_gets_json_and_no_traceback(gateway, data, caplog):
    answer = await gateway.raw(data)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert status_of(answer) == 400
    assert b"Python" not in head
    assert json.loads(body)["error"]["type"] == "invalid_request_error"
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "WARNING")]


async def test_a_form_cannot_reach_the_chat(gateway, http):
    form = aiohttp.FormData({"model": "grok-fast"})
    url = gateway.origin + "/v1/chat/completions"
    for data in (form, aiohttp.FormData([("a", "b")], default_to_multipart=True)):
        async with http.post(url, data=data, headers=gateway.headers) as response:
            assert response.status == 415
    assert gateway.upstream.requests == []
