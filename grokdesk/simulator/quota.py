"""Quota windows that count down as turns are spent, and the media allowances."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from grokdesk.simulator.script import Quota

_DAY: Final = 86_400
_TWO_HOURS: Final = 7_200

# A mode that is missing is not offered to the tier. State of August 2026.
TIER_QUOTAS: Final[dict[str, dict[str, Quota]]] = {
    "basic": {"fast": Quota(30, _DAY)},
    "super": {
        "auto": Quota(50, _TWO_HOURS),
        "fast": Quota(140, _TWO_HOURS),
        "expert": Quota(50, _TWO_HOURS),
        "grok-420-computer-use-sa": Quota(50, _TWO_HOURS),
    },
    "heavy": {
        "auto": Quota(150, _TWO_HOURS),
        "fast": Quota(400, _TWO_HOURS),
        "expert": Quota(150, _TWO_HOURS),
        "heavy": Quota(20, _TWO_HOURS),
        "grok-420-computer-use-sa": Quota(150, _TWO_HOURS),
    },
}

_IMAGINE: Final[dict[str, dict[str, int | None]]] = {
    "basic": {"image": 12, "imageEdit": 3, "imagePro": 4, "video": None, "video720p": 2},
    "super": {"image": 500, "imageEdit": 80, "imagePro": 100, "video": 50, "video720p": 20},
    "heavy": {"image": 1500, "imageEdit": 240, "imagePro": 300, "video": 150, "video720p": 60},
}


class Window:
    """One running window; it is full again `window_s` after its first turn."""

    __slots__ = ("_ends_at", "_remaining", "quota")

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self._remaining = quota.total if quota.remaining is None else quota.remaining
        self._ends_at: float | None = None
        if self._remaining < quota.total:
            self._ends_at = time.monotonic() + quota.window_s

    def spend(self) -> bool:
        """False when nothing is left."""
        if self.remaining <= 0:
            return False
        if self._ends_at is None:
            self._ends_at = time.monotonic() + self.quota.window_s
        self._remaining -= 1
        return True

    def drain(self) -> None:
        self._remaining = 0
        self._ends_at = time.monotonic() + self.quota.window_s

    @property
    def remaining(self) -> int:
        if self._ends_at is not None and time.monotonic() >= self._ends_at:
            self._remaining = self.quota.total
            self._ends_at = None
        return self._remaining

    @property
    def wait_s(self) -> int:
        """Seconds until it is full again; 0 when it is full."""
        if self._ends_at is None:
            return 0
        return max(1, round(self._ends_at - time.monotonic()))


def rate_limits_body(window: Window | None) -> dict[str, Any]:
    """`{}` for a mode that the account may not use."""
    if window is None:
        return {}
    body: dict[str, Any] = {
        "windowSizeSeconds": window.quota.window_s,
        "remainingQueries": window.remaining,
        "totalQueries": window.quota.total,
        "lowEffortRateLimits": None,
        "highEffortRateLimits": None,
    }
    if window.remaining == 0:
        body["waitTimeSeconds"] = window.wait_s
    return body


def imagine_quota_body(tier: str, *, exhausted: bool) -> dict[str, Any]:
    return {
        product: None if count is None else _allowance(0 if exhausted else count)
        for product, count in _IMAGINE[tier].items()
    }


def _allowance(remaining: int) -> dict[str, Any]:
    body: dict[str, Any] = {
        "available": remaining > 0,
        "remainingQueries": remaining,
        "windowSizeSeconds": _DAY,
    }
    if not remaining:
        tomorrow = datetime.now(UTC) + timedelta(seconds=_DAY)
        body["nextAvailableAt"] = tomorrow.strftime("%Y-%m-%dT%H:%M:%SZ")
    return body
