"""After a sleep or a change of network: what is idle is dropped, what runs shows life or ends."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from grokdesk.domain.errors import IncompleteReplyError, LocalNetworkError
from grokdesk.upstream.web import transport as transport_module
from grokdesk.upstream.web.transport import Transport
from grokdesk.upstream.web.watchdog import Timeouts, Watchdog

pytestmark = pytest.mark.alone

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

LIFE_S = 0.4
DUE_S = transport_module._SETTLE_S + LIFE_S
"""What was under way is not taken for a sign of life."""


class Server:
    def __init__(self) -> None:
        self.url = ""
        self.peers: list[tuple[str, int]] = []
        self.handle: Handler | None = None

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        assert self.handle is not None
        assert request.transport is not None
        self.peers.append(request.transport.get_extra_info("peername"))
        return await self.handle(request)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    runner = web.ServerRunner(
        web.Server(server, handler_cancellation=True, access_log=None), shutdown_timeout=0.1
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = site.name
    yield server
    await runner.cleanup()


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    transport = Transport("chrome146", timeouts=Timeouts(5, 5, 5, life_s=LIFE_S))
    yield transport
    await transport.aclose()


async def hello(_request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(text="hello")


async def silent(_request: web.BaseRequest) -> web.StreamResponse:
    await asyncio.sleep(3600)
    return web.Response()


async def begins_and_stalls(request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"one")
    await asyncio.sleep(3600)
    return response


async def speaks_slowly(request: web.BaseRequest) -> web.StreamResponse:
    """Gives a sign of life in time, and then pauses for longer than one may take."""
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"one")
    await asyncio.sleep(DUE_S - LIFE_S / 2)
    await response.write(b"two")
    await asyncio.sleep(LIFE_S * 3)
    await response.write(b"three")
    return response


async def hears_pings(request: web.BaseRequest) -> web.StreamResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    with contextlib.suppress(TimeoutError):
        await socket.receive(timeout=DUE_S * 2)
    await socket.send_str("late")
    await socket.receive()
    return socket


async def hears_nothing(request: web.BaseRequest) -> web.StreamResponse:
    """As a dead connection: what comes is not even read."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.send_str("first")
    assert request.transport is not None
    request.transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.sleep(3600)
    return socket


async def accepts_and_waits(request: web.BaseRequest) -> web.StreamResponse:
    await asyncio.sleep(3600)
    return web.Response()


async def test_an_idle_connection_is_not_used_again(server: Server, transport: Transport) -> None:
    server.handle = hello
    await transport.fetch("GET", server.url, [], timeout_s=5)
    await transport.fetch("GET", server.url, [], timeout_s=5)
    transport.wake()
    await transport.fetch("GET", server.url, [], timeout_s=5)
    assert server.peers[0] == server.peers[1] != server.peers[2]


async def test_a_request_without_an_answer_ends_soon_as_a_trouble_of_our_network(
    server: Server, transport: Transport
) -> None:
    server.handle = silent
    asking = asyncio.ensure_future(transport.fetch("GET", server.url, [], timeout_s=30))
    await asyncio.sleep(0.1)
    started = time.monotonic()
    transport.wake()
    with pytest.raises(LocalNetworkError, match="network changed"):
        await asking
    assert DUE_S * 0.9 < time.monotonic() - started < DUE_S + 0.5
    assert transport.running == 0


async def test_a_reply_that_had_begun_ends_soon_as_incomplete(
    server: Server, transport: Transport
) -> None:
    server.handle = begins_and_stalls
    async with transport.stream("GET", server.url, []) as reply:
        assert await reply.read() == b"one"
        started = time.monotonic()
        transport.wake()
        with pytest.raises(IncompleteReplyError, match="network changed"):
            await reply.read()
        assert time.monotonic() - started < DUE_S + 0.5


async def test_a_reply_that_shows_life_has_its_usual_patience_again(
    server: Server, transport: Transport
) -> None:
    server.handle = speaks_slowly
    async with transport.stream("GET", server.url, []) as reply:
        assert await reply.read() == b"one"
        transport.wake()
        assert await reply.read() == b"two"
        assert await reply.read() == b"three"
        assert await reply.read() == b""


async def test_a_socket_whose_server_answers_a_ping_goes_on(
    server: Server, transport: Transport
) -> None:
    server.handle = hears_pings
    async with transport.socket(server.url.replace("http", "ws"), []) as socket:
        transport.wake()
        assert await socket.receive() == b"late"


async def test_a_dead_socket_ends_soon(server: Server, transport: Transport) -> None:
    server.handle = hears_nothing
    async with transport.socket(server.url.replace("http", "ws"), []) as socket:
        assert await socket.receive() == b"first"
        started = time.monotonic()
        transport.wake()
        with pytest.raises(IncompleteReplyError, match="network changed"):
            await socket.receive()
        assert time.monotonic() - started < DUE_S + 0.5


async def test_a_handshake_under_way_ends_soon(server: Server, transport: Transport) -> None:
    server.handle = accepts_and_waits

    async def open_socket() -> None:
        async with transport.socket(server.url.replace("http", "ws"), []):
            pass

    opening = asyncio.ensure_future(open_socket())
    await asyncio.sleep(0.1)
    transport.wake()
    with pytest.raises(LocalNetworkError, match="network changed"):
        await opening
    assert transport.running == 0


async def test_a_retired_transport_ends_what_runs_and_keeps_no_connection(
    server: Server, transport: Transport
) -> None:
    server.handle = speaks_slowly
    async with transport.stream("GET", server.url, []) as reply:
        await reply.read()
        transport.retire()
        assert await reply.read() == b"two"
        server.handle = hello
        for _ in range(2):  # the second request of a call that began before
            assert (await transport.fetch("GET", server.url, [], timeout_s=5)).body == b"hello"
        assert server.peers[-1] != server.peers[-2]
        assert await reply.read() == b"three"
        assert await reply.read() == b""
    assert transport.running == 0


async def test_a_restarted_wait_is_no_sign_of_life() -> None:
    heard: list[bool] = []
    watchdog = Watchdog(5.0, lambda: heard.append(watchdog.demanding))
    watchdog.demand(0.1)
    await asyncio.sleep(0.05)
    watchdog.restart()
    await asyncio.sleep(0.2)
    assert heard == [True]
    watchdog.demand(0.1)
    watchdog.feed()
    await asyncio.sleep(0.2)
    assert heard == [True]
    watchdog.stop()
