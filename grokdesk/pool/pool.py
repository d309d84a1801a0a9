"""All accounts and the choice among them.

Nothing here awaits: choosing an account and taking it is one step on one loop, so the pool
needs no lock.
"""

import random
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from grokdesk.domain.account import Account, AccountState, Tier
from grokdesk.domain.quota import Mode, QuotaWindow
from grokdesk.kernel.clock import Clock
from grokdesk.pool.absence import Absences
from grokdesk.pool.alarms import Alarms
from grokdesk.pool.breaker import CircuitBreaker
from grokdesk.pool.index import Index, Moment
from grokdesk.pool.lease import Lease
from grokdesk.pool.member import Member, MemberView
from grokdesk.pool.outcome import QuotaEffect, outcome_of
from grokdesk.pool.ranking import RANKS, Selection
from grokdesk.pool.readings import ReadingTicket, merge_readings, ticket_for
from grokdesk.pool.settlement import settle_account, settle_quota
from grokdesk.pool.successes import Successes
from grokdesk.pool.timekeeper import Timekeeper
from grokdesk.pool.turnstile import Turnstile
from grokdesk.pool.wishes import best_among, preferred

__all__ = ["AccountPool", "MemberView", "PoolPolicy", "ReadingTicket"]


@dataclass(frozen=True, slots=True)
class PoolPolicy:
    """What settings say. `max_in_flight` is per account, unless the account has its own."""

    max_in_flight: int = 8
    selection: Selection = Selection.HIGH_QUOTA_FIRST


