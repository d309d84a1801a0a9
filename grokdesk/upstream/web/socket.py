"""WebSockets that look like one browser's, over the same multi handle as the requests."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from curl_cffi import CurlECode, CurlError, CurlInfo, CurlWsFlag

from grokdesk.domain.errors import (
    IncompleteReplyError,
    ProtocolChangedError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from grokdesk.upstream.web.faults import explain, silence
from grokdesk.upstream.web.head import Head
from grokdesk.upstream.web.header_lists import Headers
from grokdesk.upstream.web.multi import Handle, Multi
from grokdesk.upstream.web.progress import time_left
from grokdesk.upstream.web.proxies import Proxy
from grokdesk.upstream.web.watchdog import Timeouts, Watchdog

_FRAME_CAP = 16 << 20
_SEND_PIECE = 65_535
_AT_ONCE = 256
"""So many frames are read in one turn of the loop, about a millisecond; then others have theirs."""
# As numbers: an enum's `&` costs as much as the frame.
_CLOSE, _CONT, _TEXT = int(CurlWsFlag.CLOSE), int(CurlWsFlag.CONT), int(CurlWsFlag.TEXT)
_DATA = _TEXT | int(CurlWsFlag.BINARY) | _CONT

_Frame = tuple[bytes, int, int]
"""A piece of a frame, curl's flags, and how much of the frame is missing."""


class Refusal(Exception):  # noqa: N818 - not a failure of ours: an answer to be classified
    """The server answered the handshake with a plain HTTP status; its body is not available."""

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(f"handshake answered with {status}")
        self.status = status
        self.headers = headers


