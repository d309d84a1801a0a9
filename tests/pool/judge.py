"""Compares what a pool says with what its oracle says, and complains."""

from dataclasses import dataclass

from grokdesk.domain.account import AccountState
from grokdesk.domain.errors import CircuitOpenError, NoAccountError
from grokdesk.domain.quota import CHAT_MODES
from grokdesk.kernel.clock import ManualClock
from grokdesk.pool.pool import AccountPool, MemberView
from grokdesk.pool.ranking import Selection
from tests.pool.oracle import Demand, Known, Oracle


class BrokenPoolError(AssertionError):
    """The pool did what it must not do."""


def expect(holds: bool, complaint: str) -> None:
    if not holds:
        raise BrokenPoolError(complaint)


@dataclass(frozen=True)
class Judge:
    pool: AccountPool
    oracle: Oracle
    clock: ManualClock

    def all_accounts(self) -> None:
        for account_id in self.oracle.known:
            self.account(account_id)
        here = sum(len(known.running) for known in self.oracle.known.values())
        expect(self.pool.in_flight == here, "wrong count of all calls")
        expect(len(self.pool) == len(self.oracle.known), "wrong count of accounts")

    def account(self, account_id: str) -> None:
        known = self.oracle.known.get(account_id)
        if known is None:
            expect(account_id not in self.pool, "a removed account is still there")
            return
        view = self.pool.view(account_id)
        expect(view.in_flight == len(known.running), f"{account_id}: wrong count of calls")
        self._windows(known, view)
        state, until = self._state_of(known)
        expect(view.state is state, f"{account_id} is {view.state}, should be {state}")
        expect(view.state_until == self._wall(until), f"{account_id}: {state} until a wrong time")

    def choice(self, chosen_id: str, demand: Demand, able: list[Known]) -> Known:
        """Whether it is one of those that may be taken, and the right one."""
        chosen = next((known for known in able if known.account.id == chosen_id), None)
        if chosen is None:
            raise BrokenPoolError(f"{chosen_id} may not serve {demand}, or others go first")
        preferred = demand.among is None and chosen_id == demand.prefer
        selection = self.pool.policy.selection
        if selection is Selection.ROUND_ROBIN:
            longest = min(known.last_call for known in able)
            next_ones = [known for known in able if known.last_call == longest]
            as_free = len(chosen.running) <= max(len(known.running) for known in next_ones)
            next_in_turn = (preferred and as_free) or chosen in next_ones
            expect(next_in_turn, f"{chosen_id} is not next in turn")
        elif selection is Selection.HIGH_QUOTA_FIRST and not preferred:
            for other in able:
                more_left = other.share(demand.mode) > chosen.share(demand.mode) + 0.11
                as_free = len(other.running) <= len(chosen.running)
                expect(not (more_left and as_free), f"{other.account.id} has more left")
        return chosen

    def refusal(self, none: NoAccountError, demand: Demand) -> None:
        rest = self.oracle.rest_of_all(demand)
        if rest is None:
            expect(none.retry_at is None, "asked to wait in vain")
            usable = any(
                known.usable and (demand.among is None or account_id in demand.among)
                for account_id, known in self.oracle.known.items()
            )
            expect(not usable or demand.floor.label in str(none), "does not name the tier needed")
            return
        now = self.clock.now()
        if none.retry_at is None or not now + rest <= none.retry_at <= now + max(1.0, rest):
            raise BrokenPoolError(f"retry_at is {none.retry_at}, should be {now + rest}")
        busy = rest == 0 and self.oracle.somebody_untried(demand)
        expect(none.busy == busy, "said to be busy, or not, when it is not so")

    def open_circuit(self, error: CircuitOpenError) -> None:
        until = self.oracle.circuit.open_until
        if until is None:
            raise BrokenPoolError("the circuit is open for no reason")
        soon = self.oracle.t + 1.0
        expect(error.retry_at == self._wall(max(soon, until)), "the circuit names a wrong time")

    def _windows(self, known: Known, view: MemberView) -> None:
        name = known.account.id
        expect({w.mode for w in view.windows} == set(known.quotas), f"{name}: wrong windows")
        for window in view.windows:
            quota = known.quotas[window.mode]
            figures = f"{name}: {window}, should be {quota}"
            expect(0 <= window.remaining <= window.total, figures)
            expect((window.remaining, window.total) == (quota.left, quota.total), figures)
            expect(window.resets_at == self._wall(quota.resets), figures)

    def _state_of(self, known: Known) -> tuple[AccountState, float | None]:
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

    def _wall(self, t: float | None) -> float | None:
        return None if t is None else self.clock.now() + t - self.oracle.t
