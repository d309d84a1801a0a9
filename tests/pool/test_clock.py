"""Clocks that jump, stand still or were wrong: nothing rests for longer than it was to rest."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from grokdesk.domain.account import Account, AccountState, Tier
from grokdesk.domain.errors import (
    CircuitOpenError,
    NoAccountError,
    RateLimitedError,
    UpstreamUnavailableError,
    VaultLockedError,
)
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow
from grokdesk.kernel.clock import ManualClock
from grokdesk.pool.pool import AccountPool, MemberView

HOUR, DAY, YEARS = 3600.0, 86_400.0, 315_576_000.0
JUMPS = (-HOUR, HOUR, -DAY, DAY, -YEARS, YEARS)
WINDOW_S = 7200.0


@dataclass(frozen=True)
class Rest:
    """Something that keeps an account from serving for `seconds`, and how it is brought about."""

    name: str
    seconds: float
    bring_about: Callable[[AccountPool], None]


def _fail(pool: AccountPool, *errors: BaseException) -> None:
    for error in errors:
        pool.lease(Mode.FAST, Tier.BASIC).settle(error)


def _use_up(pool: AccountPool) -> None:
    for _ in range(30):
        pool.lease(Mode.FAST, Tier.BASIC).settle()


RESTS = (
    Rest("cooldown", 5.0, lambda pool: _fail(pool, *[UpstreamUnavailableError("x")] * 3)),
    Rest("circuit", 20.0, lambda pool: _open_circuit(pool)),
    Rest("refusal", 600.0, lambda pool: _fail(pool, RateLimitedError("x", retry_after=600.0))),
    Rest("counted", WINDOW_S, _use_up),
    Rest("seal", 5.0, lambda pool: _fail(pool, VaultLockedError("x"))),
)


def _open_circuit(pool: AccountPool) -> None:
    """Failures of calls that ran at once: with the third the account rests, with the fifth all."""
    leases = [pool.lease(Mode.FAST, Tier.BASIC) for _ in range(5)]
    for lease in leases:
        lease.settle(UpstreamUnavailableError("x"))


def account() -> Account:
    return Account("a", "a", "a", "…1234", tier=Tier.BASIC)


def window(now: float | None = None) -> QuotaWindow:
    return QuotaWindow(Mode.FAST, 30, 30, WINDOW_S, None, Provenance.MEASURED, now)


@pytest.fixture
def pool(clock: ManualClock) -> AccountPool:
    pool = AccountPool(clock)
    pool.put(account(), [window(clock.now())])
    return pool


def serves(pool: AccountPool) -> bool:
    try:
        pool.lease(Mode.FAST, Tier.BASIC).settle()
    except (NoAccountError, CircuitOpenError):
        return False
    return True


@pytest.mark.parametrize("rest", RESTS, ids=lambda rest: rest.name)
@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_after_a_jump_everything_is_over_within_its_own_length(
    pool: AccountPool, clock: ManualClock, rest: Rest, jump: float, share: float
) -> None:
    rest.bring_about(pool)
    assert not serves(pool)
    clock.advance(rest.seconds * share)
    clock.jump(jump)
    told = _told_to_wait(pool, clock)
    assert told <= rest.seconds * (1 - share) + 1.0
    clock.advance(rest.seconds * (1 - share) + 1.0)
    assert serves(pool)
    assert pool.view("a").state is AccountState.READY


@pytest.mark.parametrize("rest", RESTS, ids=lambda rest: rest.name)
@pytest.mark.parametrize("jump", [-HOUR, -DAY, -YEARS])
def test_a_clock_set_back_does_not_end_a_rest_early_either(
    pool: AccountPool, clock: ManualClock, rest: Rest, jump: float
) -> None:
    rest.bring_about(pool)
    clock.jump(jump)
    clock.advance(rest.seconds - 1.0)
    assert not serves(pool)


@pytest.mark.parametrize("rest", RESTS, ids=lambda rest: rest.name)
def test_jumps_to_and_fro_without_anybody_looking_change_nothing(
    pool: AccountPool, clock: ManualClock, rest: Rest
) -> None:
    rest.bring_about(pool)
    for jump in (YEARS, -YEARS, -DAY, DAY):
        clock.jump(jump)
    clock.advance(rest.seconds - 1.0)
    assert not serves(pool)
    clock.advance(2.0)
    assert serves(pool)


@pytest.mark.parametrize("rest", RESTS, ids=lambda rest: rest.name)
@pytest.mark.parametrize("looks", [True, False])
def test_a_clock_set_back_every_minute_delays_nothing(
    pool: AccountPool, clock: ManualClock, rest: Rest, looks: bool
) -> None:
    rest.bring_about(pool)
    steps = 20
    for _ in range(steps):
        clock.jump(-DAY)
        if looks:
            pool.views()
        clock.advance(rest.seconds / steps)
    clock.advance(1.0)
    assert serves(pool)


@pytest.mark.parametrize("rest", RESTS, ids=lambda rest: rest.name)
def test_time_in_which_the_machine_slept_counts(
    pool: AccountPool, clock: ManualClock, rest: Rest
) -> None:
    rest.bring_about(pool)
    clock.jump(rest.seconds + 3.0)  # the monotonic clock stood still
    assert serves(pool)


@pytest.mark.parametrize("rest", RESTS, ids=lambda rest: rest.name)
@pytest.mark.parametrize("drift", [-1.9, 1.9])
def test_a_clock_that_is_slewed_delays_nothing_by_more_than_the_slew(
    pool: AccountPool, clock: ManualClock, rest: Rest, drift: float
) -> None:
    rest.bring_about(pool)
    clock.jump(drift)
    pool.views()
    clock.advance(rest.seconds + 1.0 + max(0.0, -drift))
    assert serves(pool)


@pytest.mark.parametrize("back", [HOUR, DAY, YEARS, 5 * YEARS])
def test_windows_stored_before_the_clock_went_back_recover_within_one_window(
    back: float,
) -> None:
    """The program did not run while the clock was changed."""
    before = ManualClock()
    pool = AccountPool(before)
    pool.put(account(), [window(before.now())])
    _use_up(pool)
    stored = pool.view("a").windows
    after = ManualClock(before.now() - back)
    pool = AccountPool(after)
    pool.put(account(), stored)
    assert not serves(pool)
    until = pool.view("a").state_until
    assert until is not None
    assert until - after.now() <= WINDOW_S
    assert _told_to_wait(pool, after) <= WINDOW_S
    _wait_in_steps(pool, after, WINDOW_S + 1.0)
    assert serves(pool)


def test_windows_stored_before_the_clock_went_forward_are_full_at_once() -> None:
    before = ManualClock()
    pool = AccountPool(before)
    pool.put(account(), [window(before.now())])
    _use_up(pool)
    stored = pool.view("a").windows
    pool = AccountPool(ManualClock(before.now() + YEARS))
    pool.put(account(), stored)
    assert serves(pool)
    assert pool.view("a").windows[0].remaining == 29


def test_a_reading_with_a_reset_in_ten_years_holds_for_one_window_at_most(
    pool: AccountPool, clock: ManualClock
) -> None:
    """What upstream's clock and ours disagree about."""
    now = clock.now()
    ticket = pool.ticket("a")
    pool.observe(
        ticket, [QuotaWindow(Mode.FAST, 30, 0, WINDOW_S, now + YEARS, Provenance.MEASURED, now)]
    )
    assert not serves(pool)
    _wait_in_steps(pool, clock, WINDOW_S + 1.0)
    assert serves(pool)


