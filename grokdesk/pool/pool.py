"""All accounts and the choice among them.

Nothing here awaits: choosing an account and taking it is one step on one loop, so the pool
needs no lock.
"""

import random
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace

from grokdesk.domain.account import Account, AccountState, Evidence, Tier
from grokdesk.domain.errors import NoAccountError, UpstreamError
from grokdesk.domain.quota import Mode, QuotaWindow
from grokdesk.kernel.clock import Clock
from grokdesk.pool.cooldown import Cooldown
from grokdesk.pool.lease import Lease
from grokdesk.pool.outcome import AccountEffect, QuotaEffect, outcome_of
from grokdesk.pool.ranking import Candidate, Selection, pick

_EXCERPT_CHARS = 300


@dataclass(frozen=True, slots=True)
class PoolPolicy:
    """What settings say. `max_in_flight` is per account."""

    max_in_flight: int = 8
    selection: Selection = Selection.HIGH_QUOTA_FIRST


@dataclass(slots=True)
class _Member:
    """The live figures of one account."""

    account: Account
    windows: dict[Mode, QuotaWindow] = field(default_factory=dict)
    in_flight: int = 0
    cooldown: Cooldown = field(default_factory=Cooldown)
    leased_total: int = 0
    last_leased: int = 0
    last_used_at: float | None = None
    sealed_until: float = 0.0
    """Monotonic: the vault is asked again after a while, it may have been unlocked."""


@dataclass(frozen=True, slots=True)
class MemberView:
    """An immutable copy of a member, for display and storage."""

    account: Account
    windows: tuple[QuotaWindow, ...]
    state: AccountState
    state_until: float | None
    in_flight: int
    last_used_at: float | None


@dataclass(frozen=True, slots=True)
class ReadingTicket:
    """Taken when a quota reading is asked for, so that calls made meanwhile are not forgotten."""

    account_id: str
    leased_total: int


