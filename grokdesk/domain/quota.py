"""Quota windows: how many calls an account has left in a mode, and how we know."""

import enum
from dataclasses import dataclass, replace


class Mode(enum.StrEnum):
    """Upstream's modes; quota is counted per mode. Values as sent to upstream (Aug 2026)."""

    FAST = "fast"
    AUTO = "auto"
    EXPERT = "expert"
    HEAVY = "heavy"


class Provenance(enum.StrEnum):
    MEASURED = "measured"
    ESTIMATED = "estimated"
    STALE = "stale"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class QuotaWindow:
    """`total` and `remaining` calls until `resets_at` (Unix time, None: not started or unknown)."""

    mode: Mode
    total: int
    remaining: int
    window_s: float
    resets_at: float | None = None
    provenance: Provenance = Provenance.ESTIMATED
    measured_at: float | None = None

    def at(self, now: float) -> "QuotaWindow":
        """The window as it stands at `now`: full again once its reset has passed."""
        if self.resets_at is None or now < self.resets_at:
            return self
        return replace(self, remaining=self.total, resets_at=None, provenance=Provenance.ESTIMATED)

    def spend(self, now: float) -> "QuotaWindow":
        current = self.at(now)
        resets_at = current.resets_at if current.resets_at is not None else now + self.window_s
        return replace(current, remaining=max(0, current.remaining - 1), resets_at=resets_at)

    def refund(self) -> "QuotaWindow":
        return replace(self, remaining=min(self.total, self.remaining + 1))

    def exhaust(self, now: float, retry_after: float | None = None) -> "QuotaWindow":
        """Nothing left until the reset; `retry_after` (seconds) wins over what we believed."""
        current = self.at(now)
        if retry_after is not None:
            resets_at = now + retry_after
        elif current.resets_at is not None:
            resets_at = current.resets_at
        else:
            resets_at = now + self.window_s
        return replace(current, remaining=0, resets_at=resets_at, provenance=Provenance.ESTIMATED)

    def merge(self, reading: "QuotaWindow", spent_since: int) -> "QuotaWindow":
        """Take a reading, less the calls that were leased after it was asked for."""
        remaining = max(0, min(reading.remaining, reading.total) - spent_since)
        return replace(reading, remaining=remaining)
