"""One libcurl multi handle on the running loop, and the handles that it drives.

curl-cffi's own sessions wait for an abandoned reply to end and lose its slot (seen in 0.16), so we
drive the multi interface directly: removing a handle from it closes the connection at once.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import TypeAlias

from curl_cffi import AsyncCurl, Curl, CurlECode, CurlMOpt, CurlOpt, ffi, lib
from curl_cffi.aio import CURL_POLL_NONE, CURL_SOCKET_TIMEOUT

from grokdesk.upstream.web.curl_loop import Act, CurlLoop
from grokdesk.upstream.web.header_lists import Headers, RequestHeaders, request_headers
from grokdesk.upstream.web.proxies import Proxy
from grokdesk.upstream.web.sending import Body

_KEPT_CONNECTIONS = 64
"""Otherwise curl keeps four for each running request, and closes the rest after every burst."""
_SAFETY_TICK_S = 0.1
_SOCKET = "socket"
_AGAIN = int(CurlECode.AGAIN)
_setopt = lib._curl_easy_setopt  # noqa: SLF001 - `Curl.setopt` takes ten times as long
_HTTPHEADER, _POSTFIELDSIZE = int(CurlOpt.HTTPHEADER), int(CurlOpt.POSTFIELDSIZE)


class Multi(AsyncCurl):
    """Keeps an upgraded WebSocket in the multi handle: taking it out would close its socket."""

    def __init__(self) -> None:
        super().__init__()
        self._curl_loop = loop_for_curl(self.loop, self.process_data)
        self.loop = self._curl_loop  # type: ignore[assignment]
        # Not by `setopt`, which hands curl the address of the number.
        lib.curl_multi_setopt(
            self._curlm, CurlMOpt.MAXCONNECTS, ffi.cast("void *", _KEPT_CONNECTIONS)
        )
        self._upgrading: set[Curl] = set()

    def add_upgrade(self, curl: Curl) -> asyncio.Future[None]:
        """The future is done when the handshake is; end with `remove_handle`."""
        self._upgrading.add(curl)
        return self.start(curl)

    def start(self, curl: Curl) -> asyncio.Future[None]:
        future: asyncio.Future[None] = self.add_handle(curl)  # type: ignore[no-untyped-call,unused-ignore]
        return future

    def abort(self, curl: Curl) -> None:
        """Close the connection of a transfer that may still run; harmless when it has ended."""
        self._upgrading.discard(curl)
        if curl in self._curl2future:
            self.remove_handle(curl)

    def set_result(self, curl: Curl) -> None:
        if curl in self._upgrading:
            future = self._curl2future[curl]
            if not future.done():
                future.set_result(None)
        else:
            super().set_result(curl)

    def set_exception(self, curl: Curl, exception: BaseException) -> None:
        self._upgrading.discard(curl)
        super().set_exception(curl, exception)

    async def close(self) -> None:
        await super().close()  # type: ignore[no-untyped-call]
        self._curl_loop.close()

    async def _force_timeout(self) -> None:
        """curl-cffi's safety net against lost signals, which here also sees what ends in it."""
        while True:
            await asyncio.sleep(_SAFETY_TICK_S)
            self.process_data(CURL_SOCKET_TIMEOUT, CURL_POLL_NONE)


def loop_for_curl(loop: asyncio.AbstractEventLoop, act: Act) -> CurlLoop:
    """`act` is what curl-cffi gives as callback for each socket."""
    if sys.platform == "linux":
        from grokdesk.upstream.web.epoll_loop import EpollLoop

        return EpollLoop(loop, act)
    else:  # noqa: RET505 - mypy takes a line after this for dead
        return CurlLoop(loop)


Callback: TypeAlias = Callable[[bytes], int]


class _Ears:
    """What curl calls for all requests of a handle; it passes on to the current one."""

    __slots__ = ("on_body", "on_header")

    def __init__(self) -> None:
        self.turn_away()

    def turn_away(self) -> None:
        self.on_header: Callback = len
        self.on_body: Callback = len

    def header(self, line: bytes) -> int:
        return self.on_header(line)

    def body(self, data: bytes) -> int:
        return self.on_body(data)


