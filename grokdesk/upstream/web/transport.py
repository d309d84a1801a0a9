"""Bytes over HTTP that look like one browser's; the one place that makes requests with curl.

Leaving the context of a reply that has not ended closes its connection at once.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

from grokdesk.domain.errors import (
    GrokdeskError,
    UpstreamTimeoutError,
)
from grokdesk.upstream.web.connections import ConnectionPool
from grokdesk.upstream.web.header_lists import Headers
from grokdesk.upstream.web.multi import Handle
from grokdesk.upstream.web.proxies import Proxy
from grokdesk.upstream.web.reply import Reply
from grokdesk.upstream.web.socket import Socket
from grokdesk.upstream.web.watchdog import Timeouts

_SETTLE_S = 0.3
"""What the system had received before the sleep is read by then, and is no sign of life."""


@dataclass(frozen=True, slots=True)
class Response:
    """A whole small reply; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """One browser's connections: keep-alive, and HTTP/2 where offered. Belongs to one loop."""

    def __init__(
        self, impersonate: str, *, timeouts: Timeouts | None = None, proxy: Proxy | None = None
    ) -> None:
        self.timeouts = timeouts or Timeouts()
        self._impersonate = impersonate
        self._proxy = proxy
        self._pool: ConnectionPool | None = None
        self._retired: set[ConnectionPool] = set()
        self._open: set[Reply | Socket] = set()
        self._outdated = False
        self._closed = False

    @property
    def running(self) -> int:
        """Transfers and sockets that hold a connection now."""
        pools = {*self._retired, self._pool} - {None}
        return sum(len(pool.running) for pool in pools if pool is not None)

    def stream(
        self,
        method: str,
        url: str,
        headers: Headers,
        body: bytes = b"",
        timeouts: Timeouts | None = None,
    ) -> contextlib.AbstractAsyncContextManager[Reply]:
        """Gives a reply once its headers are there; leaving early aborts the request."""
        return _Streaming(self, method, url, headers, body, timeouts)

    def begin(
        self,
        method: str,
        url: str,
        headers: Headers,
        body: bytes,
        timeouts: Timeouts | None = None,
    ) -> tuple[Reply, Callable[[], None]]:
        """For `stream`: the reply, and what to call when it is done with."""
        pool = self._current()
        curl = pool.take(pool.requests)
        reply = Reply(curl, timeouts or self.timeouts, self._proxy)
        _prepare(curl, method, url, headers, body, reply)
        transfer = pool.multi.start(curl)
        reply.follow(transfer)
        self._open.add(reply)

        def end() -> None:
            self._open.discard(reply)
            reply.release()
            pool.give_back(curl, pool.requests, reusable=_ended_well(transfer))

        return reply, end

    async def fetch(
        self,
        method: str,
        url: str,
        headers: Headers,
        body: bytes = b"",
        *,
        timeout_s: float,
        limit: int = 1 << 20,
        timeouts: Timeouts | None = None,
    ) -> Response:
        """A small reply as a whole, within `timeout_s` in all."""
        try:
            async with (
                asyncio.timeout(timeout_s),
                self.stream(method, url, headers, body, timeouts) as reply,
            ):
                content = await reply.read_all(limit)
                return Response(reply.status, reply.headers, content)
        except TimeoutError:
            raise UpstreamTimeoutError("Grok did not answer in time.") from None

    @contextlib.asynccontextmanager
    async def socket(self, url: str, headers: Headers) -> AsyncIterator[Socket]:
        """A WebSocket; leaving closes it at once. Raise Refusal when the handshake is refused."""
        pool = self._current()
        curl = pool.take(pool.sockets)
        socket = Socket(pool.multi, curl, self.timeouts, self._proxy)
        self._open.add(socket)
        try:
            await socket.connect(url, headers)
            yield socket
        finally:
            self._open.discard(socket)
            socket.abort()
            pool.give_back(curl, pool.sockets, reusable=socket.opened)

    def wake(self) -> None:
        """The machine slept or changed networks: what is idle is dropped, what runs must show life
        within `life_s` seconds or end.
        """
        self.reset()
        running = tuple(self._open)
        asyncio.get_running_loop().call_later(_SETTLE_S, self._demand_life, running)

    def retire(self) -> None:
        """Another one serves from now on: calls that began with this one end with it, and after
        them no connection is kept.
        """
        self._outdated = True
        self.reset()

    def _demand_life(self, running: tuple[Reply | Socket, ...]) -> None:
        for each in self._open.intersection(running):
            each.wake()

    def reset(self) -> None:
        """Start over with new connections; what runs ends on the old ones."""
        if self._pool is not None:
            self._retired.add(self._pool)
            self._pool.retire()
            self._pool = None

    async def aclose(self) -> None:
        """Abort what still runs, then close: closing curl under a live stream can crash it."""
        self._closed = True
        self.reset()
        for pool in tuple(self._retired):
            await pool.aclose()

    def _current(self) -> ConnectionPool:
        if self._closed:
            raise GrokdeskError("Grokdesk is shutting down.")
        if self._pool is None or self._pool.closed:
            self._retired = {pool for pool in self._retired if not pool.closed}
            pool = ConnectionPool(self._impersonate, self.timeouts.connect_s, self._proxy)
            if self._outdated:
                self._retired.add(pool)
                pool.retire()  # it goes when what is started now has ended
                return pool
            self._pool = pool
        return self._pool


class _Streaming:
    """By hand, because a generator's context costs several times as much."""

    __slots__ = ("_end", "_request", "_transport")

    def __init__(
        self,
        transport: Transport,
        method: str,
        url: str,
        headers: Headers,
        body: bytes,
        timeouts: Timeouts | None,
    ) -> None:
        self._transport = transport
        self._request = (method, url, headers, body, timeouts)
        self._end: Callable[[], None] | None = None

    async def __aenter__(self) -> Reply:
        reply, self._end = self._transport.begin(*self._request)
        try:
            await reply.opened()
        except BaseException:
            self._end()
            raise
        return reply

    async def __aexit__(self, *_: object) -> None:
        if self._end is not None:
            self._end()


def _ended_well(transfer: asyncio.Future[None]) -> bool:
    return transfer.done() and not transfer.cancelled() and transfer.exception() is None


def _prepare(
    curl: Handle, method: str, url: str, headers: Headers, body: bytes, reply: Reply
) -> None:
    curl.aim(method, url)
    if method != "GET":
        curl.carry(body)
    curl.head(headers)
    curl.tell(reply.on_header, reply.on_body)
