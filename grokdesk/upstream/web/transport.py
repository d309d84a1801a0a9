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
from types import MappingProxyType

from curl_cffi import Curl, CurlError, CurlOpt
from curl_cffi.curl import CURL_WRITEFUNC_PAUSE, CURLPAUSE_CONT

from grokdesk.domain.errors import (
    GrokdeskError,
    IncompleteReplyError,
    UpstreamError,
    UpstreamTimeoutError,
)
from grokdesk.upstream.web.multi import Multi, new_handle, translate
from grokdesk.upstream.web.socket import Socket
from grokdesk.upstream.web.watchdog import Timeouts, Watchdog

Headers = Sequence[tuple[str, str]]

_HIGH_WATER = 1 << 20
_IDLE_CLOSE_S = 60.0
"""A used multi handle polls at 10 Hz (curl-cffi 0.16), so it is closed when nothing runs."""
_MAX_IDLE_HANDLES = 32


@dataclass(frozen=True, slots=True)
class Response:
    """A whole small reply; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Reply:
    """The reply of one running request."""

    def __init__(self, curl: Curl, timeouts: Timeouts) -> None:
        self.status = 0
        self._header_lines: dict[str, str] = {}
        self._curl = curl
        self._timeouts = timeouts
        self._chunks: deque[bytes] = deque()
        self._unread = 0
        self._paused = False
        self._begun = False
        self._ended = False
        self._error: UpstreamError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._headers_done = False
        self._watchdog = Watchdog(timeouts.connect_s + timeouts.first_byte_s, self._silent)

    @property
    def headers(self) -> Mapping[str, str]:
        return MappingProxyType(self._header_lines)

    async def opened(self) -> None:
        """Wait for the status and the headers; raise what prevented them."""
        while not self._headers_done and not self._ended:
            await self._wait()
        if not self._headers_done:
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
        if line.startswith(b"HTTP/"):
            self.status = int(line.split(None, 2)[1])
            self._header_lines.clear()
        elif line == b"\r\n":
            if self.status >= 200:
                self._headers_done = True
                self._watchdog.set_limit(self._timeouts.idle_s)
                self._wake()
        else:
            name, _, value = line.decode("latin-1").partition(":")
            self._header_lines[name.strip().lower()] = value.strip()
        return len(line)

    def on_body(self, data: bytes) -> int:
        """Called by curl; refusing a piece makes curl offer it again after `pause`."""
        if self._unread >= _HIGH_WATER:
            self._paused = True
            return CURL_WRITEFUNC_PAUSE
        self._begun = True
        self._chunks.append(data)
        self._unread += len(data)
        self._watchdog.feed()
        self._wake()
        return len(data)

    def on_done(self, transfer: asyncio.Future[None]) -> None:
        self._ended = True
        self._watchdog.stop()
        if not transfer.cancelled() and (error := transfer.exception()) is not None:
            begun = self._headers_done
            self._error = (
                translate(error, begun=begun) if isinstance(error, CurlError) else _wrap(error)
            )
        self._wake()

    def release(self) -> None:
        self._watchdog.stop()

    def _silent(self) -> None:
        if self._paused:  # the consumer is slow, not upstream
            self._watchdog.restart()
            return
        self._ended = True
        if self._headers_done:
            self._error = UpstreamTimeoutError("Grok stopped in the middle of the reply.")
        else:
            self._error = UpstreamTimeoutError("Grok did not answer in time.")
        self._wake()

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _wrap(error: BaseException) -> UpstreamError:
    if isinstance(error, UpstreamError):
        return error
    raise error


class Transport:
    """One browser's connections: keep-alive, and HTTP/2 where offered.

    Belongs to one loop. `proxy` None follows the environment, empty means none.
    """

    def __init__(
        self, impersonate: str, *, timeouts: Timeouts | None = None, proxy: str | None = None
    ) -> None:
        self.timeouts = timeouts or Timeouts()
        self._impersonate = impersonate
        self._proxy = proxy
        self._pool: _ConnectionPool | None = None
        self._retired: set[_ConnectionPool] = set()
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
        curl = pool.take_handle()
        reply = Reply(curl, self.timeouts)
        _prepare(curl, method, url, headers, body, reply)
        transfer = pool.multi.start(curl)
        transfer.add_done_callback(reply.on_done)
        try:
            await reply.opened()
            yield reply
        finally:
            reply.release()
            pool.give_back(curl, reusable=_ended_well(transfer))

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
                return Response(reply.status, dict(reply.headers), content)
        except TimeoutError:
            raise UpstreamTimeoutError("Grok did not answer in time.") from None

    @contextlib.asynccontextmanager
    async def socket(self, url: str, headers: Headers) -> AsyncIterator[Socket]:
        """A WebSocket; leaving closes it at once. Raise Refusal when the handshake is refused."""
        pool = self._current()
        curl = pool.new_handle()
        socket = Socket(pool.multi, curl, idle_s=self.timeouts.idle_s)
        try:
            await socket.connect(url, headers, self.timeouts)
            yield socket
        finally:
            socket.abort()
            pool.give_back(curl, reusable=False)

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

    def _current(self) -> "_ConnectionPool":
        if self._closed:
            raise GrokdeskError("Grokdesk is shutting down.")
        if self._pool is None or self._pool.closed:
            self._retired = {pool for pool in self._retired if not pool.closed}
            self._pool = _ConnectionPool(self._impersonate, self.timeouts.connect_s, self._proxy)
        return self._pool


class _ConnectionPool:
    """One multi handle with its kept connections; closes itself when nothing used it for long."""

    def __init__(self, impersonate: str, connect_s: float, proxy: str | None) -> None:
        self.multi = Multi()
        self.closed = False
        self.running: set[Curl] = set()
        self._impersonate = impersonate
        self._connect_s = connect_s
        self._proxy = proxy
        self._idle: list[Curl] = []
        self._retired = False
        self._timer: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None

    def take_handle(self) -> Curl:
        if not self._idle:
            return self.new_handle()
        curl = self._idle.pop()
        self._begin(curl)
        return curl

    def new_handle(self) -> Curl:
        curl = new_handle(self._impersonate, connect_timeout_s=self._connect_s, proxy=self._proxy)
        self._begin(curl)
        return curl

    def give_back(self, curl: Curl, *, reusable: bool) -> None:
        if curl not in self.running:
            return  # closed meanwhile
        self.running.discard(curl)
        self.multi.abort(curl)
        if reusable and not self._retired and len(self._idle) < _MAX_IDLE_HANDLES:
            curl.clean_handles_and_buffers()
            self._idle.append(curl)
        else:
            curl.close()
        if not self.running:
            self._close_later(0.0 if self._retired else _IDLE_CLOSE_S)

    def retire(self) -> None:
        self._retired = True
        if not self.running:
            self._close_later(0.0)

    async def aclose(self) -> None:
        self._stop_timer()
        if self._closing is not None:
            await asyncio.wait({self._closing})
        elif not self.closed:
            await self._close()

    def _begin(self, curl: Curl) -> None:
        self._stop_timer()
        self.running.add(curl)

    def _close_later(self, delay_s: float) -> None:
        self._stop_timer()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(delay_s, self._close_now)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close_now(self) -> None:
        self._timer = None
        self.closed = True  # before the first await: nobody may take a handle from here on
        self._closing = asyncio.get_running_loop().create_task(self._close())

    async def _close(self) -> None:
        self.closed = True
        for curl in tuple(self.running):
            self.multi.abort(curl)
            curl.close()
        self.running.clear()
        for curl in self._idle:
            curl.close()
        self._idle.clear()
        await self.multi.close()  # type: ignore[no-untyped-call]


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
