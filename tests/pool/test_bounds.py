"""What piles up inside the pool stays in proportion to its accounts, whatever happened for days."""

import random

import pytest

from grokdesk.domain.account import Account, Tier
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


def _piled_up(pool: AccountPool) -> tuple[int, int]:
    """Entries for what is to come, and for who is next."""
    heaps = [heap for tiers in pool._index._heaps.values() for heap in tiers.values()]
    return len(pool._alarms), sum(len(heap.entries) for heap in heaps)


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
    for _ in range(2000):
        clock.advance(3.0)
        try:
            pool.lease(random.choice(MODES), Tier.BASIC).settle(error)
        except GrokdeskError:
            continue
        pool.breaker.reset()
    alarms, entries = _piled_up(pool)
    assert alarms <= 2 * ACCOUNTS + 100
    assert entries <= 2 * 3 * (2 * ACCOUNTS + 100)


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
    alarms, entries = _piled_up(pool)
    assert alarms <= 2 * ACCOUNTS + 100
    assert entries <= 2 * 3 * (2 * ACCOUNTS + 100)
