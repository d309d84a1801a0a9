"""The reply of one running request, read in step with its consumer.

Past `_HIGH_WATER` unread bytes the transfer is paused (curl-cffi's own streams grow without
bound).
"""

import asyncio
from collections import deque
from collections.abc import Mapping

from curl_cffi import Curl, CurlError
from curl_cffi.curl import CURL_WRITEFUNC_PAUSE, CURLPAUSE_CONT

from grokdesk.domain.errors import IncompleteReplyError
from grokdesk.upstream.web.faults import explain, silence
from grokdesk.upstream.web.head import Head
from grokdesk.upstream.web.progress import time_left
from grokdesk.upstream.web.proxies import Proxy
from grokdesk.upstream.web.watchdog import Timeouts, Watchdog

_HIGH_WATER = 1 << 18


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
