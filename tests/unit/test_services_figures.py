"""Sums over accounts for monitoring."""

from dataclasses import replace

from grokdesk.domain.account import Account, AccountState, Tier
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow
from grokdesk.kernel.clock import ManualClock
from grokdesk.pool.pool import AccountPool
from grokdesk.services.figures import sum_up


def account(number, tier=None, **fields):
    return Account(str(number), f"Account {number}", f"print-{number}", "…", tier, **fields)


def window(mode, total, remaining, provenance=Provenance.MEASURED):
    return QuotaWindow(mode, total, remaining, 7200.0, provenance=provenance)


def pool_of(*members):
    pool = AccountPool(ManualClock())
    for member, windows in members:
        pool.put(member, windows)
    return pool


def test_quota_is_added_up_by_mode_and_tier():
    pool = pool_of(
        (account(1, Tier.SUPER), [window(Mode.FAST, 100, 40), window(Mode.EXPERT, 20, 20)]),
        (account(2, Tier.SUPER), [window(Mode.FAST, 100, 60)]),
        (account(3), [window(Mode.FAST, 30, 3, Provenance.ESTIMATED)]),
    )
    figures = sum_up(pool.views())
    assert figures.remaining == {
        (Mode.FAST, Tier.SUPER): 100,
        (Mode.EXPERT, Tier.SUPER): 20,
        (Mode.FAST, None): 3,
    }
    assert figures.limit == {
        (Mode.FAST, Tier.SUPER): 200,
        (Mode.EXPERT, Tier.SUPER): 20,
        (Mode.FAST, None): 30,
    }
    assert figures.windows == {
        (Mode.FAST, Provenance.MEASURED): 2,
        (Mode.EXPERT, Provenance.MEASURED): 1,
        (Mode.FAST, Provenance.ESTIMATED): 1,
    }


def test_accounts_are_counted_by_state_and_unusable_ones_have_no_quota_to_offer():
    full = [window(Mode.FAST, 10, 10)]
    expired = replace(account(1, Tier.BASIC), state=AccountState.EXPIRED)
    blocked = replace(account(2, Tier.BASIC), state=AccountState.BLOCKED)
    disabled = replace(account(3, Tier.BASIC), enabled=False)
    empty = account(4, Tier.BASIC)
    figures = sum_up(
        pool_of(
            (expired, full),
            (blocked, full),
            (disabled, full),
            (empty, [replace(window(Mode.FAST, 10, 0), resets_at=1_700_000_060.0)]),
            (account(5, Tier.BASIC), full),
        ).views()
    )
    assert figures.states == {
        AccountState.EXPIRED: 1,
        AccountState.BLOCKED: 1,
        AccountState.DISABLED: 1,
        AccountState.EXHAUSTED: 1,
        AccountState.READY: 1,
    }
    assert figures.remaining == {(Mode.FAST, Tier.BASIC): 10}
    assert figures.limit == {(Mode.FAST, Tier.BASIC): 20}
