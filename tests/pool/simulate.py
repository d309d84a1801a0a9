"""python -m tests.pool.simulate: days of requests against thousands of accounts, in virtual time.

A grok.com of its own keeps the true ledger of every account. Two runs for each selection: an even
one, in which every call is answered, and a rough one with failures, refusals and other programs
that use the same accounts.
"""

import argparse
import contextlib
import heapq
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from grokdesk.domain.account import Account, AccountState, Tier
from grokdesk.domain.errors import (
    ChallengedError,
    CircuitOpenError,
    NoAccountError,
    RateLimitedError,
    UpstreamUnavailableError,
)
from grokdesk.domain.quota import Mode, QuotaWindow
from grokdesk.kernel.clock import ManualClock
from grokdesk.pool.lease import Lease
from grokdesk.pool.pool import AccountPool, PoolPolicy
from grokdesk.pool.ranking import Selection

TOTAL = 30
WINDOW_S = 7200.0
LOAD = 1.2
"""Requests offered, as a share of what the quotas allow: everybody gets used up now and then."""
LATE_S = 1.0


@dataclass
class Truth:
    """What grok.com knows of an account."""

    used: int = 0
    ends: float = 0.0
    """When its window does."""

    def count(self, now: float) -> bool:
        """One more call; false if there was none left."""
        if now >= self.ends:
            self.used, self.ends = 0, now + WINDOW_S
        self.used += 1
        return self.used <= TOTAL


@dataclass
class Report:
    selection: Selection
    rough: bool
    requests: int = 0
    waits: int = 0
    """Times at which nobody was free, so that a request waited as long as it was told."""
    vain_waits: int = 0
    past_window: int = 0
    """Calls with an account that was known to be used up."""
    surprises: int = 0
    """Refusals that the pool could not foresee."""
    recoveries: int = 0
    late: int = 0
    deviation: int = 0
    """The most that the leases of two accounts ever differed by."""
    picks_us: list[float] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        fair = self.rough or self.selection is not Selection.ROUND_ROBIN or self.deviation <= 1
        return fair and not (self.past_window or self.late or self.vain_waits)


class Simulation:
    def __init__(
        self, accounts: int, selection: Selection, *, rough: bool = False, seed: int = 1
    ) -> None:
        self.clock = ManualClock()
        self.rng = random.Random(seed)
        policy = PoolPolicy(selection=selection)
        self.pool = AccountPool(self.clock, policy=policy, rng=random.Random(seed))
        self.report = Report(selection, rough)
        self.truth = {f"account-{number}": Truth() for number in range(accounts)}
        self.leases: Counter[str] = Counter(dict.fromkeys(self.truth, 0))
        self._levels = Counter({0: accounts})
        """How many accounts had so many leases."""
        self._fewest = 0
        self.known_empty: dict[str, float] = {}
        """Until when an account is known to be used up."""
        self._running: list[tuple[float, int, Lease, BaseException | None]] = []
        self._recovering: list[tuple[float, str, int]] = []
        self._touched: Counter[str] = Counter()
        """Leases and ends of calls, by account."""
        self._between_s = WINDOW_S / (accounts * TOTAL * LOAD)
        for name in self.truth:
            self.pool.put(
                Account(name, name, name, "…", tier=Tier.BASIC),
                [QuotaWindow(Mode.FAST, TOTAL, TOTAL, WINDOW_S)],
            )

    def run(self, requests: int) -> Report:
        report = self.report
        for _ in range(requests):
            self._pass(self._between_s)
            lease = self._lease()
            report.requests += 1
            self._call(lease)
        while self._running or self._recovering:
            self._pass(WINDOW_S)
        if self.pool.in_flight:
            raise AssertionError("calls are in flight that nobody makes")
        return report

    def _pass(self, seconds: float) -> None:
        """Time passes, and what happens meanwhile happens in order."""
        until = self.clock.now() + seconds
        while True:
            ends = self._running[0][0] if self._running else until
            recovers = self._recovering[0][0] if self._recovering else until
            moment = min(ends, recovers)
            if moment >= until:
                break
            self._go_to(moment)
            if ends <= recovers:
                _, _, lease, error = heapq.heappop(self._running)
                self._end(lease, error)
            else:
                self._check_recovery(*heapq.heappop(self._recovering))
        self._go_to(until)

    def _go_to(self, moment: float) -> None:
        self.clock.advance(max(0.0, moment - self.clock.now()))

    def _lease(self) -> Lease:
        waited = False
        while True:
            started = time.perf_counter_ns()
            try:
                lease = self.pool.lease(Mode.FAST, Tier.BASIC)
            except (NoAccountError, CircuitOpenError) as none:
                if none.retry_at is None:
                    raise
                only_time = isinstance(none, NoAccountError) and not none.busy
                self.report.vain_waits += waited and only_time
                waited = only_time
                self.report.waits += 1
                self._pass(none.retry_at - self.clock.now())
            else:
                self.report.picks_us.append((time.perf_counter_ns() - started) / 1000.0)
                return lease

    def _call(self, lease: Lease) -> None:
        name, now = lease.account.id, self.clock.now()
        self._count_lease(name)
        self._touched[name] += 1
        self.report.past_window += now < self.known_empty.get(name, 0.0)
        error = self._answer(name, now)
        ends = now + self.rng.uniform(1.0, 20.0 if error is None else 2.0)
        heapq.heappush(self._running, (ends, self.report.requests, lease, error))

    def _answer(self, name: str, now: float) -> BaseException | None:
        truth = self.truth[name]
        if self.report.rough:
            if self.rng.random() < 0.02:
                for _ in range(5):
                    truth.count(now)  # by another program
            draw = self.rng.random()
            if draw < 0.03:
                return UpstreamUnavailableError("Grok is down.")
            if draw < 0.05:
                return ChallengedError("A challenge.")
        if not truth.count(now):
            self.report.surprises += 1
            return RateLimitedError("Used up.", retry_after=truth.ends - now)
        if not self.report.rough and truth.used == TOTAL:
            self._is_empty(name, truth.ends)
        return None

    def _end(self, lease: Lease, error: BaseException | None) -> None:
        name = lease.account.id
        lease.settle(error)
        self._touched[name] += 1
        if isinstance(error, RateLimitedError):
            self._is_empty(name, self.clock.now() + (error.retry_after or 0.0))
        elif error is not None:
            view = self.pool.view(name)
            if view.state is AccountState.COOLING and view.state_until is not None:
                self._recovers(name, view.state_until)

    def _is_empty(self, name: str, until: float) -> None:
        self.known_empty[name] = until
        self._recovers(name, until)

    def _recovers(self, name: str, moment: float) -> None:
        heapq.heappush(self._recovering, (moment + LATE_S, name, self._touched[name]))

    def _check_recovery(self, _moment: float, name: str, touched: int) -> None:
        """The account is to be well by now, unless something happened to it meanwhile."""
        view = self.pool.view(name)
        if view.state in {AccountState.READY, AccountState.BUSY}:
            self.report.recoveries += 1
        elif self._touched[name] == touched or view.state_until is None:
            self.report.late += 1
        else:
            self._recovers(name, view.state_until)

    def _count_lease(self, name: str) -> None:
        leases = self.leases[name]
        self.leases[name] = leases + 1
        self._levels[leases] -= 1
        self._levels[leases + 1] += 1
        if leases == self._fewest and not self._levels[leases]:
            self._fewest += 1
        self.report.deviation = max(self.report.deviation, leases + 1 - self._fewest)


