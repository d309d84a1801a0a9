"""Connections that are kept, and the curl handles that use them."""

import asyncio

from grokdesk.upstream.web.multi import Handle, Multi, new_handle
from grokdesk.upstream.web.proxies import Proxy

_IDLE_CLOSE_S = 60.0
"""A used multi handle polls at 10 Hz (curl-cffi 0.16), so it is closed when nothing runs."""
_MAX_IDLE_HANDLES = 32


class Handles:
    """Curl handles for one purpose, used again: a new one costs a tenth of a request.

    The options of a request and of a socket must not meet in one handle.
    """

    def __init__(self, impersonate: str, connect_s: float, proxy: Proxy | None) -> None:
        self._impersonate = impersonate
        self._connect_s = connect_s
        self._proxy = proxy
        self._idle: list[Handle] = []

    def take(self) -> Handle:
        if self._idle:
            return self._idle.pop()
        return new_handle(self._impersonate, connect_timeout_s=self._connect_s, proxy=self._proxy)

    def put(self, curl: Handle) -> None:
        if len(self._idle) < _MAX_IDLE_HANDLES:
            curl.rest()
            self._idle.append(curl)
        else:
            curl.close()

    def close(self) -> None:
        for curl in self._idle:
            curl.close()
        self._idle.clear()


class ConnectionPool:
    """One multi handle with its kept connections; closes itself when nothing used it for long."""

    def __init__(self, impersonate: str, connect_s: float, proxy: Proxy | None) -> None:
        self.multi = Multi()
        self.closed = False
        self.running: set[Handle] = set()
        self.requests = Handles(impersonate, connect_s, proxy)
        self.sockets = Handles(impersonate, connect_s, proxy)
        self._retired = False
        self._timer: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None

    def take(self, handles: Handles) -> Handle:
        self._stop_timer()
        curl = handles.take()
        self.running.add(curl)
        return curl

    def give_back(self, curl: Handle, handles: Handles, *, reusable: bool) -> None:
        """Abort what still runs on it."""
        if curl not in self.running:
            return  # closed meanwhile
        self.running.discard(curl)
        self.multi.abort(curl)
        if reusable and not self._retired:
            handles.put(curl)
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
        self.requests.close()
        self.sockets.close()
        await self.multi.close()