class Handle(Curl):
    """Curl keeps its options from one request to the next, so each is set once; setting one costs
    more than a call."""

    _aimed_at = ("", "")
    _ears: _Ears | None = None
    _body: Body | None = None
    _headers_sent: RequestHeaders | None = None

    def head(self, headers: Headers) -> None:
        """The headers of the next request."""
        self._headers_sent = made = request_headers(headers)  # curl does not copy them
        _setopt(self._curl, _HTTPHEADER, made.first)

    def carry(self, data: bytes) -> None:
        """The body of the next request."""
        _setopt(self._curl, _POSTFIELDSIZE, ffi.new("long *", len(data)))
        if self._body is None:
            self._body = Body()
            self.setopt(CurlOpt.READDATA, self._body)
            self.setopt(CurlOpt.SEEKDATA, self._body)
        self._body.load(data)

    def aim(self, method: str, url: str) -> None:
        if self._aimed_at == (method, url):
            return
        self.setopt(CurlOpt.URL, url)
        self.setopt(CurlOpt.HTTPGET if method == "GET" else CurlOpt.POST, 1)
        self._aimed_at = (method, url)

    def aim_socket(self, url: str) -> None:
        """For a WebSocket: curl ends when it is open, and leaves the frames to us."""
        if self._aimed_at == (_SOCKET, url):
            return
        self.setopt(CurlOpt.URL, url)
        self.setopt(CurlOpt.CONNECT_ONLY, 2)
        self._aimed_at = (_SOCKET, url)

    def tell(self, on_header: Callback, on_body: Callback) -> None:
        """Who hears of the next reply."""
        if self._ears is None:
            self._ears = _Ears()
            self.setopt(CurlOpt.HEADERFUNCTION, self._ears.header)
            self.setopt(CurlOpt.WRITEFUNCTION, self._ears.body)
        self._ears.on_header, self._ears.on_body = on_header, on_body

    def read_frame(self) -> tuple[bytes, int, int] | None:
        """A piece of a WebSocket frame, curl's flags, and how much of it is missing.

        None when nothing has come: curl-cffi makes an error of that, which costs more than the
        rest. Raise CurlError when the socket is broken.
        """
        code = lib.curl_ws_recv(
            self._curl,
            self._ws_recv_buffer,
            self._WS_RECV_BUFFER_SIZE,
            self._ws_recv_n_recv,
            self._ws_recv_p_frame,
        )
        if code == _AGAIN:
            return None
        self._check_error(code, "WS_RECV")
        frame = self._ws_recv_p_frame[0]
        data = ffi.buffer(self._ws_recv_buffer, self._ws_recv_n_recv[0])[:]
        return data, frame.flags, frame.bytesleft

    def rest(self) -> None:
        """Between two requests: nothing that comes late is for the next one."""
        if self._ears is not None:
            self._ears.turn_away()
        if self._body is not None:
            self._body.load(b"")

    def close(self) -> None:
        told = self._write_handle, self._header_handle
        carried = self._read_handle, self._seek_handle
        super().close()
        del told, carried  # not earlier, as curl-cffi does: curl might call them to the last


def new_handle(impersonate: str, *, connect_timeout_s: float, proxy: Proxy | None) -> Handle:
    """Looks like a browser."""
    curl = Handle()
    curl.impersonate(impersonate, default_headers=False)
    curl.setopt(CurlOpt.ACCEPT_ENCODING, "gzip, deflate, br, zstd")
    return _wired(curl, connect_timeout_s, proxy)


def plain_handle(*, connect_timeout_s: float, proxy: Proxy | None) -> Handle:
    """Looks like nobody else, and unpacks nothing."""
    return _wired(Handle(), connect_timeout_s, proxy)


def _wired(curl: Handle, connect_timeout_s: float, proxy: Proxy | None) -> Handle:
    """What the environment says of proxies has no say here any more: see `proxies`."""
    curl.setopt(CurlOpt.TCP_NODELAY, 1)
    curl.setopt(CurlOpt.NOSIGNAL, 1)  # we have threads; and it spares system calls
    curl.setopt(CurlOpt.CONNECTTIMEOUT_MS, int(connect_timeout_s * 1000))
    curl.setopt(CurlOpt.PROXY, proxy.url if proxy else "")
    curl.setopt(CurlOpt.NOPROXY, "")
    curl.setopt(CurlOpt.SUPPRESS_CONNECT_HEADERS, 1)  # they would be taken for upstream's answer
    if proxy and proxy.user:
        curl.setopt(CurlOpt.PROXYUSERNAME, proxy.user)
        curl.setopt(CurlOpt.PROXYPASSWORD, proxy.password)
    return curl
