"""Keeps the quota figures true: reads them when they grow old, when a call was refused, on a click.

One task, one plan and at most two readings at a time, however many accounts there are. An account
that was used up comes back by itself at its reset (the pool sees to that); here it is only measured
again.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Iterable

from grokdesk.domain.account import Account, AccountState
from grokdesk.domain.errors import GrokdeskError, UpstreamError
from grokdesk.domain.events import AccountChanged, SettingsChanged
from grokdesk.domain.quota import Mode
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import Clock
from grokdesk.kernel.tasks import TaskSupervisor
from grokdesk.pool.pool import AccountPool, MemberView
from grokdesk.pool.timekeeper import Timekeeper
from grokdesk.services.quota_plan import ReadingPlan, Urgency
from grokdesk.services.quota_refresh import Progress, Refresh, RefreshResult
from grokdesk.services.quota_timing import DEBOUNCE_S, Timing, was_measured_since
from grokdesk.services.quota_trouble import BACKOFF_S, Trouble, backoff_s, is_ours
from grokdesk.settings.reaching import QuotaSettings

_log = logging.getLogger(__name__)

READINGS_AT_ONCE = 2
CLICK_DEBOUNCE_S = 10.0

_SOON_S = 1.0
"""One refusal seldom comes alone."""
_SLICE = 500
_LONGEST_SLEEP_S = 60.0
"""Timers may stand still while the machine sleeps."""


class QuotaKeeper:
    """`read` reads and stores one account's quota; it raises GrokdeskError, and marks an account
    that it finds dead. `settings` is asked anew each time."""

    def __init__(
        self,
        pool: AccountPool,
        read: Callable[[str], Awaitable[None]],
        bus: EventBus,
        tasks: TaskSupervisor,
        clock: Clock,
        settings: Callable[[], QuotaSettings],
        *,
        rng: random.Random | None = None,
    ) -> None:
        self._pool = pool
        self._read = read
        self._bus = bus
        self._tasks = tasks
        self._time = Timekeeper(clock, lambda _seconds: None)
        self._rng = rng or random.Random()  # noqa: S311 - spreads load, keeps no secret
        self._timing = Timing(settings, self._rng)
        self._plan = ReadingPlan()
        self._reading: set[str] = set()
        self._begun: dict[str, float] = {}
        """When the last reading of an account began."""
        self._read_at: dict[str, float] = {}
        """When it was last read with success."""
        self._failures: dict[str, int] = {}
        self._asked: dict[str, list[Refresh]] = {}
        self._last_begun = float("-inf")
        self._trouble = Trouble(self._rng)
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """For ever: run it as a supervised task."""
        unsubscribe = (
            self._bus.subscribe(AccountChanged, self._on_account_changed),
            self._bus.subscribe(SettingsChanged, self._on_settings_changed),
        )
        try:
            for number, view in enumerate(self._pool.views(), start=1):
                self._adopt(view)
                if number % _SLICE == 0:
                    await asyncio.sleep(0)  # ten thousand would hold up the streams
            while True:
                self._wake.clear()
                pause_s = self._begin_what_is_due()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause_s):
                        await self._wake.wait()
        finally:
            for stop in unsubscribe:
                stop()

    async def refresh(
        self, account_ids: Iterable[str], on_progress: Progress | None = None
    ) -> RefreshResult:
        """Read now. Cancelling leaves out what has not begun.

        An account that was read a moment ago, or is being read, is not asked twice.
        """
        known = [
            account_id for account_id in dict.fromkeys(account_ids) if account_id in self._pool
        ]
        refresh = Refresh(known, on_progress)
        _, elapsed = self._time.read()
        for account_id in known:
            if self._is_fresh(account_id, elapsed):
                refresh.done(account_id, None)
                continue
            self._asked.setdefault(account_id, []).append(refresh)
            if account_id not in self._reading:
                self._plan.hasten(account_id, elapsed, Urgency.ASKED)
        self._begin_what_is_due()
        self._wake.set()
        try:
            await refresh.finished.wait()
        finally:
            self._withdraw(refresh)
        return refresh.result()

    def on_exhausted(self, account_id: str, _mode: Mode) -> None:
        """A call was refused for its quota: read what is true."""
        _, elapsed = self._time.read()
        earliest = self._begun.get(account_id, float("-inf")) + DEBOUNCE_S
        self._plan.hasten(account_id, max(elapsed + _SOON_S, earliest), Urgency.SOON)
        self._wake.set()

    def wake(self) -> None:
        """The machine woke up or changed networks: what was out of reach may be back."""
        self._trouble.retry_now()
        self._wake.set()

    def _on_account_changed(self, event: AccountChanged) -> None:
        account_id = event.account_id
        if account_id in self._plan or account_id in self._reading:
            return
        if account_id in self._pool:
            self._adopt(self._pool.view(account_id))
            self._wake.set()

    def _on_settings_changed(self, event: SettingsChanged) -> None:
        if not any(key.startswith("quota.") for key in event.keys):
            return
        for account_id in self._plan.routine():
            if account_id not in self._failures and account_id in self._pool:
                self._adopt(self._pool.view(account_id))
        self._wake.set()

    def _adopt(self, view: MemberView) -> None:
        """Plan the first reading of an account."""
        if not _is_eligible(view.account):
            return
        now, elapsed = self._time.read()
        self._plan.put(view.account.id, elapsed + self._timing.first_s(view, now))

    def _begin_what_is_due(self) -> float:
        """The seconds until there is more to do, unless something happens before."""
        now, elapsed = self._time.read()
        gate = self._gate()
        at_once = 1 if self._trouble.is_on else READINGS_AT_ONCE
        while len(self._reading) < at_once:
            least = Urgency.ROUTINE if gate <= elapsed else Urgency.ASKED
            entry = self._plan.take(elapsed, least)
            if entry is None:
                break
            if self._is_wanted(entry.account_id, entry.urgency, now):
                self._begin(entry.account_id, elapsed)
                gate = self._gate()
        due = self._plan.next_due(elapsed)
        if due is None or len(self._reading) >= at_once:
            return _LONGEST_SLEEP_S
        return min(_LONGEST_SLEEP_S, max(due, gate) - elapsed)

    def _gate(self) -> float:
        """Before this moment nothing begins that nobody waits for."""
        return max(self._last_begun + self._timing.pace_s, self._trouble.until)

    def _is_wanted(self, account_id: str, urgency: Urgency, now: float) -> bool:
        """Whether to read it after all; what is not wanted is planned anew or forgotten."""
        if account_id not in self._pool:
            self._forget(account_id)
            return False
        if urgency is Urgency.ASKED:
            return True
        view = self._pool.view(account_id)
        if not _is_eligible(view.account):
            self._forget(account_id)
            return False
        if urgency is Urgency.ROUTINE and was_measured_since(view, now - DEBOUNCE_S, now):
            self._plan_next(view)  # a probe was faster
            return False
        return True

    def _begin(self, account_id: str, elapsed: float) -> None:
        self._reading.add(account_id)
        self._begun[account_id] = self._last_begun = elapsed
        self._tasks.run_soon(self._read_one(account_id, elapsed), name="quota reading")

    async def _read_one(self, account_id: str, begun: float) -> None:
        try:
            await self._read(account_id)
        except GrokdeskError as error:
            self._ended(account_id, begun, error)
        except asyncio.CancelledError:
            self._reading.discard(account_id)
            raise
        except BaseException:
            self._ended(account_id, begun, GrokdeskError("The reading broke off."))
            raise
        else:
            self._ended(account_id, begun, None)

    def _ended(self, account_id: str, begun: float, error: GrokdeskError | None) -> None:
        self._reading.discard(account_id)
        for refresh in self._asked.pop(account_id, ()):
            refresh.done(account_id, error)
        if account_id not in self._pool:
            self._forget(account_id)
        else:
            view = self._pool.view(account_id)
            if error is None:
                self._succeeded(view)
            else:
                self._failed(view, begun, error)
        self._begin_what_is_due()
        self._wake.set()

    def _succeeded(self, view: MemberView) -> None:
        self._trouble.over()
        self._read_at[view.account.id] = self._time.read()[1]
        if self._failures.pop(view.account.id, 0):
            _log.info("The quota of account %s can be read again.", view.account.token_hint)
        self._plan_next(view)

    def _failed(self, view: MemberView, begun: float, error: GrokdeskError) -> None:
        account = view.account
        _, elapsed = self._time.read()
        self._trouble.note(error, begun, elapsed)
        if not _is_eligible(account):
            self._forget(account.id)
        elif is_ours(error):
            self._plan.hasten(account.id, elapsed)
        else:
            count = self._failures[account.id] = self._failures.get(account.id, 0) + 1
            if count == 1:
                _log.info("The quota of account %s cannot be read: %s", account.token_hint, error)
            asked_s = error.retry_after if isinstance(error, UpstreamError) else None
            wait_s = max(backoff_s(count, BACKOFF_S, self._rng), asked_s or 0.0)
            self._plan.hasten(account.id, elapsed + min(wait_s, BACKOFF_S[1]))

    def _plan_next(self, view: MemberView) -> None:
        now, elapsed = self._time.read()
        self._plan.hasten(view.account.id, elapsed + self._timing.next_s(view, now))

    def _is_fresh(self, account_id: str, elapsed: float) -> bool:
        read_at = self._read_at.get(account_id, float("-inf"))
        return elapsed - read_at < CLICK_DEBOUNCE_S and account_id not in self._reading

    def _withdraw(self, refresh: Refresh) -> None:
        for account_id in refresh.pending:
            others = [other for other in self._asked.get(account_id, ()) if other is not refresh]
            if others:
                self._asked[account_id] = others
                continue
            self._asked.pop(account_id, None)
            if account_id in self._plan and account_id in self._pool:
                self._plan.drop(account_id)
                self._adopt(self._pool.view(account_id))

    def _forget(self, account_id: str) -> None:
        self._plan.drop(account_id)
        self._begun.pop(account_id, None)
        self._read_at.pop(account_id, None)
        self._failures.pop(account_id, None)
        for refresh in self._asked.pop(account_id, ()):
            refresh.leave_out(account_id)


def _is_eligible(account: Account) -> bool:
    return account.enabled and account.state is AccountState.READY
