"""How long silence may last, and the one timer per stream that notices it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `first_byte_s` runs until the headers, `idle_s` between two pieces after them."""

    connect_s: float = 10.0
    first_byte_s: float = 60.0
    idle_s: float = 120.0


class Watchdog:
    """Calls `on_silence` once when `feed` was not called for the limit (seconds).

    A timer that is due too early is left alone: it looks again by itself.
    """

    __slots__ = ("_due_at", "_fed_at", "_limit_s", "_loop", "_on_silence", "_timer")

    def __init__(self, limit_s: float, on_silence: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._limit_s = limit_s
        self._on_silence = on_silence
        self._timer: asyncio.TimerHandle | None = None
        self.restart()

    def feed(self) -> None:
        self._fed_at = self._loop.time()

    def set_limit(self, limit_s: float) -> None:
        """From now on; the running wait starts again."""
        self._limit_s = limit_s
        self.restart()

    def restart(self) -> None:
        self.feed()
        if self._timer is None or self._due_at > self._fed_at + self._limit_s:
            self._set_timer()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self) -> None:
        self.stop()
        self._due_at = self._fed_at + self._limit_s
        self._timer = self._loop.call_at(self._due_at, self._check)

    def _check(self) -> None:
        self._timer = None
        if self._fed_at + self._limit_s > self._loop.time():
            self._set_timer()
        else:
            self._on_silence()
