"""How long silence may last, and the one timer per stream that notices it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `first_byte_s` runs until the headers, `idle_s` between two pieces after them.

    `life_s` is the time for a sign of life after the machine woke up or changed networks.
    """

    connect_s: float = 10.0
    first_byte_s: float = 60.0
    idle_s: float = 120.0
    life_s: float = 4.0


class Watchdog:
    """Calls `on_silence` once when `feed` was not called for the limit (seconds).

    A timer that is due too early is left alone: it looks again by itself.
    """

    __slots__ = (
        "_due_at",
        "_fed_at",
        "_limit_s",
        "_loop",
        "_on_silence",
        "_timer",
        "_usual_s",
        "demanding",
    )

    def __init__(self, limit_s: float, on_silence: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_silence = on_silence
        self._timer: asyncio.TimerHandle | None = None
        self.demanding = False
        """Whether a sign of life was demanded and has not come."""
        self.set_limit(limit_s)

    def feed(self) -> None:
        self._fed_at = self._loop.time()
        if self.demanding:
            self.set_limit(self._usual_s)

    def set_limit(self, limit_s: float) -> None:
        """From now on; the running wait starts again."""
        self.demanding = False
        self._usual_s = self._limit_s = limit_s
        self.restart()

    def demand(self, within_s: float) -> None:
        """A sign of life is due by then; after it the usual limit holds again."""
        self.demanding = True
        self._limit_s = min(within_s, self._usual_s)
        self.restart()

    def restart(self) -> None:
        """The silence counts from now on; that is no sign of life."""
        self._fed_at = self._loop.time()
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
