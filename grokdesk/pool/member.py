"""One account in the pool with its live figures, and when it can serve."""

import math
from dataclasses import dataclass, field
from typing import Any

from grokdesk.domain.account import Account, AccountState, Evidence
from grokdesk.domain.quota import CHAT_MODES, Mode, QuotaWindow
from grokdesk.pool.cooldown import CALM, Cooldown

NEVER = math.inf
"""Not by waiting alone: something must happen."""

_CHAT = frozenset(CHAT_MODES)


@dataclass(frozen=True, slots=True)
class MemberView:
    """An immutable copy of a member, for display and storage. Times are Unix times."""

    account: Account
    windows: tuple[QuotaWindow, ...]
    state: AccountState
    state_until: float | None
    in_flight: int
    cap: int
    last_used_at: float | None
    trouble: Evidence | None
    """Why it is not ready, or what happened last."""


@dataclass(slots=True, eq=False)
class Member:
    """Deadlines are elapsed time, those of windows Unix time."""

    account: Account
    number: int
    """Breaks ties between equal keys."""
    windows: dict[Mode, QuotaWindow] = field(default_factory=dict)
    in_flight: int = 0
    cooldown: Cooldown = CALM
    leased: dict[Mode, int] = field(default_factory=dict)
    """Calls ever leased, by mode."""
    not_refundable: dict[Mode, int] = field(default_factory=dict)
    """Of the calls leased so far, these are accounted for by a reading or a refusal."""
    last_leased: int = 0
    last_used_at: float | None = None
    sealed_until: float = 0.0
    """The vault is asked again after a while, it may have been unlocked."""
    trouble: Evidence | None = None
    alarm_at: float = NEVER
    entries: dict[Mode, list[Any]] = field(default_factory=dict)
    """The index's entry that counts, by mode."""
    lots: dict[Mode, float] = field(default_factory=dict)
    view: MemberView | None = None
    """Kept until something changes."""

    def cap(self, general: int) -> int:
        return self.account.max_in_flight or general

    @property
    def usable(self) -> bool:
        """The account itself is fine, whatever it waits for."""
        return self.account.enabled and self.account.state is AccountState.READY

    def free_at(self, mode: Mode, now: float, elapsed: float, general_cap: int) -> float:
        """The elapsed time at which it may serve a call; not later than `elapsed`: now."""
        account = self.account
        if not account.enabled or account.state is not AccountState.READY:
            return NEVER
        if self.in_flight and (
            self.in_flight >= (account.max_in_flight or general_cap) or self.cooldown.is_suspicious
        ):
            return NEVER
        wait = self.quota_wait(mode, now)
        return max(self.cooldown.until, self.sealed_until, elapsed + wait if wait else 0.0)

    def quota_wait(self, mode: Mode, now: float) -> float:
        """Seconds until this mode has a call left.

        Weekly credits replace the windows of the chat modes (protocol 8.4), but for refusals.
        """
        window = self.windows.get(mode)
        weekly = self.windows.get(Mode.WEEKLY)
        if weekly is None or mode not in _CHAT:
            return _wait(window, now)
        refused = window is not None and (window.wait_s > 0 or window.total <= 0)
        return max(_wait(window, now) if refused else 0.0, _wait(weekly, now))

    def share(self, mode: Mode, now: float) -> float:
        weekly = self.windows.get(Mode.WEEKLY)
        if weekly is None or mode not in _CHAT:
            return _share(self.windows.get(mode), now)
        return _share(weekly, now)

    def bring_up_to(self, now: float) -> None:
        """Keep the windows as they stand now, which also tames times of a clock set back."""
        self.windows = {mode: window.at(now) for mode, window in self.windows.items()}

    def next_change(self, now: float, elapsed: float) -> float:
        """The elapsed time at which something about it changes by itself."""
        moments = [
            moment for moment in (self.cooldown.until, self.sealed_until) if moment > elapsed
        ]
        for window in self.windows.values():
            moment = window.changes_at(now)
            if moment is not None:
                moments.append(elapsed + max(0.0, moment - now))
        return min(moments, default=NEVER)

    def make_view(self, now: float, elapsed: float, general_cap: int) -> MemberView:
        if self.view is None:
            state, until = self._state(now, elapsed, general_cap)
            windows = tuple(self.windows[mode].at(now) for mode in Mode if mode in self.windows)
            self.view = MemberView(
                account=self.account,
                windows=windows,
                state=state,
                state_until=until,
                in_flight=self.in_flight,
                cap=self.cap(general_cap),
                last_used_at=self.last_used_at,
                trouble=self.account.evidence or self.trouble,
            )
        return self.view

    def _state(
        self, now: float, elapsed: float, general_cap: int
    ) -> tuple[AccountState, float | None]:
        if not self.account.enabled:
            return AccountState.DISABLED, None
        if self.account.state is not AccountState.READY:
            return self.account.state, None
        if elapsed < self.sealed_until:
            return AccountState.SEALED, None
        if elapsed < self.cooldown.until:
            return AccountState.COOLING, now + self.cooldown.until - elapsed
        waits = [self.quota_wait(mode, now) for mode in CHAT_MODES if self._counts(mode)]
        if waits and min(waits) > 0:
            return AccountState.EXHAUSTED, now + min(waits)
        if self.in_flight >= self.cap(general_cap):
            return AccountState.BUSY, None
        return AccountState.READY, None

    def _counts(self, mode: Mode) -> bool:
        return mode in self.windows or Mode.WEEKLY in self.windows


def _wait(window: QuotaWindow | None, now: float) -> float:
    if window is None or window.remaining > 0:  # a reset can only give it more
        return 0.0
    current = window.at(now)
    if current.remaining > 0 or current.resets_at is None:
        return 0.0
    return max(0.0, current.resets_at - now)


def _share(window: QuotaWindow | None, now: float) -> float:
    if window is None or window.total <= 0:
        return 1.0
    if window.resets_at is None or now < window.resets_at:
        return window.remaining / window.total
    return 1.0
