"""A pool beside its oracle: every operation is done to both, and what they say is compared."""

import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from grokdesk.domain.account import Account
from grokdesk.domain.errors import CircuitOpenError, NoAccountError
from grokdesk.domain.quota import Mode, QuotaWindow
from grokdesk.kernel.clock import ManualClock
from grokdesk.pool.lease import Lease
from grokdesk.pool.pool import AccountPool, PoolPolicy, ReadingTicket
from grokdesk.pool.ranking import Selection
from tests.pool.judge import Judge, expect
from tests.pool.oracle import Demand, Oracle

EARLIEST, LATEST = 400_000_000.0, 4_000_000_000.0
"""The wall clock stays between these, which are before 1983 and after 2096."""


@dataclass(frozen=True)
class Running:
    """A call in flight."""

    lease: Lease
    serial: int
    joined: int


@dataclass(frozen=True)
class Asked:
    """A reading that was asked for and has not come yet."""

    ticket: ReadingTicket
    before: dict[Mode, int]
    joined: int


class World:
    """All times given to it are multiples of 1/4 s: sums of those are exact."""

    def __init__(self, *, max_in_flight: int = 8, rng: random.Random | None = None) -> None:
        self.clock = ManualClock()
        policy = PoolPolicy(max_in_flight=max_in_flight)
        self.pool = AccountPool(self.clock, policy=policy, rng=rng or random.Random(1))
        self.oracle = Oracle(max_in_flight)
        self.judge = Judge(self.pool, self.oracle, self.clock)
        self.running: list[Running] = []
        self.asked: list[Asked] = []
        self.leases = self.refusals = self.open_circuits = self.waits = 0

    @property
    def ids(self) -> list[str]:
        return list(self.oracle.known)

    # Accounts

    def add(self, account: Account, windows: Iterable[QuotaWindow]) -> None:
        """`windows` as at a load from the store; their `resets_at` counts from now."""
        placed = tuple(self._from_now(window) for window in windows)
        self.pool.put(account, placed)
        self.oracle.put(account, placed, self.clock.now())
        self.judge.account(account.id)

    def edit(self, account_id: str, **changes: Any) -> None:
        account = replace(self.pool.view(account_id).account, **changes)
        self.pool.put(account)
        self.oracle.put(account, None, self.clock.now())
        self.judge.account(account_id)

    def remove(self, account_id: str) -> None:
        self.pool.remove(account_id)
        self.oracle.remove(account_id)
        self.judge.account(account_id)

    def forgive(self, account_id: str) -> None:
        self.pool.forgive(account_id)
        self.oracle.forgive(account_id)
        self.judge.account(account_id)

    def set_policy(self, selection: Selection, max_in_flight: int) -> None:
        self.pool.policy = PoolPolicy(max_in_flight, selection)
        self.oracle.cap = max_in_flight

    # Calls

    def lease(self, demand: Demand, *, wait: bool = False) -> None:
        """`wait`: where time helps, as long as the error says, and then once more."""
        able = self.oracle.eligible(demand)
        may_pass = bool(able) and self.oracle.circuit.lets_through(self.oracle.t)
        try:
            lease = self.pool.lease(
                demand.mode,
                demand.floor,
                exclude=sorted(demand.exclude),
                among=None if demand.among is None else sorted(demand.among),
                prefer=demand.prefer,
            )
        except NoAccountError as none:
            self.refusals += 1
            expect(not able, f"{demand} refused, {[k.account.id for k in able]} could serve it")
            self.judge.refusal(none, demand)
            if wait:
                self._wait_as_told(none, demand)
        except CircuitOpenError as circuit_open:
            self.open_circuits += 1
            expect(bool(able), "the circuit was asked before an account was found")
            expect(not may_pass, "the circuit is open for no reason")
            self.judge.open_circuit(circuit_open)
        else:
            self.leases += 1
            chosen = self.judge.choice(lease.account.id, demand, able)
            expect(may_pass, "leased while the circuit is open")
            self.running.append(Running(lease, self.leases, chosen.joined))
            self.oracle.lease(lease.account.id, demand.mode, self.leases)
            self.judge.account(lease.account.id)

    def settle(self, index: int, error: BaseException | None) -> None:
        call = self.running.pop(index % len(self.running))
        account_id = call.lease.account.id
        call.lease.settle(error)
        call.lease.settle(None)  # counts for nothing
        self.oracle.settle(account_id, call.joined, call.lease.mode, call.serial, error)
        self.judge.account(account_id)

    # Readings

    def ask(self, account_id: str) -> None:
        known = self.oracle.known[account_id]
        ticket = self.pool.ticket(account_id)
        self.asked.append(Asked(ticket, self.oracle.ticket(account_id), known.joined))

    def read(
        self, index: int, readings: Iterable[QuotaWindow], absent: Collection[Mode] = ()
    ) -> None:
        """The answer to an `ask`, which may come after the account left; `resets_at` counts from
        now."""
        asked = self.asked.pop(index % len(self.asked))
        now, account_id = self.clock.now(), asked.ticket.account_id
        placed = [replace(self._from_now(each), measured_at=now) for each in readings]
        self.pool.observe(asked.ticket, placed, absent)
        known = self.oracle.known.get(account_id)
        if known is not None and known.joined == asked.joined:
            self.oracle.observe(account_id, asked.before, placed, absent, now)
        self.judge.account(account_id)

    # Time

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.oracle.move(seconds)

    def suspend(self, seconds: float) -> None:
        """The monotonic clock stood still."""
        self.jump(abs(seconds))

    def jump(self, seconds: float) -> None:
        """Forward is taken for sleep: nothing tells the two apart."""
        if EARLIEST <= self.clock.now() + seconds <= LATEST:
            self.clock.jump(seconds)
            self.oracle.move(max(0.0, seconds))
            self.pool.views()  # a jump there and back between two looks is none

    # What must hold in the end

    def quiesce(self) -> None:
        """All calls end; nothing may be left of them."""
        while self.running:
            self.settle(-1, None)
        expect(self.pool.in_flight == 0, "calls are in flight that nobody makes")
        self.judge.all_accounts()

    def _wait_as_told(self, none: NoAccountError, demand: Demand) -> None:
        if none.retry_at is None:
            return
        if not self.oracle.somebody_untried(demand):
            demand = replace(demand, exclude=frozenset())
        self.waits += 1
        self.advance(none.retry_at - self.clock.now())
        if self.oracle.eligible(demand):
            self.lease(demand)
        else:
            expect(bool(self.running), "waited as told, and in vain")

    def _from_now(self, window: QuotaWindow) -> QuotaWindow:
        if window.resets_at is None:
            return window
        return replace(window, resets_at=self.clock.now() + window.resets_at)
