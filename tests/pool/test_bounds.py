"""What piles up inside the pool stays in proportion to its accounts, whatever happened for days."""

import random
from dataclasses import replace
from typing import NamedTuple

import pytest

from grokdesk.domain.account import Account, AccountState, Tier
from grokdesk.domain.errors import (
    GrokdeskError,
    NoAccountError,
    RateLimitedError,
    UpstreamUnavailableError,
    VaultLockedError,
)
from grokdesk.domain.quota import Mode, QuotaWindow
from grokdesk.kernel.clock import ManualClock
from grokdesk.pool.pool import AccountPool, PoolPolicy
from grokdesk.pool.ranking import Selection

ACCOUNTS = 20
MODES = (Mode.FAST, Mode.AUTO)


@pytest.fixture(params=list(Selection))
def pool(clock: ManualClock, request: pytest.FixtureRequest) -> AccountPool:
    pool = AccountPool(clock, policy=PoolPolicy(selection=request.param))
    for number in range(ACCOUNTS):
        name = f"a{number}"
        windows = [QuotaWindow(mode, 10_000, 10_000, 86_400.0) for mode in MODES]
        pool.put(Account(name, name, name, "…", tier=Tier(1 + number % 3)), windows)
    return pool


class Pile(NamedTuple):
    alarms: int
    entries: int

    def __le__(self, other: "Pile") -> bool:  # type: ignore[override]
        return self.alarms <= other.alarms and self.entries <= other.entries


LIMITS = Pile(2 * ACCOUNTS + 100, 2 * 3 * 100)
"""An entry, or two, for each account, and 100 that may lie about in each heap."""


def _piled_up(pool: AccountPool) -> Pile:
    """What is to come, and who is next by mode and tier."""
    heaps = [heap for tiers in pool._index._heaps.values() for heap in tiers.values()]
    return Pile(len(pool._alarms), sum(len(heap.entries) for heap in heaps))


@pytest.mark.parametrize(
    "error",
    [
        None,
        VaultLockedError("locked"),
        UpstreamUnavailableError("down"),
        RateLimitedError("full", retry_after=2.0),
    ],
    ids=lambda error: type(error).__name__,
)
def test_days_of_one_trouble_pile_nothing_up(
    pool: AccountPool, clock: ManualClock, error: GrokdeskError | None
) -> None:
    rng = random.Random(1)
    for _ in range(2000):
        clock.advance(3.0)
        try:
            pool.lease(rng.choice(MODES), Tier.BASIC).settle(error)
        except GrokdeskError:
            continue
        pool.breaker.reset()
    assert _piled_up(pool) <= LIMITS
    clock.advance(86_400.0)
    assert all(view.state is AccountState.READY for view in pool.views())
    names = {view.account.id for view in pool.views()}
    for name in names:  # nobody was lost either
        assert pool.lease(Mode.FAST, Tier.BASIC, exclude=names - {name}).account.id == name


def test_accounts_that_come_and_go_leave_nothing(pool: AccountPool, clock: ManualClock) -> None:
    for number in range(500):
        name = f"guest-{number}"
        pool.put(
            Account(name, name, name, "…", tier=Tier.BASIC, priority=1),
            [QuotaWindow(Mode.FAST, 1, 1, 86_400.0)],
        )
        pool.lease(Mode.FAST, Tier.BASIC, among=[name]).settle()
        with pytest.raises(NoAccountError):
            pool.lease(Mode.FAST, Tier.BASIC, among=[name])
        pool.remove(name)
    assert _piled_up(pool) <= LIMITS


def test_accounts_that_change_again_and_again_leave_nothing(pool: AccountPool) -> None:
    pool.lease(Mode.FAST, Tier.BASIC).settle()  # the mode is in use from now on
    account = pool.view("a7").account
    for number in range(2000):
        pool.put(replace(account, tier=Tier(1 + number % 3), priority=-number % 5))
    assert _piled_up(pool) <= LIMITS
