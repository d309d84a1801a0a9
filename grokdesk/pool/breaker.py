"""The circuit breaker of upstream as a whole: one probe instead of a storm."""

import enum
from collections.abc import Callable

from grokdesk.domain.errors import (
    CircuitOpenError,
    LocalNetworkError,
    UpstreamError,
    UpstreamUnavailableError,
)

OPEN_AFTER = 5
"""Failures without any success in between."""
ACCOUNTS_INVOLVED = 3
"""So many accounts must have failed, or all if there are fewer: one bad account is not upstream."""
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 60.0


class Circuit(enum.StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitBreaker:
    """Closed: all calls pass. Open: none, until the pause is over. Half open: one at a time.

    Times are elapsed time. `on_change` hears of each change of `state`.
    """

    def __init__(self, on_change: Callable[[], None] | None = None) -> None:
        self.on_change = on_change or (lambda: None)
        self.state = Circuit.CLOSED
        self.until = 0.0
        """When an open circuit lets a call through."""
        self.reason = ""
        """What upstream failed with last."""
        self._failures = 0
        self._failed_accounts: set[str] = set()
        self._pause = FIRST_PAUSE_S
        self._probes = 0
        self._probe = 0
        """The number of the probe that is under way; 0: none."""

    def check(self, now: float, elapsed: float) -> None:
        """Raise CircuitOpenError when no call may pass now."""
        if self.state is Circuit.CLOSED:
            return
        if self.state is Circuit.OPEN and elapsed >= self.until:
            self._become(Circuit.HALF_OPEN)
        if self.state is Circuit.OPEN or self._probe:
            rest = max(1.0, self.until - elapsed)
            raise CircuitOpenError(
                "grok.com does not answer at the moment; Grokdesk tries again in "
                f"{rest:.0f} s. {self.reason}".rstrip(),
                retry_at=now + rest,
            )

    def passed(self) -> int:
        """A call passed; its number if it is the probe of a half-open circuit, else 0."""
        if self.state is not Circuit.HALF_OPEN:
            return 0
        self._probes += 1
        self._probe = self._probes
        return self._probe

    def ended(
        self,
        account_id: str,
        error: BaseException | None,
        elapsed: float,
        *,
        probe: int,
        usable_accounts: int,
    ) -> None:
        """Take note of how a call ended that passed; `probe` is what `passed` gave it."""
        decides = 0 < probe == self._probe  # not if another call decided meanwhile
        if decides:
            self._probe = 0
        if isinstance(error, UpstreamUnavailableError):
            self._failed(account_id, error, elapsed, decides, usable_accounts)
        elif error is None or (
            isinstance(error, UpstreamError) and not isinstance(error, LocalNetworkError)
        ):
            self.reset()  # upstream answered, be it with a refusal

    def reset(self) -> None:
        """Trust upstream again."""
        self._failures = 0
        self._failed_accounts.clear()
        self._pause = FIRST_PAUSE_S
        if self.state is not Circuit.CLOSED:
            self.until = 0.0
            self._probe = 0
            self._become(Circuit.CLOSED)

    def _failed(
        self, account_id: str, error: Exception, elapsed: float, decides: bool, usable: int
    ) -> None:
        self._failures += 1
        self._failed_accounts.add(account_id)
        self.reason = str(error)
        involved = len(self._failed_accounts) >= min(ACCOUNTS_INVOLVED, max(1, usable))
        if decides:
            self._pause = min(LONGEST_PAUSE_S, self._pause * 2)
            self._open(elapsed)
        elif self.state is Circuit.CLOSED and self._failures >= OPEN_AFTER and involved:
            self._open(elapsed)

    def _open(self, elapsed: float) -> None:
        self.until = elapsed + self._pause
        self._become(Circuit.OPEN)

    def _become(self, state: Circuit) -> None:
        self.state = state
        self.on_change()