class AccountPool:
    """`on_change` hears of every member whose figures changed; its second argument is true when
    account or windows should outlive a restart. `on_exhausted` hears of refusals for quota."""

    def __init__(
        self,
        clock: Clock,
        *,
        policy: PoolPolicy | None = None,
        on_change: Callable[[str, bool], None] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.on_change = on_change or (lambda _account_id, _stored: None)
        self.on_exhausted: Callable[[str, Mode], None] = lambda _account_id, _mode: None
        self.breaker = CircuitBreaker()
        self.turnstile = Turnstile()
        """For callers that wait while all accounts are busy."""
        self._policy = policy or PoolPolicy()
        self._time = Timekeeper(clock, self._set_back)
        rng = rng or random.Random()  # noqa: S311 - a choice of accounts, not a secret
        self._index = Index(RANKS[self._policy.selection], rng, self._set_alarm)
        self._alarms = Alarms()
        self._members: dict[str, Member] = {}
        self._usable: set[str] = set()
        self._numbers = 0
        self._leases = 0
        self._in_flight = 0
        self._successes = Successes()
        self._absences = Absences()

    @property
    def policy(self) -> PoolPolicy:
        return self._policy

    @policy.setter
    def policy(self, policy: PoolPolicy) -> None:
        """In force from the next lease on."""
        if policy == self._policy:
            return
        self._policy = policy
        moment = self._moment()
        self._index.rebuild(RANKS[policy.selection], self._members.values(), moment)
        self._absences.forget()
        for member in self._members.values():
            member.view = None
        self.turnstile.release()

    def put(self, account: Account, windows: Iterable[QuotaWindow] | None = None) -> None:
        """Add an account, or replace what is known of it; calls in flight are kept."""
        member = self._members.get(account.id)
        if member is None:
            self._numbers += 1
            member = self._members[account.id] = Member(account, self._numbers)
        member.account = account
        member.sealed_until = 0.0
        if account.state is AccountState.READY and account.evidence is None:
            member.trouble = None
        moment = self._moment()
        if windows is not None:
            member.windows = {window.mode: window for window in windows}
            member.bring_up_to(moment.now)
        self._renew(member, moment)
        self.on_change(account.id, False)

    def remove(self, account_id: str) -> None:
        """Running calls end on their own."""
        member = self._members.pop(account_id, None)
        if member is None:
            return
        self._in_flight -= member.in_flight
        self._usable.discard(account_id)
        self._index.forget(member)
        self._alarms.cancel(member)
        self._absences.forget()
        self.turnstile.release()  # who waits for it need not

    def lease(
        self,
        mode: Mode,
        floor: Tier,
        *,
        exclude: Collection[str] = (),
        among: Collection[str] | None = None,
        prefer: str | None = None,
        request_id: str = "",
    ) -> Lease:
        """Take the best account and spend one call. `prefer` is taken where that costs nothing;
        `among` are all that may be taken.

        Raise NoAccountError, which names what is missing and when it is worth trying again, or
        CircuitOpenError while upstream is left alone.
        """
        moment = self._moment()
        if not self._index.covers(mode):
            self._index.cover(mode, self._members.values(), moment)
        if among is not None:
            chosen = best_among(among, self._members, self._index, mode, floor, moment)
        else:
            chosen = self._index.best(mode, floor, exclude, moment)
        if chosen is None:
            raise self._absences.explain(
                self._members, mode, floor, moment, exclude=exclude, among=among
            )
        self.breaker.check(moment.now, moment.elapsed)
        if prefer is not None and among is None:
            wanted = self._members.get(prefer)
            chosen = preferred(wanted, chosen, mode, floor, exclude, moment)
        return self._take(chosen, mode, moment, request_id)

    def ticket(self, account_id: str) -> ReadingTicket:
        """Raise KeyError for an unknown account."""
        return ticket_for(self._members[account_id])

    def observe(
        self,
        ticket: ReadingTicket,
        readings: Iterable[QuotaWindow],
        absent: Collection[Mode] = (),
    ) -> None:
        """Merge a reading: calls leased after it was asked for are subtracted.

        Modes that were not read keep their windows; those that upstream does not know for this
        account (`absent`) lose them.
        """
        member = self._members.get(ticket.account_id)
        if member is None or member is not ticket.holder:
            return
        moment = self._moment()
        merge_readings(member, ticket, readings, absent)
        member.bring_up_to(moment.now)
        self._renew(member, moment)
        self.on_change(ticket.account_id, True)

    def forgive(self, account_id: str) -> None:
        """The account was seen to work: its failures are forgotten."""
        member = self._members[account_id]
        member.cooldown = member.cooldown.succeeded()
        member.sealed_until = 0.0
        member.trouble = None
        self._renew(member, self._moment())

    def breaker_until(self) -> float | None:
        """When an open circuit lets the next call through, Unix time."""
        now, elapsed = self._time.read()
        return now + self.breaker.until - elapsed if self.breaker.until > elapsed else None

    def view(self, account_id: str) -> MemberView:
        """Raise KeyError for an unknown account."""
        moment = self._moment()
        return self._members[account_id].make_view(*moment)

    def views(self) -> tuple[MemberView, ...]:
        moment = self._moment()
        return tuple(member.make_view(*moment) for member in self._members.values())

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, account_id: object) -> bool:
        return account_id in self._members

    @property
    def in_flight(self) -> int:
        return self._in_flight

    def _moment(self) -> Moment:
        """Now, with everything done that was due."""
        now, elapsed = self._time.read()
        moment = Moment(now, elapsed, self._policy.max_in_flight)
        for member in tuple(self._alarms.due(elapsed)):
            member.bring_up_to(now)
            self._renew(member, moment)
        return moment

    def _renew(self, member: Member, moment: Moment) -> None:
        """Something about the member changed: it may be able to serve again, or be better."""
        member.view = None
        if member.usable:
            self._usable.add(member.account.id)
        else:
            self._usable.discard(member.account.id)
        self._absences.forget()
        self._index.place(member, moment)
        self._alarms.set(member, member.next_change(moment.now, moment.elapsed))
        self.turnstile.release()

    def _set_alarm(self, member: Member) -> None:
        now, elapsed = self._time.read()
        self._alarms.set(member, member.next_change(now, elapsed))

    def _set_back(self, seconds: float) -> None:
        """The wall clock was set back: what was to come is as far away as before."""
        for member in self._members.values():
            member.windows = {m: w.shifted(seconds) for m, w in member.windows.items()}
            member.view = None
        self._absences.forget()

    def _take(self, member: Member, mode: Mode, moment: Moment, request_id: str) -> Lease:
        self._leases += 1
        self._in_flight += 1
        number = member.leased[mode] = member.leased.get(mode, 0) + 1
        member.in_flight += 1
        member.last_leased = self._leases
        member.last_used_at = moment.now
        member.view = None
        self._index.leased(member, mode)
        window = member.windows.get(mode)
        if window is not None:
            spent = member.windows[mode] = window.spend(moment.now)
            if spent.resets_at != window.resets_at:
                member.not_refundable[mode] = number - 1  # those were spent in another window
                self._alarms.set(member, member.next_change(moment.now, moment.elapsed))
        account = member.account
        self.on_change(account.id, False)
        return Lease(
            account,
            mode,
            self._settle,
            holder=member,
            number=number,
            began=moment.elapsed,
            probe=self.breaker.passed(),
            request_id=request_id,
        )

    def _settle(self, lease: Lease, error: BaseException | None) -> None:
        account_id = lease.account.id
        moment = self._moment()
        self.breaker.ended(
            account_id,
            error,
            moment.elapsed,
            probe=lease.probe,
            usable_accounts=len(self._usable),
        )
        member = self._members.get(account_id)
        if member is None or member is not lease.holder:
            return
        member.in_flight -= 1
        self._in_flight -= 1
        outcome = outcome_of(error)
        settle_quota(member, lease, outcome.quota, moment.now, error)
        changed = settle_account(member, lease, outcome.account, moment, error, self._successes)
        if error is None:
            member.view = None
            self._index.place(member, moment)
            self.turnstile.release()
        else:
            self._renew(member, moment)
        self.on_change(account_id, changed or outcome.quota is not QuotaEffect.REFUND)
        if outcome.quota is QuotaEffect.EXHAUST:
            self.on_exhausted(account_id, lease.mode)
