"""The running loop as curl-cffi sees it: with fewer timers, and its sockets watched for less."""

import asyncio
from collections.abc import Callable
from typing import Any

_LONG_S = 1.0

Act = Callable[[int, int], None]
"""A socket's descriptor, and what it is ready for."""


class CurlLoop:
    """Sets only the timers that are needed.

    That is neither "none" (-1) nor "at once" (0), nor one that may be late by curl-cffi's safety
    tick, such as each request has for its connection.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.create_future = loop.create_future
        self._loop = loop
        self._written: set[int] = set()

    def call_later(
        self, delay_s: float, callback: Callable[..., object], *args: Any
    ) -> asyncio.Handle | None:
        if delay_s == 0:
            return self._loop.call_soon(callback, *args)
        if 0 < delay_s < _LONG_S:
            return self._loop.call_later(delay_s, callback, *args)
        return None

    def add_reader(self, fd: int, callback: Callable[..., object], *args: Any) -> None:
        self._loop.add_reader(fd, callback, *args)

    def remove_reader(self, fd: int) -> None:
        self._loop.remove_reader(fd)

    def add_writer(self, fd: int, callback: Callable[..., object], *args: Any) -> None:
        self._written.add(fd)
        self._loop.add_writer(fd, callback, *args)

    def remove_writer(self, fd: int) -> None:
        if fd in self._written:
            self._written.discard(fd)
            self._loop.remove_writer(fd)

    def close(self) -> None:
        """No socket is watched any more."""