def test_a_huge_wait_asked_for_by_a_refusal_is_put_to_the_test_after_a_day(
    pool: AccountPool, clock: ManualClock
) -> None:
    _fail(pool, RateLimitedError("x", retry_after=1e12))
    _wait_in_steps(pool, clock, DAY + 1.0)
    assert serves(pool)


@pytest.mark.parametrize("jump", JUMPS)
def test_a_reading_that_was_under_way_during_a_jump_holds_for_one_window_at_most(
    pool: AccountPool, clock: ManualClock, jump: float
) -> None:
    ticket = pool.ticket("a")
    now = clock.now()
    read = QuotaWindow(Mode.FAST, 30, 0, WINDOW_S, now + 600.0, Provenance.MEASURED, now)
    clock.jump(jump)
    pool.observe(ticket, [read])
    _wait_in_steps(pool, clock, WINDOW_S + 1.0)
    assert serves(pool)


@pytest.mark.parametrize("jump", JUMPS)
def test_a_reading_taken_right_after_a_jump_is_believed(
    pool: AccountPool, clock: ManualClock, jump: float
) -> None:
    """Nobody looked at the pool between the jump and the reading."""
    ticket = pool.ticket("a")
    clock.jump(jump)
    now = clock.now()
    pool.observe(
        ticket, [QuotaWindow(Mode.FAST, 30, 0, WINDOW_S, now + 600.0, Provenance.MEASURED, now)]
    )
    clock.advance(599.0)
    assert not serves(pool)
    clock.advance(2.0)
    assert serves(pool)


@pytest.mark.parametrize("jump", JUMPS)
def test_no_figure_for_display_lies_in_a_strange_time(
    pool: AccountPool, clock: ManualClock, jump: float
) -> None:
    _use_up(pool)
    clock.jump(jump)
    view: MemberView = pool.view("a")
    for each in view.windows:
        age = each.age(clock.now())
        assert age is None or age >= 0.0
        assert each.resets_at is None or 0.0 < each.resets_at - clock.now() <= WINDOW_S
    assert view.state_until is None or 0.0 < view.state_until - clock.now() <= WINDOW_S


def _told_to_wait(pool: AccountPool, clock: ManualClock) -> float:
    """Seconds; 0 when it serves."""
    try:
        pool.lease(Mode.FAST, Tier.BASIC).settle()
    except (NoAccountError, CircuitOpenError) as none:
        return (none.retry_at or math.inf) - clock.now()
    return 0.0


def _wait_in_steps(pool: AccountPool, clock: ManualClock, seconds: float) -> None:
    """Somebody looks now and then, which must not put anything off."""
    for _ in range(100):
        clock.advance(seconds / 100)
        pool.views()
