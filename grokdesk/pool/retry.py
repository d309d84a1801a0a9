"""How often and how long a request is tried, as pure decisions."""

import random
from dataclasses import dataclass

from grokdesk.domain.errors import UpstreamError, UpstreamUnavailableError, VaultLockedError

JITTER = 0.25


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """At most `accounts` accounts and `tries` with each; no try begins after `budget_s`.

    Another account is tried at once; the same one after a pause of `base_s`, which doubles each
    time up to `longest_s`.
    """

    accounts: int = 5
    tries: int = 2
    base_s: float = 0.5
    longest_s: float = 20.0
    budget_s: float = 60.0

    def pause_s(self, nth: int, asked_for: float | None, rng: random.Random) -> float:
        """Before the `nth` repetition (from 1). `asked_for` is upstream's Retry-After."""
        pause = min(self.longest_s, self.base_s * 2.0 ** min(nth - 1, 16))
        jittered = pause * (1.0 + JITTER * (2.0 * rng.random() - 1.0))
        return max(jittered, asked_for or 0.0)

    def allows(self, spent_s: float, pause_s: float = 0.0) -> bool:
        """Whether another try may begin after `pause_s`."""
        return spent_s + pause_s < self.budget_s


class Tries:
    """What one request has tried so far, and what is left to try."""

    def __init__(self, policy: RetryPolicy, rng: random.Random) -> None:
        self.last: UpstreamError | VaultLockedError | None = None
        self.tried: set[str] = set()
        """Not to be tried again before somebody else was."""
        self._policy = policy
        self._rng = rng
        self._counts: dict[str, int] = {}
        self._hopeless: set[str] = set()
        self._pauses = 0

    def failed(
        self, account_id: str, error: UpstreamError | VaultLockedError, *, again: bool
    ) -> None:
        """`again`: the reason is gone, so the same account may be tried at once."""
        self.last = error
        count = self._counts[account_id] = self._counts.get(account_id, 0) + 1
        if not isinstance(error, UpstreamUnavailableError) and not again:
            self._hopeless.add(account_id)
        if not again or count >= self._policy.tries:
            self.tried.add(account_id)

    @property
    def may_take_another(self) -> bool:
        """Whether an account that was not tried yet may be."""
        return len(self._counts) < self._policy.accounts

    @property
    def at_once(self) -> list[str]:
        """Accounts to be tried again without a pause."""
        return [account_id for account_id in self._counts if account_id not in self.tried]

    def has_time(self, spent_s: float) -> bool:
        return self.last is None or self._policy.allows(spent_s)

    def repeat(self, spent_s: float) -> tuple[float, list[str]] | None:
        """How long to pause and which accounts to try again then; None: it is over."""
        left = [
            account_id
            for account_id, count in self._counts.items()
            if count < self._policy.tries and account_id not in self._hopeless
        ]
        asked_for = self.last.retry_after if isinstance(self.last, UpstreamError) else None
        self._pauses += 1
        pause_s = self._policy.pause_s(self._pauses, asked_for, self._rng)
        if not left or not self._policy.allows(spent_s, pause_s):
            return None
        return pause_s, left
