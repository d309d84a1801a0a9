import asyncio
import itertools
import random

import pytest

from grokdesk.domain.account import Account, AccountState, Tier
from grokdesk.domain.errors import (
    AccountBlockedError,
    ChallengedError,
    LocalNetworkError,
    NoAccountError,
    ProtocolChangedError,
    RateLimitedError,
    TokenRejectedError,
    UpstreamUnavailableError,
    VaultLockedError,
)
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow
from grokdesk.kernel.clock import ManualClock
from grokdesk.pool.pool import AccountPool, PoolPolicy
from grokdesk.pool.ranking import RANKS, Selection


def account(name: str = "a", **changes: object) -> Account:
    values: dict[str, object] = {
        "id": name,
        "label": name,
        "fingerprint": f"f-{name}",
        "token_hint": "…1234",
        "tier": Tier.BASIC,
    }
    return Account(**{**values, **changes})  # type: ignore[arg-type]


def window(mode: Mode = Mode.FAST, total: int = 30, remaining: int | None = None) -> QuotaWindow:
    left = total if remaining is None else remaining
    return QuotaWindow(mode, total, left, 7200.0, provenance=Provenance.MEASURED)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def pool(clock: ManualClock) -> AccountPool:
    return AccountPool(clock, rng=random.Random(1))


def remaining(pool: AccountPool, name: str = "a") -> int:
    return pool.view(name).windows[0].remaining


async def fail_with(pool: AccountPool, error: BaseException, mode: Mode = Mode.FAST) -> None:
    with pytest.raises(type(error)):
        async with pool.lease(mode, Tier.BASIC):
            raise error


async def test_a_lease_spends_one_call_and_a_complete_reply_keeps_it_spent(
    pool: AccountPool,
) -> None:
    pool.put(account(), [window()])
    async with pool.lease(Mode.FAST, Tier.BASIC) as lease:
        assert lease.account.id == "a"
        assert pool.view("a").in_flight == 1
        assert remaining(pool) == 29
    assert pool.view("a").in_flight == 0
    assert remaining(pool) == 29


@pytest.mark.parametrize(
    "error",
    [
        ChallengedError("x"),
        UpstreamUnavailableError("x"),
        LocalNetworkError("x"),
        ProtocolChangedError("x"),
        TokenRejectedError("x"),
    ],
)
async def test_a_failure_that_served_nothing_refunds_the_call(
    pool: AccountPool, error: Exception
) -> None:
    pool.put(account(), [window()])
    await fail_with(pool, error)
    assert remaining(pool) == 30
    assert pool.in_flight == 0


async def test_a_client_that_leaves_costs_the_call_but_frees_the_lease(pool: AccountPool) -> None:
    pool.put(account(), [window()])
    await fail_with(pool, asyncio.CancelledError())
    assert remaining(pool) == 29
    assert pool.in_flight == 0
    assert pool.view("a").state is AccountState.READY


async def test_a_limit_empties_the_window_until_its_reset(
    pool: AccountPool, clock: ManualClock
) -> None:
    pool.put(account(), [window()])
    await fail_with(pool, RateLimitedError("x", retry_after=600.0))
    assert pool.view("a").state is AccountState.EXHAUSTED
    with pytest.raises(NoAccountError) as none:
        pool.lease(Mode.FAST, Tier.BASIC)
    assert none.value.retry_at == clock.now() + 600.0
    clock.advance(601)
    pool.lease(Mode.FAST, Tier.BASIC).settle()
    assert remaining(pool) == 29


async def test_a_limit_on_an_account_without_a_reading_rests_only_that_mode(
    pool: AccountPool, clock: ManualClock
) -> None:
    pool.put(account())
    await fail_with(pool, RateLimitedError("x", retry_after=60.0))
    with pytest.raises(NoAccountError):
        pool.lease(Mode.FAST, Tier.BASIC)
    pool.lease(Mode.AUTO, Tier.BASIC).settle()
    clock.advance(61)
    pool.lease(Mode.FAST, Tier.BASIC).settle()


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (TokenRejectedError("signed out", status=401, excerpt="no session"), AccountState.EXPIRED),
        (
            AccountBlockedError("blocked", status=403, excerpt="user is blocked"),
            AccountState.BLOCKED,
        ),
    ],
)
async def test_a_dead_account_keeps_the_evidence(
    pool: AccountPool, clock: ManualClock, error: TokenRejectedError, state: AccountState
) -> None:
    pool.put(account(), [window()])
    await fail_with(pool, error)
    view = pool.view("a")
    assert view.state is state
    assert view.account.evidence is not None
    assert view.account.evidence.status == error.status
    assert view.account.evidence.excerpt == error.excerpt
    assert view.account.evidence.at == clock.now()
    with pytest.raises(NoAccountError) as none:
        pool.lease(Mode.FAST, Tier.BASIC)
    assert none.value.retry_at is None