class AccountPool:
    """`on_change` hears of every member whose figures changed; `stored` is true when its
    account or windows should outlive a restart."""

    def __init__(
        self,
        clock: Clock,
        *,
        policy: PoolPolicy | None = None,
        on_change: Callable[[str, bool], None] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.policy = policy or PoolPolicy()
        self._clock = clock
        self.on_change = on_change or (lambda _account_id, _stored: None)
        self._rng = rng or random.Random()  # noqa: S311 - a choice of accounts, not a secret
        self._members: dict[str, _Member] = {}
        self._leases = 0

    def put(self, account: Account, windows: Iterable[QuotaWindow] | None = None) -> None:
        """Add an account, or replace what is known of it; calls in flight are kept."""
        member = self._members.get(account.id)
        if member is None:
            member = self._members[account.id] = _Member(account)
        member.account = account
        member.sealed_until = 0.0
        if windows is not None:
            member.windows = {window.mode: window for window in windows}
        self.on_change(account.id, False)

    def remove(self, account_id: str) -> None:
        """Running calls end on their own."""
        self._members.pop(account_id, None)

    def lease(self, mode: Mode, floor: Tier, *, exclude: Collection[str] = ()) -> Lease:
        """Take the best account and spend one call.

        Raise NoAccountError, which names what is missing and when it is worth trying again.
        """
        now = self._clock.now()
        monotonic = self._clock.monotonic()
        candidates = [
            self._candidate(member, mode, now)
            for member in self._members.values()
            if member.account.id not in exclude
            and self._can_serve(member, mode, floor, now, monotonic)
        ]
        if not candidates:
            raise self._why_none(mode, floor)
        chosen = self._members[pick(candidates, self.policy.selection, self._rng).account_id]
        self._leases += 1
        chosen.in_flight += 1
        chosen.leased_total += 1
        chosen.last_leased = self._leases
        chosen.last_used_at = now
        if (window := chosen.windows.get(mode)) is not None:
            chosen.windows[mode] = window.spend(now)
        self.on_change(chosen.account.id, False)
        return Lease(chosen.account, mode, self._settle)

    def ticket(self, account_id: str) -> ReadingTicket:
        """Raise KeyError for an unknown account."""
        return ReadingTicket(account_id, self._members[account_id].leased_total)

    def observe(self, ticket: ReadingTicket, readings: Iterable[QuotaWindow]) -> None:
        """Merge a reading: calls leased after it was asked for are subtracted."""
        member = self._members.get(ticket.account_id)
        if member is None:
            return
        spent_since = member.leased_total - ticket.leased_total
        for reading in readings:
            known = member.windows.get(reading.mode, reading)
            member.windows[reading.mode] = known.merge(reading, spent_since)
        self.on_change(ticket.account_id, True)

    def view(self, account_id: str) -> MemberView:
        """Raise KeyError for an unknown account."""
        return self._view(self._members[account_id])

    def views(self) -> tuple[MemberView, ...]:
        return tuple(self._view(member) for member in self._members.values())

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, account_id: object) -> bool:
        return account_id in self._members

    @property
    def in_flight(self) -> int:
        return sum(member.in_flight for member in self._members.values())

    def _can_serve(
        self, member: _Member, mode: Mode, floor: Tier, now: float, monotonic: float
    ) -> bool:
        account = member.account
        return (
            account.enabled
            and account.state is AccountState.READY
            and monotonic >= member.sealed_until
            and account.effective_tier >= floor
            and member.in_flight < self.policy.max_in_flight
            and not member.cooldown.active(monotonic)
            and _has_quota(member, mode, now)
        )

    def _candidate(self, member: _Member, mode: Mode, now: float) -> Candidate:
        window = member.windows.get(mode)
        share = 1.0
        if window is not None and window.total > 0:
            share = window.at(now).remaining / window.total
        return Candidate(
            member.account.id,
            int(member.account.effective_tier),
            share,
            member.in_flight,
            member.last_leased,
        )

    def _settle(self, lease: Lease, error: BaseException | None) -> None:
        member = self._members.get(lease.account.id)
        if member is None:
            return
        member.in_flight -= 1
        outcome = outcome_of(error)
        now = self._clock.now()
        self._settle_quota(member, lease.mode, outcome.quota, now, error)
        changed = self._settle_account(member, outcome.account, now, error)
        self.on_change(member.account.id, changed or outcome.quota is not QuotaEffect.REFUND)

    def _settle_quota(
        self,
        member: _Member,
        mode: Mode,
        effect: QuotaEffect,
        now: float,
        error: BaseException | None,
    ) -> None:
        window = member.windows.get(mode)
        if effect is QuotaEffect.REFUND and window is not None:
            member.windows[mode] = window.refund()
        elif effect is QuotaEffect.EXHAUST:
            retry_after = getattr(error, "retry_after", None)
            base = window or QuotaWindow(mode, total=0, remaining=0, window_s=_UNKNOWN_WINDOW_S)
            member.windows[mode] = base.exhaust(now, retry_after)

    def _settle_account(
        self, member: _Member, effect: AccountEffect, now: float, error: BaseException | None
    ) -> bool:
        """True when the stored account changed."""
        match effect:
            case AccountEffect.NONE:
                return False
            case AccountEffect.SUCCESS:
                member.cooldown = member.cooldown.succeeded()
                return False
            case AccountEffect.COOL:
                member.cooldown = member.cooldown.failed(self._clock.monotonic())
                return False
            case AccountEffect.SEAL:
                member.sealed_until = self._clock.monotonic() + _SEALED_S
                return False
            case AccountEffect.EXPIRE:
                member.account = _marked(member.account, AccountState.EXPIRED, now, error)
                return True
            case AccountEffect.BLOCK:
                member.account = _marked(member.account, AccountState.BLOCKED, now, error)
                return True

    def _view(self, member: _Member) -> MemberView:
        now = self._clock.now()
        state, until = self._state(member, now)
        windows = tuple(member.windows[mode].at(now) for mode in Mode if mode in member.windows)
        return MemberView(
            member.account, windows, state, until, member.in_flight, member.last_used_at
        )

    def _state(self, member: _Member, now: float) -> tuple[AccountState, float | None]:
        if not member.account.enabled:
            return AccountState.DISABLED, None
        if member.account.state is not AccountState.READY:
            return member.account.state, None
        if self._clock.monotonic() < member.sealed_until:
            return AccountState.SEALED, None
        rest = member.cooldown.until - self._clock.monotonic()
        if rest > 0:
            return AccountState.COOLING, now + rest
        windows = [window.at(now) for window in member.windows.values()]
        if windows and all(window.remaining <= 0 for window in windows):
            resets = [w.resets_at for w in windows if w.resets_at is not None]
            return AccountState.EXHAUSTED, min(resets, default=None)
        return AccountState.READY, None

    def _why_none(self, mode: Mode, floor: Tier) -> NoAccountError:
        if not self._members:
            return NoAccountError("No Grok account is set up yet. Open Grokdesk and import one.")
        usable = [
            member
            for member in self._members.values()
            if member.account.enabled and member.account.state is AccountState.READY
        ]
        if not usable:
            return NoAccountError(
                "None of the Grok accounts can be used: all are expired, blocked or disabled. "
                "Open Grokdesk to see why."
            )
        fitting = [member for member in usable if member.account.effective_tier >= floor]
        if not fitting:
            return NoAccountError(
                f"This model needs an account of tier {floor.label} or higher, and none is set up."
            )
        retry_at = self._earliest(fitting, mode)
        return NoAccountError(
            f"All Grok accounts that could serve this are busy or used up for mode {mode.value}.",
            retry_at=retry_at,
        )

    def _earliest(self, members: Iterable[_Member], mode: Mode) -> float:
        """The first moment at which one of them may serve again."""
        now = self._clock.now()
        monotonic = self._clock.monotonic()
        moments: list[float] = []
        for member in members:
            moment = now + max(0.0, max(member.cooldown.until, member.sealed_until) - monotonic)
            window = member.windows.get(mode)
            if window is not None and not _has_quota(member, mode, now):
                moment = max(moment, window.resets_at or now + _UNKNOWN_WINDOW_S)
            moments.append(moment)
        return max(now + 1.0, min(moments))


_SEALED_S = 5.0
_UNKNOWN_WINDOW_S = 600.0
"""How long a mode rests after a refusal when nothing is known of its window."""


def _has_quota(member: _Member, mode: Mode, now: float) -> bool:
    window = member.windows.get(mode)
    if window is None:
        return True
    if window.total <= 0:  # learned from a refusal alone: only its time counts
        return window.resets_at is None or now >= window.resets_at
    return window.at(now).remaining > 0


def _marked(
    account: Account, state: AccountState, now: float, error: BaseException | None
) -> Account:
    status = error.status if isinstance(error, UpstreamError) else None
    excerpt = error.excerpt[:_EXCERPT_CHARS] if isinstance(error, UpstreamError) else ""
    return replace(account, state=state, evidence=Evidence(now, str(error), status, excerpt))
