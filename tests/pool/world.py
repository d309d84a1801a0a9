"""A pool beside its oracle: every operation is done to both, and what they say is compared."""

import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from grokdesk.domain.account import Account, AccountState, Tier
from grokdesk.domain.errors import CircuitOpenError, NoAccountError
from grokdesk.domain.quota import CHAT_MODES, Mode, QuotaWindow
from grokdesk.kernel.clock import ManualClock
from grokdesk.pool.lease import Lease
from grokdesk.pool.pool import AccountPool, MemberView, PoolPolicy, ReadingTicket
from grokdesk.pool.ranking import Selection
from tests.pool.oracle import Known, Oracle

EARLIEST, LATEST = 400_000_000.0, 4_000_000_000.0
"""The wall clock stays between these, which are before 1983 and after 2096."""


class BrokenPoolError(AssertionError):
    """The pool did what it must not do."""


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
        self.policy = PoolPolicy(max_in_flight=max_in_flight)
        self.pool = AccountPool(self.clock, policy=self.policy, rng=rng or random.Random(1))
        self.oracle = Oracle(max_in_flight)
        self.running: list[Running] = []
        self.asked: list[Asked] = []
        self.leases = self.refusals = self.open_circuits = self.waits = 0

    @property
    def ids(self) -> list[str]:
        return list(self.oracle.known)

    # Accounts

    def add(self, account: Account, windows: Iterable[QuotaWindow]) -> None:
        """`windows` as at a load from the store; times relative to the Unix epoch are turned into
        times from now."""
        placed = tuple(self._from_now(window) for window in windows)
        self.pool.put(account, placed)
        self.oracle.put(account, placed, self.clock.now())
        self.check(account.id)

    def edit(self, account_id: str, **changes: Any) -> None:
        account = replace(self.pool.view(account_id).account, **changes)
        self.pool.put(account)
        self.oracle.put(account, None, self.clock.now())
        self.check(account_id)

    def remove(self, account_id: str) -> None:
        self.pool.remove(account_id)
        self.oracle.remove(account_id)
        self._expect(account_id not in self.pool, "a removed account is still there")

    def forgive(self, account_id: str) -> None:
        self.pool.forgive(account_id)
        self.oracle.forgive(account_id)
        self.check(account_id)

    def set_policy(self, selection: Selection, max_in_flight: int) -> None:
        self.policy = self.pool.policy = PoolPolicy(max_in_flight, selection)
        self.oracle.cap = max_in_flight

    # Calls

    def lease(
        self,
        mode: Mode,
        floor: Tier,
        *,
        exclude: Collection[str] = (),
        among: Collection[str] | None = None,
        prefer: str | None = None,
        wait: bool = False,
    ) -> None:
        """`wait`: where only time is missing, do so as long as the error says, and try again."""
        able = self.oracle.eligible(mode, floor, exclude, among)
        may_pass = bool(able) and self.oracle.circuit.lets_through(self.oracle.t)
        try:
            lease = self.pool.lease(mode, floor, exclude=exclude, among=among, prefer=prefer)
        except NoAccountError as none:
            self.refusals += 1
            self._expect(not able, f"{mode} refused, {[k.account.id for k in able]} could serve")
            self._check_refusal(none, mode, floor, exclude, among)
            if wait and none.retry_at is not None:
                self._wait_for(none.retry_at, mode, floor, exclude, among)
        except CircuitOpenError as circuit_open:
            self.open_circuits += 1
            self._expect(bool(able), "the circuit was asked before an account was found")
            self._expect(not may_pass, "the circuit is open for no reason")
            self._check_circuit(circuit_open)
        else:
            self.leases += 1
            self._expect(bool(able), f"nobody may serve {mode}, {lease.account.id} was leased")
            self._expect(may_pass, "leased while the circuit is open")
            chosen = next((known for known in able if known.account.id == lease.account.id), None)
            if chosen is None:
                raise BrokenPoolError(f"{lease.account.id} may not serve {mode} or is not first")
            self._check_choice(chosen, able, mode, prefer if among is None else None)
            self.running.append(Running(lease, self.leases, chosen.joined))
            self.oracle.lease(lease.account.id, mode, self.leases)
            self.check(lease.account.id)

    def settle(self, index: int, error: BaseException | None) -> None:
        call = self.running.pop(index % len(self.running))
        account_id = call.lease.account.id
        call.lease.settle(error)
        call.lease.settle(None)  # counts for nothing
        self.oracle.settle(account_id, call.joined, call.lease.mode, call.serial, error)
        self.check(account_id)

    # Readings

    def ask(self, account_id: str) -> None:
        known = self.oracle.known[account_id]
        ticket = self.pool.ticket(account_id)
        self.asked.append(Asked(ticket, self.oracle.ticket(account_id), known.joined))

    def read(
        self, index: int, readings: Iterable[QuotaWindow], absent: Collection[Mode] = ()
    ) -> None:
        """The answer to an `ask`; it may come after the account left."""
        asked = self.asked.pop(index % len(self.asked))
        now, account_id = self.clock.now(), asked.ticket.account_id
        placed = [replace(self._from_now(each), measured_at=now) for each in readings]
        self.pool.observe(asked.ticket, placed, absent)
        known = self.oracle.known.get(account_id)
        if known is not None and known.joined == asked.joined:
            self.oracle.observe(account_id, asked.before, placed, absent, now)
        self.check(account_id)

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

    # What must always hold

    def check(self, account_id: str) -> None:
        known = self.oracle.known.get(account_id)
        if known is None:
            return
        view = self.pool.view(account_id)
        self._expect(view.in_flight == len(known.running), f"{account_id}: wrong count of calls")
        self._expect(view.in_flight >= 0, "a negative count of calls")
        self._check_windows(known, view)
        state, until = self._state(known)
        self._expect(view.state is state, f"{account_id} is {view.state}, should be {state}")
        expected = None if until is None else self.clock.now() + until - self.oracle.t
        self._expect(view.state_until == expected, f"{account_id}: {state} until a wrong time")

    def check_all(self) -> None:
        for account_id in self.oracle.known:
            self.check(account_id)
        here = sum(len(known.running) for known in self.oracle.known.values())
        self._expect(self.pool.in_flight == here, "wrong count of all calls")
        self._expect(len(self.pool) == len(self.oracle.known), "wrong count of accounts")

    def quiesce(self) -> None:
        """All calls end; nothing may be left of them."""
        while self.running:
            self.settle(-1, None)
        self._expect(self.pool.in_flight == 0, "calls are in flight that nobody makes")
        self._expect(all(v.in_flight == 0 for v in self.pool.views()), "an account is still busy")
        self.check_all()

    def _check_windows(self, known: Known, view: MemberView) -> None:
        name = known.account.id
        self._expect({w.mode for w in view.windows} == set(known.quotas), f"{name}: wrong windows")
        for window in view.windows:
            quota = known.quotas[window.mode]
            figures = f"{name}: {window.remaining} of {window.total} left, not {quota}"
            self._expect(0 <= window.remaining <= window.total, figures)
            self._expect((window.remaining, window.total) == (quota.left, quota.total), figures)
            resets = quota.resets
            expected = None if resets is None else self.clock.now() + resets - self.oracle.t
            self._expect(window.resets_at == expected, f"{name}: wrong reset, {window} {quota}")

    def _state(self, known: Known) -> tuple[AccountState, float | None]:
        t = self.oracle.t
        if not known.account.enabled:
            return AccountState.DISABLED, None
        if known.account.state is not AccountState.READY:
            return known.account.state, None
        if known.sealed_until > t:
            return AccountState.SEALED, None
        if known.rests_until > t:
            return AccountState.COOLING, known.rests_until
        rests = [
            max(quota.rest(t) for quota in known.counting(mode))
            for mode in CHAT_MODES
            if known.counting(mode)
        ]
        if rests and min(rests) > 0:
            return AccountState.EXHAUSTED, t + min(rests)
        if len(known.running) >= known.cap(self.oracle.cap):
            return AccountState.BUSY, None
        return AccountState.READY, None

    def _check_choice(
        self, chosen: Known, able: list[Known], mode: Mode, prefer: str | None
    ) -> None:
        """`able` are those of the highest priority."""
        if chosen.account.id == prefer:
            return
        if self.policy.selection is Selection.ROUND_ROBIN:
            longest = min(known.last_call for known in able)
            self._expect(chosen.last_call == longest, f"not in turn: {chosen.account.id}")
        elif self.policy.selection is Selection.HIGH_QUOTA_FIRST:
            for other in able:
                much_more = other.share(mode) > chosen.share(mode) + 0.11
                less_busy = len(other.running) <= len(chosen.running)
                self._expect(not (much_more and less_busy), f"{other.account.id} has more left")

    def _check_refusal(
        self,
        none: NoAccountError,
        mode: Mode,
        floor: Tier,
        exclude: Collection[str],
        among: Collection[str] | None,
    ) -> None:
        rest = self.oracle.rest_of_all(mode, floor, exclude, among)
        if rest is None:
            self._expect(none.retry_at is None, "asked to wait in vain")
            usable = any(
                known.usable and (among is None or account_id in among)
                for account_id, known in self.oracle.known.items()
            )
            self._expect(not usable or floor.label in str(none), "does not name the tier needed")
            return
        now = self.clock.now()
        if none.retry_at is None or not now + rest <= none.retry_at <= now + max(1.0, rest):
            raise BrokenPoolError(f"retry_at is {none.retry_at}, should be {now + rest}")
        busy = rest == 0 and self._somebody_untried(floor, exclude, among)
        self._expect(none.busy == busy, "busy, or not, when it is not so")

    def _wait_for(
        self,
        retry_at: float,
        mode: Mode,
        floor: Tier,
        exclude: Collection[str],
        among: Collection[str] | None,
    ) -> None:
        self.waits += 1
        self.advance(retry_at - self.clock.now())
        untried = exclude if self._somebody_untried(floor, exclude, among) else ()
        if self.oracle.eligible(mode, floor, untried, among):
            self.lease(mode, floor, exclude=untried, among=among)
        else:
            self._expect(bool(self.running), "waited as told, and in vain")

    def _somebody_untried(
        self, floor: Tier, exclude: Collection[str], among: Collection[str] | None
    ) -> bool:
        return among is not None or any(
            known.usable and known.tier >= floor and account_id not in exclude
            for account_id, known in self.oracle.known.items()
        )

    def _check_circuit(self, error: CircuitOpenError) -> None:
        until = self.oracle.circuit.open_until
        now = self.clock.now()
        if until is None or error.retry_at is None:
            raise BrokenPoolError("an open circuit without an end")
        expected = now + max(1.0, until - self.oracle.t)
        self._expect(error.retry_at == expected, "the circuit names a wrong time")

    def _from_now(self, window: QuotaWindow) -> QuotaWindow:
        if window.resets_at is None:
            return window
        return replace(window, resets_at=self.clock.now() + window.resets_at)

    @staticmethod
    def _expect(holds: bool, complaint: str) -> None:
        if not holds:
            raise BrokenPoolError(complaint)