async def test_repeated_failures_cool_an_account_and_success_forgets_them(
    pool: AccountPool, clock: ManualClock
) -> None:
    pool.put(account(), [window()])
    for _ in range(2):
        await fail_with(pool, UpstreamUnavailableError("x"))
        assert pool.view("a").state is AccountState.READY
    await fail_with(pool, UpstreamUnavailableError("x"))
    assert pool.view("a").state is AccountState.COOLING
    clock.advance(6)
    async with pool.lease(Mode.FAST, Tier.BASIC):
        pass
    await fail_with(pool, UpstreamUnavailableError("x"))
    assert pool.view("a").state is AccountState.READY


async def test_a_jump_of_the_wall_clock_does_not_stretch_a_cooldown(
    pool: AccountPool, clock: ManualClock
) -> None:
    pool.put(account(), [window()])
    for _ in range(3):
        await fail_with(pool, UpstreamUnavailableError("x"))
    clock.jump(-86_400)
    clock.advance(6)
    pool.lease(Mode.FAST, Tier.BASIC).settle()


@pytest.mark.parametrize("error", [LocalNetworkError("x"), ChallengedError("x")])
async def test_what_is_not_the_accounts_fault_never_punishes_it(
    pool: AccountPool, error: Exception
) -> None:
    pool.put(account(), [window()])
    for _ in range(50):
        await fail_with(pool, error)
    assert pool.view("a").state is AccountState.READY


async def test_an_unreadable_token_seals_the_account_for_a_while(
    pool: AccountPool, clock: ManualClock
) -> None:
    pool.put(account(), [window()])
    await fail_with(pool, VaultLockedError("locked"))
    assert pool.view("a").state is AccountState.SEALED
    with pytest.raises(NoAccountError):
        pool.lease(Mode.FAST, Tier.BASIC)
    clock.advance(6)
    assert pool.view("a").state is AccountState.READY
    await fail_with(pool, VaultLockedError("locked"))
    pool.put(account())
    assert pool.view("a").state is AccountState.READY
    assert remaining(pool) == 30


def test_a_model_never_goes_to_an_account_below_its_floor(pool: AccountPool) -> None:
    pool.put(account("basic"), [window(Mode.AUTO)])
    with pytest.raises(NoAccountError, match="tier super"):
        pool.lease(Mode.AUTO, Tier.SUPER)
    pool.put(account("super", tier=Tier.SUPER))
    assert pool.lease(Mode.AUTO, Tier.SUPER).account.id == "super"


def test_an_unknown_tier_is_routed_as_basic(pool: AccountPool) -> None:
    pool.put(account(tier=None))
    with pytest.raises(NoAccountError):
        pool.lease(Mode.AUTO, Tier.SUPER)
    pool.lease(Mode.FAST, Tier.BASIC).settle()


def test_an_account_takes_no_more_than_its_cap(clock: ManualClock) -> None:
    pool = AccountPool(clock, policy=PoolPolicy(max_in_flight=2))
    pool.put(account())
    leases = [pool.lease(Mode.FAST, Tier.BASIC) for _ in range(2)]
    with pytest.raises(NoAccountError) as none:
        pool.lease(Mode.FAST, Tier.BASIC)
    assert none.value.retry_at == clock.now() + 1.0
    leases[0].settle()
    pool.lease(Mode.FAST, Tier.BASIC)


def test_an_excluded_or_disabled_account_is_not_taken(pool: AccountPool) -> None:
    pool.put(account("a"))
    pool.put(account("b", enabled=False))
    with pytest.raises(NoAccountError):
        pool.lease(Mode.FAST, Tier.BASIC, exclude={"a"})
    assert pool.view("b").state is AccountState.DISABLED


def test_without_any_account_the_error_says_what_to_do(pool: AccountPool) -> None:
    with pytest.raises(NoAccountError, match="import one") as none:
        pool.lease(Mode.FAST, Tier.BASIC)
    assert none.value.retry_at is None


