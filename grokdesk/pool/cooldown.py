"""Pauses for an account after failures that may be its own."""

from dataclasses import dataclass, replace

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 30 * 60.0
FREE_FAILURES = 2
"""So many failures in a row cost no pause: a single reset says nothing about an account."""


@dataclass(frozen=True, slots=True)
class Cooldown:
    """`until` is monotonic time, which no change of the wall clock can lengthen."""

    failures: int = 0
    until: float = 0.0

    def failed(self, now: float) -> "Cooldown":
        failures = self.failures + 1
        if failures <= FREE_FAILURES:
            return replace(self, failures=failures)
        pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (failures - FREE_FAILURES - 1))
        return Cooldown(failures, now + pause)

    def succeeded(self) -> "Cooldown":
        return _NONE

    def active(self, now: float) -> bool:
        return now < self.until


_NONE = Cooldown()
