"""Readings that fail for no fault of an account: one is tried now and then, no storm."""

import logging
import random
from typing import Final

from grokdesk.domain.errors import (
    AccountBlockedError,
    CircuitOpenError,
    ForbiddenError,
    GrokdeskError,
    LocalNetworkError,
    RateLimitedError,
    TokenRejectedError,
    VaultLockedError,
)

_log = logging.getLogger(__name__)

BACKOFF_S: Final = (30.0, 30 * 60.0)
_LOCAL_BACKOFF_S: Final = (5.0, 5 * 60.0)
_SITE_FAILURES = 3
"""So many failures in a row, of whichever accounts, are the site's."""

_OURS = (LocalNetworkError, VaultLockedError, CircuitOpenError)
_THE_ACCOUNTS = (TokenRejectedError, AccountBlockedError, RateLimitedError, ForbiddenError)


def is_ours(error: GrokdeskError) -> bool:
    """It says nothing about the account: the next one would fare the same."""
    return isinstance(error, _OURS)


def backoff_s(count: int, bounds: tuple[float, float], rng: random.Random) -> float:
    """Doubles from the first bound to the second; jittered downwards."""
    first, longest = bounds
    return min(longest, first * 2.0 ** min(count - 1, 16)) * rng.uniform(0.8, 1.0)


class Trouble:
    """Logged when it begins and when it is over. Moments are elapsed time."""

    def __init__(self, rng: random.Random) -> None:
        self.until = float("-inf")
        """Nothing is tried before, unless somebody waits for it."""
        self._rng = rng
        self._in_a_row = 0
        self._pauses = 0

    @property
    def is_on(self) -> bool:
        return self._pauses > 0

    def note(self, error: GrokdeskError, begun: float, elapsed: float) -> None:
        """`begun`: when the reading that failed did."""
        if isinstance(error, _THE_ACCOUNTS):
            self.over()
            return
        if begun < self.until:
            return  # it tells nothing new
        self._in_a_row += 1
        if not (is_ours(error) or self.is_on or self._in_a_row >= _SITE_FAILURES):
            return
        if not self.is_on:
            _log.info("Quotas cannot be read for now: %s", error)
        self._pauses += 1
        bounds = _LOCAL_BACKOFF_S if is_ours(error) else BACKOFF_S
        self.until = elapsed + backoff_s(self._pauses, bounds, self._rng)

    def over(self) -> None:
        """Somebody was answered."""
        if self.is_on:
            _log.info("Quotas can be read again.")
        self._in_a_row = self._pauses = 0
        self.until = float("-inf")

    def retry_now(self) -> None:
        self.until = float("-inf")
