"""The circuit breaker of upstream: a dead upstream costs one probe, not a storm."""

import asyncio

import pytest

from grokdesk.domain.account import Account, Tier
from grokdesk.domain.errors import (
    CircuitOpenError,
    LocalNetworkError,
    RateLimitedError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from grokdesk.domain.quota import Mode
from grokdesk.kernel.clock import ManualClock
from grokdesk.pool.breaker import OPEN_AFTER, Circuit
from grokdesk.pool.pool import AccountPool, PoolPolicy
from grokdesk.pool.ranking import Selection

DOWN = UpstreamUnavailableError("Grok is down.")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def pool(clock: ManualClock) -> AccountPool:
    pool = AccountPool(clock, policy=PoolPolicy(selection=Selection.ROUND_ROBIN))
    for name in "abcdef":
        pool.put(Account(name, name, f"f-{name}", "…1234", tier=Tier.BASIC))
    return pool


def call(pool: AccountPool, error: BaseException | None = None, **options: object) -> str:
    lease = pool.lease(Mode.FAST, Tier.BASIC, **options)  # type: ignore[arg-type]
    lease.settle(error)
    return lease.account.id


def open_circuit(pool: AccountPool) -> None:
    for _ in range(OPEN_AFTER):
        call(pool, DOWN)
    assert pool.breaker.state is Circuit.OPEN


def test_failures_of_several_accounts_in_a_row_open_it(
    pool: AccountPool, clock: ManualClock
) -> None:
    for _ in range(OPEN_AFTER - 1):
        call(pool, DOWN)
    assert pool.breaker.state is Circuit.CLOSED
    call(pool, UpstreamTimeoutError("Grok did not answer."))
    with pytest.raises(CircuitOpenError, match=r"tries again in 5 s\. Grok did not answer") as told:
        call(pool)
    assert told.value.retry_at == clock.now() + 5.0
    assert pool.in_flight == 0


def test_one_success_in_between_keeps_it_closed(pool: AccountPool) -> None:
    for _ in range(3):
        for _ in range(OPEN_AFTER - 1):
            call(pool, DOWN)
        call(pool)
    assert pool.breaker.state is Circuit.CLOSED


def test_an_answer_is_an_answer_even_if_it_is_a_refusal(pool: AccountPool) -> None:
    for _ in range(OPEN_AFTER - 1):
        call(pool, DOWN)
    call(pool, RateLimitedError("Used up."))
    call(pool, DOWN)
    assert pool.breaker.state is Circuit.CLOSED


def test_one_bad_account_alone_does_not_open_it(pool: AccountPool, clock: ManualClock) -> None:
    for _ in range(40):
        call(pool, DOWN, among=["a"])
        clock.advance(3600.0)
    assert pool.breaker.state is Circuit.CLOSED


def test_a_pool_of_one_account_opens_it_all_the_same(pool: AccountPool, clock: ManualClock) -> None:
    for name in "bcdef":
        pool.remove(name)
    for _ in range(OPEN_AFTER):
        call(pool, DOWN)
        clock.advance(3600.0)
    assert pool.breaker.state is Circuit.OPEN


def test_faults_of_the_own_network_do_not_count(pool: AccountPool) -> None:
    for _ in range(100):
        call(pool, LocalNetworkError("No network."))
    assert pool.breaker.state is Circuit.CLOSED


def test_after_the_pause_one_call_probes_and_its_success_closes_it(
    pool: AccountPool, clock: ManualClock
) -> None:
    changes: list[Circuit] = []
    open_circuit(pool)
    pool.breaker.on_change = lambda: changes.append(pool.breaker.state)
    clock.advance(5.1)
    probe = pool.lease(Mode.FAST, Tier.BASIC)
    with pytest.raises(CircuitOpenError):
        call(pool)
    probe.settle()
    call(pool)
    assert changes == [Circuit.HALF_OPEN, Circuit.CLOSED]


def test_a_failed_probe_doubles_the_pause_up_to_a_minute(
    pool: AccountPool, clock: ManualClock
) -> None:
    open_circuit(pool)
    pauses = []
    for _ in range(6):
        pause = pool.breaker.until - clock.monotonic()
        pauses.append(round(pause))
        clock.advance(pause + 0.01)
        call(pool, DOWN)
    assert pauses == [5, 10, 20, 40, 60, 60]


@pytest.mark.parametrize("error", [asyncio.CancelledError(), LocalNetworkError("No network.")])
def test_a_probe_that_says_nothing_leaves_room_for_the_next(
    pool: AccountPool, clock: ManualClock, error: BaseException
) -> None:
    open_circuit(pool)
    clock.advance(5.1)
    call(pool, error)
    assert pool.breaker.state is Circuit.HALF_OPEN
    call(pool)
    assert pool.breaker.state is Circuit.CLOSED


def test_a_thousand_callers_of_a_dead_upstream_cost_a_handful_of_calls(
    pool: AccountPool, clock: ManualClock
) -> None:
    called = 0
    for _ in range(1000):
        try:
            call(pool, DOWN)
        except CircuitOpenError:
            pass
        else:
            called += 1
        clock.advance(0.05)
    assert called <= OPEN_AFTER + 4
