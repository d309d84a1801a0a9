"""Server-sent events: nothing is sent before there is something to say.

The answer starts with the first chunk or the first heartbeat, so that an error before it can
still be a plain JSON answer with its own status.
"""

import asyncio
import contextlib
import math
from typing import Self

from aiohttp import HttpVersion11, web

from grokdesk.gateway.sweeper import Sweeper

PING = b": ping\n\n"
"""A comment, which every parser skips."""
_PENDING_LIMIT = 64 * 1024
"""With as much again in the connection, a client that does not read costs no more than this."""


class SseWriter:
    """One event stream. What is written in one turn of the loop leaves as one piece.

    As a context it sends heartbeats; `end` it outside, when all has been said.
    """

    __slots__ = (
        "_framed",
        "_headers",
        "_loop",
        "_pending",
        "_pending_size",
        "_ping",
        "_ping_s",
        "_request",
        "_sent_at",
        "_sweeper",
        "response",
        "started",
    )

    def __init__(
        self,
        request: web.BaseRequest,
        headers: dict[str, str],
        sweeper: Sweeper,
        *,
        ping: bytes = PING,
        ping_s: float = math.inf,
    ) -> None:
        self._request = request
        self._ping = ping
        self._ping_s = ping_s
        self._headers = headers | {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        self._sweeper = sweeper
        self._loop = asyncio.get_running_loop()
        self._framed = request.version >= HttpVersion11
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._sent_at = self._loop.time()
        self.started = False
        """Whether the client has the status line: it is 200 from then on."""
        self.response: web.StreamResponse

    def __enter__(self) -> Self:
        if self._ping:
            self._sweeper.watch_stream(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._sweeper.forget_stream(self)

    async def start(self) -> None:
        """Send the headers."""
        self.started = True
        self.response = web.StreamResponse(headers=self._headers)
        if self._framed:
            self.response.enable_chunked_encoding()
        with contextlib.suppress(ConnectionError):
            await self.response.prepare(self._request)

    async def write(self, data: bytes) -> None:
        """Waits only when the client reads slower than upstream speaks."""
        if not self.started:
            await self.start()
        if not self._pending:
            self._loop.call_soon(self._flush)
        self._pending.append(data)
        self._pending_size += len(data)
        if self._pending_size > _PENDING_LIMIT or self._request.protocol.writing_paused:
            self._flush()
            with contextlib.suppress(ConnectionError):
                await self._request.writer.drain()

    async def end(self, data: bytes = b"") -> web.StreamResponse:
        """Send what is left, then `data`, and close the stream."""
        if not self.started:
            await self.start()
        # A client that left is not told anything; its handler is being cancelled anyway.
        with contextlib.suppress(ConnectionError):
            await self.response.write_eof(self._take() + data)
        return self.response

    async def beat(self, now: float, usual_s: float) -> None:
        silent_s = now - self._sent_at
        if silent_s < min(self._ping_s, usual_s) or self._pending:
            return
        if self._request.protocol.writing_paused:
            return
        if not self.started:
            await self.start()
        self._send(self._ping)

    def _flush(self) -> None:
        if self._pending:
            self._send(self._take())

    def _take(self) -> bytes:
        data = b"".join(self._pending)
        self._pending.clear()
        self._pending_size = 0
        return data

    def _send(self, data: bytes) -> None:
        transport = self._request.transport
        if transport is not None and not transport.is_closing():
            self._sent_at = self._loop.time()
            transport.write(b"%x\r\n%b\r\n" % (len(data), data) if self._framed else data)
