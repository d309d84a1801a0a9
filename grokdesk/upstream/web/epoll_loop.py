"""On Linux curl's sockets stand in an epoll of ours, and that one in the loop.

With each request curl wants its socket watched and then left alone; by asyncio's own way that
costs a twentieth of the request.
"""

import asyncio
import contextlib
import select
import sys
from collections.abc import Callable
from typing import Any

from curl_cffi.aio import CURL_CSELECT_IN, CURL_CSELECT_OUT

from grokdesk.upstream.web.curl_loop import Act, CurlLoop

assert sys.platform == "linux"  # noqa: S101 - who imports it has looked


class EpollLoop(CurlLoop):
    """`act` hears of a socket and of what it is ready for."""

    def __init__(self, loop: asyncio.AbstractEventLoop, act: Act) -> None:
        super().__init__(loop)
        self._act = act
        self._watched: dict[int, int] = {}
        self._epoll = select.epoll()
        loop.add_reader(self._epoll.fileno(), self._on_ready)

    def add_reader(self, fd: int, _callback: Callable[..., object], *_args: Any) -> None:
        self._watch(fd, self._watched.get(fd, 0) | select.EPOLLIN)

    def remove_reader(self, fd: int) -> None:
        self._watch(fd, self._watched.get(fd, 0) & ~select.EPOLLIN)

    def add_writer(self, fd: int, _callback: Callable[..., object], *_args: Any) -> None:
        self._watch(fd, self._watched.get(fd, 0) | select.EPOLLOUT)

    def remove_writer(self, fd: int) -> None:
        self._watch(fd, self._watched.get(fd, 0) & ~select.EPOLLOUT)

    def close(self) -> None:
        self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()

    def _watch(self, fd: int, events: int) -> None:
        before = self._watched.get(fd, 0)
        if events == before:
            return
        if not events:
            del self._watched[fd]
            with contextlib.suppress(OSError):  # closed already
                self._epoll.unregister(fd)
            return
        self._watched[fd] = events
        if before:
            self._epoll.modify(fd, events)
        else:
            self._epoll.register(fd, events)

    def _on_ready(self) -> None:
        for fd, events in self._epoll.poll(0):
            watched = self._watched.get(fd, 0)  # what came before may have changed it
            ready = 0
            # An error or a hang-up is for whoever waits.
            if events & ~select.EPOLLOUT and watched & select.EPOLLIN:
                ready |= CURL_CSELECT_IN
            if events & ~select.EPOLLIN and watched & select.EPOLLOUT:
                ready |= CURL_CSELECT_OUT
            if ready:
                self._act(fd, ready)
