"""How late the event loop is: what a busy moment adds to everything that waits its turn."""

import asyncio
from collections.abc import Callable


class LoopLag:
    """One timer per period, from `start` to `stop`; `on_lag` hears by how many seconds it was late.

    A sample: it shows what an event at any moment has to expect, and may miss a single stall.
    """

    def __init__(self, on_lag: Callable[[float], None], *, period_s: float = 1.0) -> None:
        self._on_lag = on_lag
        self._period_s = period_s
        self._due = 0.0
        self._longest = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        if self._timer is None:
            self._arm(asyncio.get_running_loop())

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def take_longest(self) -> float:
        """The longest lag since this was last asked."""
        longest, self._longest = self._longest, 0.0
        return longest

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = loop.time() + self._period_s
        self._timer = loop.call_at(self._due, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        lag = max(0.0, loop.time() - self._due)
        self._longest = max(self._longest, lag)
        self._arm(loop)
        self._on_lag(lag)
