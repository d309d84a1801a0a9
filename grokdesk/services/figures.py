"""The figures of one moment that are read instead of counted: accounts, quota, calls in flight."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from grokdesk.domain.account import AccountState, Tier
from grokdesk.domain.quota import Mode, Provenance
from grokdesk.pool.breaker import Circuit
from grokdesk.pool.pool import MemberView

_UNUSABLE = frozenset(
    {AccountState.EXPIRED, AccountState.BLOCKED, AccountState.DISABLED, AccountState.SEALED}
)


@dataclass(frozen=True, slots=True)
class Reading:
    """Taken on the loop; immutable, so that another thread may sum it up."""

    views: tuple[MemberView, ...]
    requests_in_flight: int
    leases_in_flight: int
    circuit: Circuit
    longest_lag_s: float


@dataclass(slots=True)
class PoolFigures:
    """Sums over accounts, so that 10,000 of them are as few figures as one.

    Quota is that of the accounts that can be used; a tier of None is not known yet.
    """

    states: Counter[AccountState] = field(default_factory=Counter)
    remaining: Counter[tuple[Mode, Tier | None]] = field(default_factory=Counter)
    limit: Counter[tuple[Mode, Tier | None]] = field(default_factory=Counter)
    windows: Counter[tuple[Mode, Provenance]] = field(default_factory=Counter)
    """How many there are of each provenance: what the sums are worth."""


def sum_up(views: Iterable[MemberView]) -> PoolFigures:
    figures = PoolFigures()
    for view in views:
        figures.states[view.state] += 1
        if view.state not in _UNUSABLE:
            _add_quota(figures, view)
    return figures


def _add_quota(figures: PoolFigures, view: MemberView) -> None:
    tier = view.account.tier
    for window in view.windows:
        key = window.mode, tier
        figures.remaining[key] += window.remaining
        figures.limit[key] += window.total
        figures.windows[window.mode, window.provenance] += 1