def pick_times(selection: Selection, accounts: int, picks: int = 50_000) -> list[float]:
    """Microseconds, while about a tenth of the accounts run a call."""
    simulation = Simulation(accounts, selection)
    return simulation.run(picks).picks_us


def first_pick_after_sleep(selection: Selection, accounts: int) -> tuple[float, float]:
    """Microseconds of a refusal when all accounts are used up, and of the first pick when all
    their windows are over at once."""
    simulation = Simulation(accounts, selection)
    pool = simulation.pool
    for _ in range(accounts):
        pool.lease(Mode.FAST, Tier.BASIC).settle(RateLimitedError("Used up.", retry_after=3600.0))
    started = time.perf_counter_ns()
    with contextlib.suppress(NoAccountError):
        pool.lease(Mode.FAST, Tier.BASIC)
    refused = time.perf_counter_ns()
    simulation.clock.advance(3600.0)
    slept = time.perf_counter_ns()
    pool.lease(Mode.FAST, Tier.BASIC).settle()
    return (refused - started) / 1000.0, (time.perf_counter_ns() - slept) / 1000.0


def describe_picks(picks_us: Sequence[float]) -> str:
    cuts = statistics.quantiles(picks_us, n=1000)
    return (
        f"median {cuts[499]:5.1f} us   p99 {cuts[989]:6.1f} us   p99.9 {cuts[998]:6.1f} us   "
        f"max {max(picks_us):8.0f} us"
    )


def _lines(report: Report) -> Iterator[str]:
    kind = "rough" if report.rough else "even"
    yield f"{report.selection.value}, {kind}: {report.requests:,} requests"
    yield f"  picks            {describe_picks(report.picks_us)}"
    yield f"  used past window {report.past_window}   refused by surprise {report.surprises:,}"
    yield f"  recovered        {report.recoveries:,}, late by more than {LATE_S:g} s {report.late}"
    yield f"  waited as told   {report.waits:,}, in vain {report.vain_waits}"
    yield f"  leases differ by at most {report.deviation}"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.pool.simulate", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--selection", choices=[each.value for each in Selection])
    arguments = parser.parse_args(argv)
    chosen = [Selection(arguments.selection)] if arguments.selection else list(Selection)
    sound = True
    for selection in chosen:
        for accounts in (10, 1000, 10_000):
            if accounts <= arguments.accounts:
                times = pick_times(selection, accounts, min(50_000, arguments.requests))
                print(f"{selection.value}, {accounts:,} accounts: {describe_picks(times)}")
        refusal, first = first_pick_after_sleep(selection, arguments.accounts)
        print(
            f"{selection.value}, all {arguments.accounts:,} used up: a refusal {refusal:,.0f} us, "
            f"the first pick after all were renewed at once {first:,.0f} us"
        )
        for rough in (False, True):
            simulation = Simulation(arguments.accounts, selection, rough=rough)
            report = simulation.run(arguments.requests)
            print(*_lines(report), sep="\n", flush=True)
            sound = sound and report.is_sound
    print("sound" if sound else "NOT SOUND")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