class Socket:
    """One open WebSocket. `receive` and `send` are for one task; `abort` may come at any time."""

    def __init__(self, multi: Multi, curl: Handle, timeouts: Timeouts, proxy: Proxy | None) -> None:
        self._multi = multi
        self._curl = curl
        self._timeouts = timeouts
        self._proxy = proxy
        self._loop = asyncio.get_running_loop()
        self.opened = False
        """Whether the handshake was a success."""
        self._fd = -1
        self._waiter: asyncio.Future[None] | None = None
        self._listener: asyncio.Future[_Frame | None] | None = None
        self._handshake: asyncio.Timeout | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._started = self._loop.time()
        self._watchdog = Watchdog(timeouts.idle_s, self._silent)
        self._silence: UpstreamError | None = None
        self._readable = True
        self._watching = False
        self._read_in_turn = 0
        self._heard = False
        self._heartbeat: asyncio.TimerHandle | None = None

    async def connect(self, url: str, headers: Headers) -> None:
        """Raise Refusal when the server says no, UpstreamError when it cannot be reached."""
        head = Head()
        curl = self._curl
        curl.aim_socket(url)
        curl.head(headers)
        curl.tell(head.on_line, len)
        try:
            async with asyncio.timeout(None) as self._handshake:
                self._limit_handshake()
                await self._multi.add_upgrade(curl)
        except TimeoutError:
            if self._watchdog.demanding:
                raise silence(begun=False, woken=True) from None
            raise UpstreamTimeoutError("Grok did not open the chat socket in time.") from None
        except CurlError as error:
            if error.code == CurlECode.HTTP_RETURNED_ERROR:
                raise Refusal(head.status, head.headers) from None
            raise explain(error, curl, begun=False, proxy=self._proxy) from None
        finally:
            self._handshake = None
            if self._patience is not None:
                self._patience.cancel()
        fd = curl.getinfo(CurlInfo.ACTIVESOCKET)
        if not isinstance(fd, int) or fd < 0:
            raise UpstreamUnavailableError("Grok closed the chat socket at once.")
        self._fd = fd
        self.opened = True
        self._watchdog.feed()

    def expect_within(self, seconds: float) -> None:
        """The longest silence from now on."""
        self._watchdog.set_limit(seconds)

    async def send(self, text: str | bytes) -> None:
        payload = memoryview(text.encode() if isinstance(text, str) else text)
        while True:
            piece = payload[:_SEND_PIECE]
            more = len(payload) > len(piece)
            await self._send_piece(piece, _TEXT | _CONT if more else _TEXT)
            payload = payload[len(piece) :]
            if not more:
                return

    def start_heartbeat(self, every_s: float, frame: Callable[[], str]) -> None:
        """Send a frame of `frame()` each `every_s` seconds until the socket is aborted."""

        def beat() -> None:
            with contextlib.suppress(CurlError):  # a broken socket is noticed by `receive`
                self._curl.ws_send(frame().encode(), CurlWsFlag.TEXT)
            self._heartbeat = self._loop.call_later(every_s, beat)

        self._heartbeat = self._loop.call_later(every_s, beat)

    async def receive(self) -> bytes | None:
        """The next text message, or None when the server closed the socket."""
        parts: list[bytes] = []
        size = 0
        while True:
            if self._read_in_turn >= _AT_ONCE:
                self._read_in_turn = 0
                await asyncio.sleep(0)
            frame = self._next_frame()
            if frame is None:
                self._read_in_turn = 0
                frame = await self._arrival()
                if frame is None:
                    continue
            self._read_in_turn += 1
            data, flags, rest = frame
            if flags & _CLOSE:
                return None
            if not flags & _DATA:
                continue
            self._heard = True
            size += len(data)
            if size > _FRAME_CAP:
                raise ProtocolChangedError("Grok sent a message that is far too large.")
            parts.append(data)
            if not rest and not flags & _CONT:
                return parts[0] if len(parts) == 1 else b"".join(parts)

    def wake(self) -> None:
        """The network may be another now: show life soon, or fail. An answered ping is life."""
        self._watchdog.demand(self._timeouts.life_s)
        if self._handshake is not None:
            due_at = self._loop.time() + self._timeouts.life_s
            self._handshake.reschedule(min(due_at, self._handshake.when() or due_at))
        elif self.opened:
            with contextlib.suppress(CurlError):  # no answer will tell
                self._curl.ws_send(b"", CurlWsFlag.PING)

    def abort(self) -> None:
        """Close the connection now, without a closing handshake; harmless when repeated."""
        self._watchdog.stop()
        if self._heartbeat is not None:
            self._heartbeat.cancel()
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)
            self._fd = -1
        self._multi.abort(self._curl)

    def _limit_handshake(self) -> None:
        """Connecting has a limit of its own, after which the answer still has its time."""
        if self._handshake is None or self._watchdog.demanding:
            return
        now = self._loop.time()
        rest_s = time_left(self._curl, now - self._started, self._timeouts)
        if rest_s > 0:
            self._patience = self._loop.call_later(rest_s, self._limit_handshake)
        else:
            self._handshake.reschedule(now)

    def _next_frame(self) -> _Frame | None:
        """None when nothing is there to read now."""
        if self._silence is not None:
            raise self._silence
        if not self._readable:
            return None
        try:
            frame = self._curl.read_frame()
        except CurlError:
            raise IncompleteReplyError("The chat socket to Grok broke.") from None
        if frame is None:
            self._readable = False
        else:
            self._watchdog.feed()
        return frame

    async def _send_piece(self, piece: memoryview, flags: int) -> None:
        while True:
            try:
                sent = self._curl.ws_send(piece, flags)
            except CurlError as error:
                if error.code != CurlECode.AGAIN:
                    raise IncompleteReplyError("The chat socket to Grok broke.") from None
                sent = 0
            piece = piece[sent:]
            if not piece:
                return
            await self._wait_writable()

    async def _arrival(self) -> _Frame | None:
        """Wait for a frame; None when there is reason to look again."""
        if not self._watching:
            self._loop.add_reader(self._fd, self._on_readable)
            self._watching = True
        self._listener = self._loop.create_future()
        try:
            return await self._listener
        finally:
            self._listener = None

    async def _wait_writable(self) -> None:
        writable = self._loop.create_future()
        self._waiter = writable
        self._loop.add_writer(self._fd, self._wake)
        try:
            await writable
        finally:
            self._waiter = None
            if self._fd >= 0:
                self._loop.remove_writer(self._fd)
        if self._silence is not None:
            raise self._silence

    def _on_readable(self) -> None:
        self._readable = True
        listener = self._listener
        if listener is None:
            # Nobody reads now: stop watching, or the loop spins on a readable descriptor.
            self._loop.remove_reader(self._fd)
            self._watching = False
        elif not listener.done():
            # Read here and now: by the time the listener runs, the loop has called again.
            try:
                frame = self._next_frame()
            except UpstreamError as error:
                listener.set_exception(error)
            else:
                if frame is not None:
                    listener.set_result(frame)

    def _silent(self) -> None:
        if self._waiter is None and self._listener is None:  # the consumer is slow, not upstream
            self._watchdog.restart()
            return
        self._silence = silence(begun=self._heard, woken=self._watchdog.demanding)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if self._listener is not None and not self._listener.done():
            self._listener.set_result(None)
