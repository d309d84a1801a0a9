"""Elapsed time that no clock change disturbs, and a word when the wall clock was moved."""

from collections.abc import Callable

from grokdesk.kernel.clock import Clock

TOLERANCE_S = 2.0
"""Smaller differences are slewing and drift."""


class Timekeeper:
    """`elapsed` also counts time that the machine slept: the monotonic clock may stand still then.

    A wall clock that goes forward is taken for sleep, because nothing tells the two apart; what
    waits then ends early, which costs a try at most. `on_setback` hears by how many seconds
    (negative) the wall clock went back: whoever keeps wall times moves them along.
    """

    def __init__(self, clock: Clock, on_setback: Callable[[float], None]) -> None:
        self._clock = clock
        self._on_setback = on_setback
        self._offset = clock.now() - clock.monotonic()
        self._slept = 0.0

    def read(self) -> tuple[float, float]:
        """Unix time and elapsed time."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        offset = now - monotonic
        jump = offset - self._offset
        self._offset = offset
        if jump > TOLERANCE_S:
            self._slept += jump
        elif jump < -TOLERANCE_S:
            self._on_setback(jump)
        return now, monotonic + self._slept
