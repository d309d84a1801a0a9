"""The server: its port, its routes, and an orderly end."""

import asyncio
import json
import os
import socket
import time

import pytest
import yarl

from grokdesk import __version__
from grokdesk.gateway.limits import Limits
from grokdesk.gateway.listen import PortTakenError, open_sockets
from grokdesk.gateway.server import GatewayServer
from tests.gateway.stand_in import chat_body, hangs, says

URL = "/v1/chat/completions"


async def until(condition, timeout=3.0):
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.005)


def listen(host="127.0.0.1", port=0):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
    sock.listen()
    return sock


# -- paths


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions",
        "/chat/completions",
        "/v1/v1/chat/completions",
        "/v1/chat/completions/",
        "//v1//chat//completions//",
        "/v1/chat/completions?beta=true&x=/y",
        "/v1/chat%2Fcompletions",
    ],
)
async def test_what_people_make_of_the_base_url_is_forgiven(gateway, path):
    request = gateway.chat_bytes().replace(URL.encode(), path.encode(), 1)
    request = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
    assert (await gateway.raw(request)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("path", ["/v1/nothing", "/v2/models", "/v1/../health", "/V1/models"])
async def test_an_unknown_path_lists_the_known_ones(http, gateway, path):
    address = yarl.URL(gateway.origin + path, encoded=True)
    async with http.get(address, headers=gateway.headers) as response:
        error = (await response.json())["error"]
        assert (response.status, error["code"]) == (404, "not_found")
        assert "/v1/chat/completions" in error["message"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", URL, "OPTIONS, POST"),
        ("DELETE", "/v1/models", "GET, HEAD, OPTIONS"),
        ("POST", "/v1/models/grok-fast", "GET, HEAD, OPTIONS"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(http, gateway, method, path, allowed):
    async with http.request(method, gateway.origin + path, headers=gateway.headers) as response:
        assert response.status == 405
        assert response.headers["Allow"] == allowed
        assert (await response.json())["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/", "/api/hello", "/health"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_probes_are_answered_without_a_key(http, gateway, method, path):
    async with http.request(method, gateway.origin + path) as response:
        assert response.status == 200
        assert bool(await response.read()) == (method == "GET")


async def test_what_grok_does_not_have_is_said_in_a_sentence(http, gateway):
    url = gateway.origin + "/v1/embeddings"
    async with http.post(url, json={}, headers=gateway.headers) as response:
        assert response.status == 501
        assert (await response.json())["error"]["code"] == "not_supported"


async def test_health_tells_state_and_counts_and_nothing_worth_a_key(http, gateway):
    gateway.services.gateway.pause()
    async with http.get(gateway.origin + "/health") as response:
        assert await response.json() == {
            "status": "ok",
            "version": __version__,
            "mode": "live",
            "state": "paused",
            "accounts": {"total": 1, "ready": 1},
        }


# -- models


async def test_models_are_listed_with_what_tools_look_for(http, gateway):
    async with http.get(gateway.origin + "/v1/models?limit=1000", headers=gateway.headers) as got:
        models = (await got.json())["data"]
    assert [model["id"] for model in models] == ["grok-fast", "vendor/grok-slash", "grok-heavy"]
    assert [model["available"] for model in models] == [True, True, False]
    first = models[0]
    assert (first["object"], first["owned_by"], first["created"]) == ("model", "xai", 1_700_000_000)
    assert (first["context_length"], first["max_output_tokens"]) == (131_072, 16_384)


async def test_models_are_listed_even_without_an_account(http, start_gateway):
    gateway = await start_gateway(accounts=0)
    async with http.get(gateway.origin + "/v1/models", headers=gateway.headers) as response:
        models = (await response.json())["data"]
    assert models
    assert not any(model["available"] for model in models)


async def test_a_disabled_account_makes_no_model_available(http, gateway):
    await gateway.services.accounts.configure("account-0", enabled=False)
    async with http.get(gateway.origin + "/v1/models", headers=gateway.headers) as response:
        assert not any(model["available"] for model in (await response.json())["data"])


@pytest.mark.parametrize(
    "name",
    [
        "vendor/grok-slash",
        "vendor%2Fgrok-slash",
        "VENDOR/Grok-Slash",
        "xai/vendor/grok-slash",
        "vendor/grok-slash-alias",
        "vendor/grok-slash/",
    ],
)
async def test_one_model_is_found_under_each_of_its_names(gateway, name):
    request = (
        f"GET /v1/models/{name} HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\n"
        f"Authorization: Bearer {gateway.key}\r\nConnection: close\r\n\r\n"
    )
    answer = await gateway.raw(request.encode())
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["id"] == "vendor/grok-slash"


@pytest.mark.parametrize("name", ["nothing", "grok-picture", "a%0d%0aSet-Cookie:x"])
async def test_an_unknown_model_is_a_404(http, gateway, name):
    address = yarl.URL(f"{gateway.origin}/v1/models/{name}", encoded=True)
    async with http.get(address, headers=gateway.headers) as response:
        assert response.status == 404
        assert (await response.json())["error"]["code"] == "model_not_found"
        assert "Set-Cookie" not in response.headers


# -- the port


async def test_both_loopbacks_listen_on_one_port(start_gateway):
    gateway = await start_gateway(hosts=("127.0.0.1", "::1"))
    for host in ("127.0.0.1", "::1"):
        with socket.create_connection((host, gateway.port)) as sock:
            sock.sendall(b"GET / HTTP/1.0\r\nHost: localhost:%d\r\n\r\n" % gateway.port)
            sock.setblocking(False)
            data = await asyncio.get_running_loop().sock_recv(sock, 1000)
            assert data.startswith(b"HTTP/1.0 200 ")


async def test_an_address_that_is_missing_here_is_done_without(start_gateway, caplog):
    caplog.set_level("INFO")
    gateway = await start_gateway(hosts=("127.0.0.1", "fd00:dead::1"))
    assert gateway.port
    assert "fd00:dead::1" in caplog.text


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "0.0.0.0"])
async def test_a_taken_port_is_told_with_its_holder_and_another_one(gateway, host):
    server = GatewayServer(gateway.services)
    with listen(host) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError) as caught:
            await server.start(("127.0.0.1", "::1"), port)
        error = caught.value
        assert error.port == port
        assert f"({os.getpid()})" in error.holder
        assert port < error.next_free <= port + 100
        assert str(port) in str(error)
        for free in ("127.0.0.1", "::1"):
            if free != host and host != "0.0.0.0":
                listen(free, port).close()


async def test_a_second_gateway_never_shares_the_port(gateway):
    with pytest.raises(PortTakenError):
        await GatewayServer(gateway.services).start(("127.0.0.1",), gateway.port)


async def test_a_port_is_ours_as_soon_as_it_is_open():
    (first,) = await open_sockets(("127.0.0.1",), 0)
    with first, pytest.raises(PortTakenError):
        await open_sockets(("127.0.0.1",), first.getsockname()[1])


async def test_the_port_can_be_taken_again_right_after_use(start_gateway, http):
    first = await start_gateway()
    async with http.get(first.origin + "/health") as response:
        assert response.status == 200
    await first.server.stop()
    server = GatewayServer(first.services)
    assert await server.start(("127.0.0.1",), first.port) == first.port
    await server.stop()


# -- the end


@pytest.mark.alone
async def test_an_idle_gateway_stops_at_once(gateway, http):
    async with http.get(gateway.origin + "/health") as response:
        await response.read()
    started = time.monotonic()
    await gateway.server.stop(grace_s=5)
    assert time.monotonic() - started < 0.5


async def test_running_calls_may_finish_within_the_grace(gateway, http):
    async def play(_request, emit):
        await asyncio.sleep(0.3)
        await says("done")(_request, emit)

    gateway.upstream.play = play
    url = gateway.origin + URL
    asking = asyncio.gather(
        *(http.post(url, json=chat_body(stream=s), headers=gateway.headers) for s in (True, False))
    )
    await until(lambda: gateway.upstream.running == 2)
    await gateway.server.stop(grace_s=5)
    for response in await asking:
        assert response.status == 200
        assert b"done" in await response.read()


@pytest.mark.alone
async def test_calls_that_outlive_the_grace_end_with_an_error_each(gateway, http):
    gateway.upstream.play = hangs("text")
    url = gateway.origin + URL
    streams = await asyncio.gather(
        *(http.post(url, json=chat_body(stream=True), headers=gateway.headers) for _ in range(50))
    )
    whole = asyncio.gather(http.post(url, json=chat_body(), headers=gateway.headers))
    await until(lambda: gateway.upstream.running == 51)
    started = time.monotonic()
    await gateway.server.stop(grace_s=0.3)
    assert time.monotonic() - started < 1.5
    for response in streams:
        body = await response.read()
        assert b'"code":"gateway_stopping"' in body
        assert b"[DONE]" not in body
    (response,) = await whole
    assert response.status == 503
    assert int(response.headers["Retry-After"]) > 0
    assert gateway.upstream.cancelled == 51


async def test_a_connection_that_was_kept_gets_a_503_while_stopping(gateway, http):
    gateway.upstream.play = hangs("text")
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    kept_reader, kept_writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(gateway.chat_bytes(stream=True))
    kept_writer.write(b"GET /health HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % gateway.port)
    await kept_reader.readuntil(b"}}")
    await reader.readuntil(b"text")
    stopping = asyncio.gather(gateway.server.stop(grace_s=0.5))
    await asyncio.sleep(0.1)
    kept_writer.write(gateway.chat_bytes())
    answer = await kept_reader.read()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Connection: close" in answer
    assert len(gateway.upstream.requests) == 1
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", gateway.port)
    await stopping
    writer.close()
    kept_writer.close()


async def test_stopping_twice_or_before_starting_is_harmless(gateway):
    await GatewayServer(gateway.services).stop()
    await gateway.server.stop()
    await gateway.server.stop()


async def test_an_idle_connection_is_closed_after_a_while(start_gateway):
    gateway = await start_gateway(limits=Limits(keepalive_s=0.3))
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(b"GET /health HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % gateway.port)
    await reader.readuntil(b"}}")
    assert await asyncio.wait_for(reader.read(), 2) == b""
    writer.close()
