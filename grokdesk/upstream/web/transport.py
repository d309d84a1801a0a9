"""Bytes over HTTP that look like one browser's; the one place that makes requests with curl.

A reply is read in step with its consumer: past `_HIGH_WATER` unread bytes the transfer is paused
(curl-cffi's own streams grow without bound). Leaving the context of a reply that has not ended
closes its connection at once.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from curl_cffi import Curl, CurlError, CurlOpt
from curl_cffi.curl import CURL_WRITEFUNC_PAUSE, CURLPAUSE_CONT

from grokdesk.domain.errors import (
    GrokdeskError,
    IncompleteReplyError,
    UpstreamTimeoutError,
)
from grokdesk.upstream.web.connections import ConnectionPool
from grokdesk.upstream.web.faults import explain, silence
from grokdesk.upstream.web.head import Head
from grokdesk.upstream.web.progress import time_left
from grokdesk.upstream.web.proxies import Proxy
from grokdesk.upstream.web.socket import Socket
from grokdesk.upstream.web.watchdog import Timeouts, Watchdog

Headers = Sequence[tuple[str, str]]

_HIGH_WATER = 1 << 20

_SETTLE_S = 0.3
"""What the system had received before the sleep is read by then, and is no sign of life."""


@dataclass(frozen=True, slots=True)
class Response:
    """A whole small reply; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Reply:
    """The reply of one running request."""

    def __init__(self, curl: Curl, timeouts: Timeouts, proxy: Proxy | None) -> None:
        self._head = Head()
        self._loop = asyncio.get_running_loop()
        self._curl = curl
        self._timeouts = timeouts
        self._proxy = proxy
        self._chunks: deque[bytes] = deque()
        self._unread = 0
        self._paused = False
        self._transfer: asyncio.Future[None] | None = None
        self._ended = False
        self._error: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._started = self._loop.time()
        self._watchdog = Watchdog(timeouts.first_byte_s, self._silent)

    @property
    def status(self) -> int:
        return self._head.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._head.headers

    @property
    def delimited(self) -> bool:
        """Its end is told from a broken connection."""
        return self._head.delimited

    @property
    def ended(self) -> bool:
        """Nothing more will come, whether or not all of it was read."""
        return self._ended or (self._transfer is not None and self._transfer.done())

    def follow(self, transfer: asyncio.Future[None]) -> None:
        """`transfer` is done when curl has done its part."""
        self._transfer = transfer
        transfer.add_done_callback(self._on_done)

    async def opened(self) -> None:
        """Wait for the status and the headers; raise what prevented them."""
        while not self._head.complete and not self._ended:
            await self._wait()
        if not self._head.complete:
            raise self._error or IncompleteReplyError("Grok closed the connection silently.")

    async def read(self) -> bytes:
        """The next bytes, or b'' at the end; raise UpstreamError when the reply is cut short."""
        while not self._chunks:
            if self._ended:
                if self._error is not None:
                    raise self._error
                return b""
            await self._wait()
        data = self._chunks.popleft() if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._unread = 0
        if self._paused:
            self._paused = False
            self._curl.pause(CURLPAUSE_CONT)
        return data

    async def read_all(self, limit: int) -> bytes:
        """Everything up to `limit` bytes; the rest is left unread."""
        parts: list[bytes] = []
        size = 0
        while size < limit and (data := await self.read()):
            parts.append(data)
            size += len(data)
        return b"".join(parts)[:limit]

    def on_header(self, line: bytes) -> int:
        """Called by curl for each header line of each response head, interim ones too."""
        size = self._head.on_line(line)
        if line == b"\r\n" and self._head.complete:
            self._watchdog.set_limit(self._timeouts.idle_s)
            self._wake()
        return size

    def on_body(self, data: bytes) -> int:
        """Called by curl; refusing a piece makes curl offer it again after `pause`."""
        if self._unread >= _HIGH_WATER:
            self._paused = True
            return CURL_WRITEFUNC_PAUSE
        self._chunks.append(data)
        self._unread += len(data)
        self._watchdog.feed()
        self._wake()
        return len(data)

    def _on_done(self, transfer: asyncio.Future[None]) -> None:
        self._ended = True
        self._watchdog.stop()
        self._wake()  # first of all: whoever waits must not depend on what follows
        error = None if transfer.cancelled() else transfer.exception()
        if error is not None:
            # Anything but a CurlError is a bug in our callbacks, and `read` shall raise it.
            self._error = error
        if isinstance(error, CurlError):
            begun = self._head.complete
            self._error = explain(error, self._curl, begun=begun, proxy=self._proxy)

    def wake(self) -> None:
        """The network may be another now: show life soon, or fail."""
        if not self.ended:
            self._watchdog.demand(self._timeouts.life_s)

    def release(self) -> None:
        self._watchdog.stop()

    def _silent(self) -> None:
        if self._paused:  # the consumer is slow, not upstream
            self._watchdog.restart()
            return
        if (rest_s := self._time_left()) > 0:
            self._watchdog.set_limit(rest_s)
            return
        self._ended = True
        self._error = silence(begun=self._head.complete, woken=self._watchdog.demanding)
        self._wake()

    def _time_left(self) -> float:
        """When it is over because it took long to connect, the answer still has its time."""
        if self._head.complete or self._watchdog.demanding:
            return 0.0
        return time_left(self._curl, self._loop.time() - self._started, self._timeouts)

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


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

    @contextlib.asynccontextmanager
    async def stream(
        self, method: str, url: str, headers: Headers, body: bytes = b""
    ) -> AsyncIterator[Reply]:
        """Yield once the headers are there; leaving early aborts the request."""
        pool = self._current()
        curl = pool.take(pool.requests)
        reply = Reply(curl, self.timeouts, self._proxy)
        _prepare(curl, method, url, headers, body, reply)
        transfer = pool.multi.start(curl)
        reply.follow(transfer)
        self._open.add(reply)
        try:
            await reply.opened()
            yield reply
        finally:
            self._open.discard(reply)
            reply.release()
            pool.give_back(curl, pool.requests, reusable=_ended_well(transfer))

    async def fetch(
        self,
        method: str,
        url: str,
        headers: Headers,
        body: bytes = b"",
        *,
        timeout_s: float,
        limit: int = 1 << 20,
    ) -> Response:
        """A small reply as a whole, within `timeout_s` in all."""
        try:
            async with (
                asyncio.timeout(timeout_s),
                self.stream(method, url, headers, body) as reply,
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


def _ended_well(transfer: asyncio.Future[None]) -> bool:
    return transfer.done() and not transfer.cancelled() and transfer.exception() is None


def _prepare(
    curl: Curl, method: str, url: str, headers: Headers, body: bytes, reply: Reply
) -> None:
    curl.setopt(CurlOpt.URL, url)
    if method == "GET":
        curl.setopt(CurlOpt.HTTPGET, 1)
    else:
        curl.setopt(CurlOpt.POST, 1)
        curl.setopt(CurlOpt.POSTFIELDSIZE, len(body))
        curl.setopt(CurlOpt.POSTFIELDS, body)
    lines = [f"{name}: {value}".encode("latin-1") for name, value in headers]
    lines.append(b"Expect:")  # no 100-continue pause before large bodies
    curl.setopt(CurlOpt.HTTPHEADER, lines)
    curl.setopt(CurlOpt.HEADERFUNCTION, reply.on_header)
    curl.setopt(CurlOpt.WRITEFUNCTION, reply.on_body)
