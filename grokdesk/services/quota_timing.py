"""When an account's quota is to be read next."""

import random
from collections.abc import Callable

from grokdesk.domain.account import Tier
from grokdesk.pool.pool import MemberView
from grokdesk.settings.reaching import QuotaSettings

DEBOUNCE_S = 60.0
"""So long after a reading has begun, nothing but a click causes another one of the account."""

_SETTLE_S = 10.0
"""New accounts are left alone for a moment: the import reads them itself."""
_RESET_JITTER_S = (2.0, 30.0)
_INTERVAL_JITTER = 0.1


class Timing:
    """Everything is in seconds from now."""

    def __init__(self, settings: Callable[[], QuotaSettings], rng: random.Random) -> None:
        self._settings = settings
        self._rng = rng

    @property
    def pace_s(self) -> float:
        """Between the beginnings of two readings that nobody waits for."""
        return 60.0 / self._settings().readings_per_minute

    def first_s(self, view: MemberView, now: float) -> float:
        """For an account whose figures may be from an earlier run."""
        measured_at = _measured_at(view)
        if measured_at is None:
            return _SETTLE_S
        return max(_SETTLE_S, self._wait_s(view, now, age_s=max(0.0, now - measured_at)))

    def next_s(self, view: MemberView, now: float) -> float:
        """After a good reading."""
        return max(DEBOUNCE_S, self._wait_s(view, now, age_s=0.0))

    def _wait_s(self, view: MemberView, now: float, *, age_s: float) -> float:
        """Until the figures are too old, or until something is full again."""
        wait_s = self._interval_s(view.account.effective_tier) - age_s
        resets = (w.resets_at for w in view.windows if not w.remaining >= w.total > 0)
        reset_at = min((moment for moment in resets if moment is not None), default=None)
        if reset_at is not None:
            wait_s = min(wait_s, reset_at - now + self._rng.uniform(*_RESET_JITTER_S))
        return wait_s

    def _interval_s(self, tier: Tier) -> float:
        settings = self._settings()
        interval_s = settings.basic_interval_s if tier is Tier.BASIC else settings.paid_interval_s
        return interval_s * self._rng.uniform(1.0 - _INTERVAL_JITTER, 1.0)


def was_measured_since(view: MemberView, since: float, now: float) -> bool:
    measured_at = _measured_at(view)
    return measured_at is not None and since < measured_at <= now


def _measured_at(view: MemberView) -> float | None:
    """The newest reading of any window."""
    moments = (window.measured_at for window in view.windows)
    return max((moment for moment in moments if moment is not None), default=None)
