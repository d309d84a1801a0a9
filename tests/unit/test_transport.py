"""The transport against a real server: reading, pausing, aborting, refusing."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import WSMsgType, web

from grokdesk.domain.errors import (
    GrokdeskError,
    IncompleteReplyError,
    LocalNetworkError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from grokdesk.upstream.web.reply import Reply
from grokdesk.upstream.web.socket import Refusal
from grokdesk.upstream.web.transport import Transport
from grokdesk.upstream.web.watchdog import Timeouts

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """An HTTP server that counts what is open."""

    def __init__(self) -> None:
        self.open = 0
        self.peers: set[tuple[str, int]] = set()
        self.port = 0
        self.requests: list[web.BaseRequest] = []
        self.handle: Handler | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.open += 1
        self.requests.append(request)
        assert request.transport is not None
        self.peers.add(request.transport.get_extra_info("peername"))
        try:
            assert self.handle is not None
            return await self.handle(request)  # type: ignore[arg-type]
        finally:
            self.open -= 1

    async def nothing_open(self, within_s: float = 2.0) -> float:
        started = time.monotonic()
        while self.open:
            if time.monotonic() - started > within_s:
                raise AssertionError(f"{self.open} requests are still open")
            await asyncio.sleep(0.001)
        return time.monotonic() - started


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    runner = web.ServerRunner(
        web.Server(server, handler_cancellation=True, access_log=None), shutdown_timeout=0.1
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    yield server
    await runner.cleanup()


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    transport = Transport("chrome146")
    yield transport
    await transport.aclose()


async def hello(request: web.BaseRequest) -> web.Response:
    await request.read()
    return web.Response(text="hello", headers={"x-one": "1", "set-cookie": "sso=other; Path=/"})


async def silent(request: web.BaseRequest) -> web.Response:
    await asyncio.sleep(3600)
    return web.Response()


async def stalls(request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"first")
    await asyncio.sleep(3600)
    return response


async def stalling_socket(request: web.BaseRequest) -> web.StreamResponse:
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    await ws.send_str("first")
    async for _ in ws:
        pass
    return ws


async def test_a_reply_has_status_headers_and_body(server: Server, transport: Transport) -> None:
    server.handle = hello
    response = await transport.fetch(
        "POST", f"{server.url}/x", [("x-two", "2"), ("user-agent", "me")], b"{}", timeout_s=5
    )
    assert (response.status, response.body) == (200, b"hello")
    assert response.headers["x-one"] == "1"
    assert server.requests[0].headers["x-two"] == "2"
    assert server.requests[0].headers["user-agent"] == "me"
    assert await server.requests[0].read() == b"{}"


async def test_requests_share_a_connection_and_no_cookie_is_kept(
    server: Server, transport: Transport
) -> None:
    server.handle = hello
    for _ in range(5):
        await transport.fetch("GET", server.url, [], timeout_s=5)
        assert "cookie" not in server.requests[-1].headers
    assert len(server.requests) == 5
    assert len(server.peers) == 1


async def test_a_get_after_a_post_sends_no_body(server: Server, transport: Transport) -> None:
    server.handle = hello
    await transport.fetch("POST", server.url, [], b"body", timeout_s=5)
    await transport.fetch("GET", server.url, [], timeout_s=5)
    assert [request.method for request in server.requests] == ["POST", "GET"]
    assert await server.requests[1].read() == b""


@pytest.mark.alone
@pytest.mark.parametrize("handler", [silent, stalls], ids=["before headers", "mid-stream"])
async def test_a_cancelled_reader_closes_the_connection_at_once(
    server: Server, transport: Transport, handler: Handler
) -> None:
    server.handle = handler

    async def read() -> None:
        async with transport.stream("POST", server.url, [], b"{}") as reply:
            while await reply.read():
                pass

    waits = []
    for _ in range(40):
        task = asyncio.create_task(read())
        while not server.open:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.005)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        waits.append(await server.nothing_open())
    assert transport.running == 0
    assert sorted(waits)[-2] < 0.25


async def test_a_cancelled_socket_closes_at_once(server: Server, transport: Transport) -> None:
    server.handle = stalling_socket

    async def read() -> None:
        async with transport.socket(server.ws_url, []) as ws:
            while await ws.receive() is not None:
                pass

    for _ in range(40):
        task = asyncio.create_task(read())
        while not server.open:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.005)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await server.nothing_open()
    assert transport.running == 0


async def test_many_more_streams_than_curls_usual_ten_run_at_once(
    server: Server, transport: Transport
) -> None:
    server.handle = silent

    async def read() -> None:
        async with transport.stream("POST", server.url, [], b"{}") as reply:
            await reply.read()

    tasks = [asyncio.create_task(read()) for _ in range(60)]
    while server.open < 60:
        await asyncio.sleep(0.005)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await server.nothing_open()


async def test_an_unread_reply_is_paused_instead_of_filling_the_memory(
    server: Server, transport: Transport
) -> None:
    sent = 0
    piece = bytes(1 << 16)

    async def flood(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(1600):
            await response.write(piece)
            sent += len(piece)
        return response

    server.handle = flood
    async with transport.stream("GET", server.url, []) as reply:
        first = await reply.read()
        await asyncio.sleep(0.5)
        assert sent < 30 << 20, "upstream was read although nobody took it"
        total = len(first)
        while data := await reply.read():
            total += len(data)
    assert total == 1600 * len(piece)


async def test_a_transfer_that_ends_in_the_safety_tick_is_noticed(transport: Transport) -> None:
    """Curl tells nobody else of it."""
    transport._current().multi.loop.call_later = lambda *_: None  # type: ignore[method-assign]
    with pytest.raises(UpstreamUnavailableError, match="closed"):
        await transport.fetch("GET", "no-such-scheme://host", [], timeout_s=2)


async def test_connections_are_kept_after_a_burst(server: Server, transport: Transport) -> None:
    server.handle = hello
    for _ in range(3):
        await asyncio.gather(
            *(transport.fetch("GET", server.url, [], timeout_s=5) for _ in range(20))
        )
        await transport.fetch("GET", server.url, [], timeout_s=5)
    assert len(server.peers) == 20


async def test_a_handle_serves_one_socket_after_the_other(
    server: Server, transport: Transport
) -> None:
    server.handle = stalling_socket
    for _ in range(3):
        async with transport.socket(server.ws_url, [("x-two", "2")]) as ws:
            assert await ws.receive() == b"first"
        await server.nothing_open()
    assert [request.headers.getall("x-two") for request in server.requests] == [["2"]] * 3
    assert len(server.peers) == 3


async def test_silence_before_the_headers_ends_with_a_timeout(server: Server) -> None:
    server.handle = silent
    transport = Transport("chrome146", timeouts=Timeouts(0.1, 0.2, 5))
    with pytest.raises(UpstreamTimeoutError, match="in time"):
        async with transport.stream("GET", server.url, []):
            pass
    await server.nothing_open()
    await transport.aclose()


async def test_silence_in_the_middle_ends_with_a_timeout_after_the_text(server: Server) -> None:
    server.handle = stalls
    transport = Transport("chrome146", timeouts=Timeouts(5, 5, 0.2))
    with pytest.raises(UpstreamTimeoutError, match="middle"):
        async with transport.stream("GET", server.url, []) as reply:
            assert await reply.read() == b"first"
            await reply.read()
    await server.nothing_open()
    await transport.aclose()


async def test_a_slow_reader_is_no_silence_of_upstream(server: Server) -> None:
    async def big(request: web.BaseRequest) -> web.Response:
        return web.Response(body=bytes(8 << 20))

    server.handle = big
    transport = Transport("chrome146", timeouts=Timeouts(5, 5, 0.15))
    async with transport.stream("GET", server.url, []) as reply:
        size = len(await reply.read())
        await asyncio.sleep(0.5)
        while data := await reply.read():
            size += len(data)
    assert size == 8 << 20
    await transport.aclose()


async def test_a_cut_reply_is_never_an_end(server: Server, transport: Transport) -> None:
    async def cut(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return response

    server.handle = cut
    with pytest.raises(IncompleteReplyError):
        async with transport.stream("GET", server.url, []) as reply:
            while await reply.read():
                pass


async def test_a_connection_closed_without_an_answer_is_upstreams_fault(
    server: Server, transport: Transport
) -> None:
    async def slam(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        await asyncio.sleep(1)
        return web.Response()

    server.handle = slam
    with pytest.raises(UpstreamUnavailableError):
        await transport.fetch("POST", server.url, [], b"{}", timeout_s=5)


async def test_a_closed_port_and_an_unknown_name_are_our_networks_fault(
    transport: Transport,
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}", "http://no-such-host.invalid"):
        with pytest.raises(LocalNetworkError):
            await transport.fetch("GET", url, [], timeout_s=10)
        with pytest.raises(LocalNetworkError):
            async with transport.socket(url.replace("http", "ws"), []):
                pass
    assert transport.running == 0


async def test_a_socket_carries_long_messages_both_ways(
    server: Server, transport: Transport
) -> None:
    async def echo(request: web.BaseRequest) -> web.StreamResponse:
        ws = web.WebSocketResponse(max_msg_size=0)
        await ws.prepare(request)
        async for message in ws:
            if message.type is WSMsgType.TEXT:
                await ws.send_str(message.data)
        return ws

    server.handle = echo
    async with transport.socket(server.ws_url, [("origin", "https://grok.com")]) as ws:
        for text in ("short", "ä€😀" * 100, "x" * 3_000_000):
            await ws.send(text)
            assert (await ws.receive() or b"").decode() == text
    assert server.requests[0].headers["origin"] == "https://grok.com"
    await server.nothing_open()


async def test_a_socket_closed_by_the_server_says_so(server: Server, transport: Transport) -> None:
    async def bye(request: web.BaseRequest) -> web.StreamResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        await ws.send_str("last")
        await ws.close()
        return ws

    server.handle = bye
    async with transport.socket(server.ws_url, []) as ws:
        assert await ws.receive() == b"last"
        assert await ws.receive() is None


async def test_a_broken_socket_is_an_incomplete_reply(server: Server, transport: Transport) -> None:
    async def slam(request: web.BaseRequest) -> web.StreamResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        await ws.send_str("first")
        assert request.transport is not None
        request.transport.abort()
        return ws

    server.handle = slam
    async with transport.socket(server.ws_url, []) as ws:
        assert await ws.receive() == b"first"
        with pytest.raises(IncompleteReplyError):
            await ws.receive()


async def test_a_silent_socket_times_out(server: Server) -> None:
    server.handle = stalling_socket
    transport = Transport("chrome146", timeouts=Timeouts(5, 5, 0.2))
    async with transport.socket(server.ws_url, []) as ws:
        await ws.receive()
        with pytest.raises(UpstreamTimeoutError):
            await ws.receive()
    await server.nothing_open()
    await transport.aclose()


async def test_a_refused_handshake_tells_status_and_headers(
    server: Server, transport: Transport
) -> None:
    async def refuse(request: web.BaseRequest) -> web.Response:
        return web.Response(status=403, text="<html>", headers={"cf-mitigated": "challenge"})

    server.handle = refuse
    with pytest.raises(Refusal) as refusal:
        async with transport.socket(server.ws_url, []):
            pass
    assert refusal.value.status == 403
    assert refusal.value.headers["cf-mitigated"] == "challenge"
    assert transport.running == 0


async def test_a_heartbeat_keeps_beating(server: Server, transport: Transport) -> None:
    heard: list[str] = []

    async def listen(request: web.BaseRequest) -> web.StreamResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        async for message in ws:
            heard.append(message.data)
            if len(heard) == 3:
                await ws.close()
        return ws

    server.handle = listen
    async with transport.socket(server.ws_url, []) as ws:
        ws.start_heartbeat(0.02, lambda: "beat")
        assert await ws.receive() is None
    assert heard[:3] == ["beat"] * 3


async def test_a_reset_leaves_running_streams_alone(server: Server, transport: Transport) -> None:
    release = asyncio.Event()

    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"one")
        await release.wait()
        await response.write(b"two")
        return response

    server.handle = slow
    async with transport.stream("GET", server.url, []) as reply:
        assert await reply.read() == b"one"
        transport.reset()
        release.set()
        assert await reply.read() == b"two"
        assert await reply.read() == b""
    server.handle = hello
    assert (await transport.fetch("GET", server.url, [], timeout_s=5)).body == b"hello"


async def test_closing_aborts_what_runs_and_refuses_what_comes(
    server: Server, transport: Transport
) -> None:
    server.handle = stalls

    async def read() -> None:
        async with transport.stream("GET", server.url, []) as reply:
            while await reply.read():
                pass

    tasks = [asyncio.create_task(read()) for _ in range(10)]
    while server.open < 10:
        await asyncio.sleep(0.005)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await transport.aclose()
    await server.nothing_open()
    with pytest.raises(GrokdeskError, match="shutting down"):
        await transport.fetch("GET", server.url, [], timeout_s=5)


async def test_a_bug_in_a_callback_is_raised_and_never_taken_for_an_end(
    server: Server, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_reply: Reply, _data: bytes) -> int:
        raise RuntimeError("a bug of ours")

    server.handle = hello
    monkeypatch.setattr(Reply, "on_body", broken)
    with pytest.raises(RuntimeError, match="bug of ours"):
        await transport.fetch("GET", server.url, [], timeout_s=5)