def test_a_reading_is_merged_with_the_calls_made_since_it_was_asked_for(pool: AccountPool) -> None:
    pool.put(account(), [window(remaining=10)])
    ticket = pool.ticket("a")
    pool.lease(Mode.FAST, Tier.BASIC)
    pool.lease(Mode.FAST, Tier.BASIC)
    pool.observe(ticket, [window(remaining=25)])
    assert remaining(pool) == 23


def test_settling_twice_counts_once(pool: AccountPool) -> None:
    pool.put(account(), [window()])
    lease = pool.lease(Mode.FAST, Tier.BASIC)
    lease.settle(UpstreamUnavailableError("x"))
    lease.settle()
    assert pool.in_flight == 0
    assert remaining(pool) == 30


def test_a_removed_account_may_still_end_its_calls(pool: AccountPool) -> None:
    pool.put(account(), [window()])
    lease = pool.lease(Mode.FAST, Tier.BASIC)
    pool.remove("a")
    lease.settle()
    assert len(pool) == 0
    assert "a" not in pool


def test_changes_are_told_with_what_is_worth_storing(clock: ManualClock) -> None:
    told: list[tuple[str, bool]] = []
    pool = AccountPool(clock, on_change=lambda name, stored: told.append((name, stored)))
    pool.put(account(), [window()])
    pool.lease(Mode.FAST, Tier.BASIC).settle()
    assert told == [("a", False), ("a", False), ("a", True)]


def key(selection: Selection, **changes: float) -> tuple[float, ...]:
    figures = {
        "priority": 0,
        "tier": 1,
        "share": 1.0,
        "in_flight": 0,
        "last_leased": 0,
        "lot": 0.5,
    }
    return RANKS[selection](*(figures | changes).values())  # type: ignore[arg-type]


@pytest.mark.parametrize("selection", list(Selection))
def test_a_higher_priority_goes_first_whatever_else(selection: Selection) -> None:
    worst = {"tier": 3, "share": 0.0, "in_flight": 7, "last_leased": 9, "lot": 9.0}
    assert key(selection, priority=1, **worst) < key(selection)


@pytest.mark.parametrize(
    ("selection", "first", "second"),
    [
        (Selection.HIGH_QUOTA_FIRST, {"share": 0.9}, {"share": 0.1}),
        (Selection.HIGH_QUOTA_FIRST, {"share": 0.5}, {"share": 0.55, "in_flight": 2}),
        (Selection.HIGH_QUOTA_FIRST, {"share": 0.5, "in_flight": 1}, {"share": 0.2}),
        (Selection.HIGH_QUOTA_FIRST, {"tier": 1}, {"tier": 3}),
        (Selection.HIGH_QUOTA_FIRST, {"share": 0.91, "last_leased": 3}, {"last_leased": 9}),
        (Selection.ROUND_ROBIN, {"last_leased": 2, "share": 0.1}, {"last_leased": 9}),
        (Selection.RANDOM, {"lot": 0.1, "last_leased": 9}, {"lot": 0.2}),
    ],
)
def test_ranking(selection: Selection, first: dict[str, float], second: dict[str, float]) -> None:
    assert key(selection, **first) < key(selection, **second)


def test_random_selection_takes_every_account_about_equally_often(clock: ManualClock) -> None:
    policy = PoolPolicy(selection=Selection.RANDOM)
    pool = AccountPool(clock, policy=policy, rng=random.Random(7))
    for name in "abcd":
        pool.put(account(name))
    picked = []
    for _ in range(4000):
        lease = pool.lease(Mode.FAST, Tier.BASIC)
        picked.append(lease.account.id)
        lease.settle()
    assert all(880 < picked.count(name) < 1120 for name in "abcd")
    pairs = [first == second for first, second in itertools.pairwise(picked)]
    assert 880 < pairs.count(True) < 1120  # the one that was taken is as likely as the others


def test_round_robin_is_fair_over_many_calls(clock: ManualClock) -> None:
    pool = AccountPool(clock, policy=PoolPolicy(selection=Selection.ROUND_ROBIN))
    for name in "abcde":
        pool.put(account(name))
    served = []
    for _ in range(103):
        lease = pool.lease(Mode.FAST, Tier.BASIC)
        served.append(lease.account.id)
        lease.settle()
    counts = [served.count(name) for name in "abcde"]
    assert max(counts) - min(counts) <= 1
