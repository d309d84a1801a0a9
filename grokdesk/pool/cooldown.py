"""The circuit breaker of one account: pauses after failures that may be its own."""

import math
from dataclasses import dataclass, replace

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 30 * 60.0
FREE_FAILURES = 2
"""So many failures in a row cost no pause: a single reset says nothing about an account."""


@dataclass(frozen=True, slots=True)
class Cooldown:
    """Closed, then open until `until`, then half open: one call at a time until one succeeds.

    `until` is elapsed time (see `timekeeper`), which no change of the wall clock can lengthen.
    """

    failures: int = 0
    until: float = 0.0
    counted_at: float = -math.inf
    """When the last failure was counted."""

    def failed(self, elapsed: float, *, began: float) -> "Cooldown":
        """Calls that ran side by side when something broke count as one failure."""
        if began < self.counted_at:
            return self
        failures = self.failures + 1
        if failures <= FREE_FAILURES:
            return replace(self, failures=failures, counted_at=elapsed)
        # Bounded before the power: failures may be many.
        doublings = min(failures - FREE_FAILURES - 1, 16)
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**doublings)
        return Cooldown(failures, elapsed + pause_s, elapsed)

    def succeeded(self) -> "Cooldown":
        return CALM

    @property
    def is_suspicious(self) -> bool:
        """Half open once the pause is over."""
        return self.failures > FREE_FAILURES


CALM = Cooldown()
