"""What a pool has to do, written from the requirements: dictionaries, loops, no cleverness.

It knows nothing of heaps, alarms or clocks: its one time `t` is the time that really passed, sleep
included. Slow and obvious on purpose; `world` compares the pool with it after every operation.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from grokdesk.domain.account import Account, AccountState, Tier
from grokdesk.domain.quota import CHAT_MODES, MEDIA_MODES, Mode, QuotaWindow
from tests.pool.circuit import Circuit
from tests.pool.endings import ENDINGS, Ending

FREE_FAILURES = 2
FIRST_REST_S = 5.0
LONGEST_REST_S = 1800.0
SEALED_S = 5.0
UNKNOWN_WINDOW_S = 600.0
IMAGE_REST_S = 300.0
DAY_S = 86_400.0
_LASTING = {"expired": AccountState.EXPIRED, "blocked": AccountState.BLOCKED}


@dataclass
class Quota:
    """One window; `resets` is a moment of `t`."""

    total: int
    left: int
    length_s: float
    resets: float | None = None
    asked_to_wait: bool = False

    def rest(self, t: float) -> float:
        """How long no call is left."""
        return self.resets - t if self.left == 0 and self.resets is not None else 0.0

    @property
    def share(self) -> float:
        return self.left / self.total if self.total else 1.0


@dataclass
class Known:
    """One account. Calls are known by their serial numbers."""

    account: Account
    joined: int
    running: set[int] = field(default_factory=set)
    sent: dict[Mode, list[int]] = field(default_factory=dict)
    refundable: dict[Mode, set[int]] = field(default_factory=dict)
    quotas: dict[Mode, Quota] = field(default_factory=dict)
    failures: int = 0
    began: dict[int, float] = field(default_factory=dict)
    """When each running call began."""
    counted_at: float = float("-inf")
    rests_until: float = 0.0
    sealed_until: float = 0.0
    last_call: int = 0

    @property
    def tier(self) -> Tier:
        return self.account.tier or Tier.BASIC

    @property
    def usable(self) -> bool:
        return self.account.enabled and self.account.state is AccountState.READY

    def cap(self, general: int) -> int:
        return self.account.max_in_flight or general

    def counting(self, mode: Mode) -> list[Quota]:
        """The windows that limit this mode: weekly credits replace those of the chat modes, but a
        refusal holds whatever the credits say."""
        own, weekly = self.quotas.get(mode), self.quotas.get(Mode.WEEKLY)
        if weekly is None or mode not in CHAT_MODES:
            return [] if own is None else [own]
        refused = own is not None and (own.asked_to_wait or own.total == 0)
        return [own, weekly] if own is not None and refused else [weekly]

    def share(self, mode: Mode) -> float:
        replaced = mode in CHAT_MODES and Mode.WEEKLY in self.quotas
        quota = self.quotas.get(Mode.WEEKLY if replaced else mode)
        return 1.0 if quota is None else quota.share

    def rest(self, mode: Mode, t: float) -> float:
        """How long time alone keeps it from serving."""
        quota_rests = (quota.rest(t) for quota in self.counting(mode))
        return max(0.0, self.rests_until - t, self.sealed_until - t, *quota_rests)

    def is_eligible(self, mode: Mode, t: float, general_cap: int) -> bool:
        if not self.usable or self.rest(mode, t) > 0:
            return False
        if self.failures > FREE_FAILURES and self.running:
            return False  # half open: one call finds out
        return len(self.running) < self.cap(general_cap)


@dataclass(frozen=True)
class Demand:
    """What is asked of the pool; `exclude` does not count where `among` is given."""

    mode: Mode
    floor: Tier = Tier.BASIC
    exclude: frozenset[str] = frozenset()
    among: frozenset[str] | None = None
    prefer: str | None = None

    def admits(self, known: Known) -> bool:
        name = known.account.id
        if known.tier < self.floor:
            return False
        return name not in self.exclude if self.among is None else name in self.among


class Oracle:
    def __init__(self, cap: int) -> None:
        self.t = 0.0
        self.cap = cap
        self.known: dict[str, Known] = {}
        self.circuit = Circuit()
        self._joined = 0

    def move(self, seconds: float) -> None:
        """Time passed, or the machine slept."""
        self.t += seconds
        for known in self.known.values():
            for mode, quota in known.quotas.items():
                if quota.resets is not None and quota.resets <= self.t:
                    quota.left, quota.resets, quota.asked_to_wait = quota.total, None, False
                    known.refundable.pop(mode, None)  # spent in a window that is gone

    def put(self, account: Account, windows: Iterable[QuotaWindow] | None, now: float) -> None:
        known = self.known.get(account.id)
        if known is None:
            self._joined += 1
            known = self.known[account.id] = Known(account, self._joined)
        known.account = account
        known.sealed_until = 0.0
        if windows is not None:
            known.quotas = {window.mode: self._quota(window, now) for window in windows}

    def remove(self, account_id: str) -> None:
        del self.known[account_id]

    def forgive(self, account_id: str) -> None:
        known = self.known[account_id]
        known.failures, known.rests_until, known.sealed_until = 0, 0.0, 0.0
        known.counted_at = float("-inf")

    def eligible(self, demand: Demand) -> list[Known]:
        """Who may serve it now, of the highest priority."""
        able = [
            known
            for known in self.known.values()
            if demand.admits(known) and known.is_eligible(demand.mode, self.t, self.cap)
        ]
        top = max((known.account.priority for known in able), default=0)
        return [known for known in able if known.account.priority == top]

    def somebody_untried(self, demand: Demand) -> bool:
        return any(known.usable and demand.admits(known) for known in self.known.values())

    def rest_of_all(self, demand: Demand) -> float | None:
        """How long to wait for one that only needs time; None: waiting does not help.

        Where all were tried, it is about those.
        """
        if demand.exclude and not self.somebody_untried(demand):
            demand = replace(demand, exclude=frozenset())
        return min(
            (
                known.rest(demand.mode, self.t)
                for known in self.known.values()
                if known.usable and demand.admits(known)
            ),
            default=None,
        )

    def lease(self, account_id: str, mode: Mode, serial: int) -> None:
        known = self.known[account_id]
        known.running.add(serial)
        known.began[serial] = self.t
        known.sent.setdefault(mode, []).append(serial)
        known.refundable.setdefault(mode, set()).add(serial)
        known.last_call = serial
        self.circuit.passed(serial)
        quota = known.quotas.get(mode)
        if quota is None or quota.total == 0:
            return
        if quota.resets is None:
            quota.resets = self.t + quota.length_s
        if mode is not Mode.WEEKLY:
            quota.left = max(0, quota.left - 1)

    def settle(
        self, account_id: str, joined: int, mode: Mode, serial: int, error: BaseException | None
    ) -> None:
        """`joined`: which membership it was, the account may have left and come back."""
        usable = sum(known.usable for known in self.known.values())
        self.circuit.ended(serial, account_id, error, self.t, usable)
        known = self.known.get(account_id)
        if known is None or known.joined != joined:
            return
        known.running.remove(serial)
        began = known.began.pop(serial)
        ending = ENDINGS[type(error)]
        if ending.quota == "refunded":
            self._refund(known, mode, serial)
        elif ending.quota == "zero":
            self._exhaust(known, mode, getattr(error, "retry_after", None))
        self._change(known, ending, began)

    def ticket(self, account_id: str) -> dict[Mode, int]:
        return {mode: len(sent) for mode, sent in self.known[account_id].sent.items()}

    def observe(
        self,
        account_id: str,
        before: Mapping[Mode, int],
        readings: Iterable[QuotaWindow],
        absent: Iterable[Mode],
        now: float,
    ) -> None:
        known = self.known[account_id]
        for reading in readings:
            since = known.sent.get(reading.mode, [])[before.get(reading.mode, 0) :]
            self._read(known, reading, since, now)
        for mode in absent:
            known.quotas.pop(mode, None)

    def _read(self, known: Known, reading: QuotaWindow, since: list[int], now: float) -> None:
        mode = reading.mode
        new, old = self._quota(reading, now), known.quotas.get(mode)
        if mode in MEDIA_MODES and old is not None:
            new.total = max(old.total, new.total)  # upstream does not tell it
        if old is not None and old.asked_to_wait and old.resets is not None:
            later = new.resets is not None and new.resets >= old.resets
            if new.left > 0 or not later:  # upstream asked us to wait, and it is not over
                new.left, new.resets, new.asked_to_wait = 0, old.resets, True
                known.refundable[mode] = set()
                known.quotas[mode] = new
                return
        if since and mode is not Mode.WEEKLY:
            new.left = max(0, new.left - len(since))
            if new.resets is None:
                new.resets = self.t + new.length_s
        known.refundable[mode] = set(since)
        known.quotas[mode] = new

    def _quota(self, window: QuotaWindow, now: float) -> Quota:
        resets = None if window.resets_at is None else self.t + window.resets_at - now
        return Quota(window.total, window.remaining, window.window_s, resets)

    def _refund(self, known: Known, mode: Mode, serial: int) -> None:
        quota = known.quotas.get(mode)
        refundable = known.refundable.get(mode, set())
        if quota is not None and serial in refundable and mode is not Mode.WEEKLY:
            quota.left = min(quota.total, quota.left + 1)
        refundable.discard(serial)

    def _exhaust(self, known: Known, mode: Mode, retry_after: float | None) -> None:
        if retry_after is None and mode in CHAT_MODES and Mode.WEEKLY in known.quotas:
            retry_after = UNKNOWN_WINDOW_S  # the credits tell no reset of this mode
        length_s = IMAGE_REST_S if mode is Mode.IMAGE_PRO else UNKNOWN_WINDOW_S
        quota = known.quotas.setdefault(mode, Quota(0, 0, length_s))
        quota.left = 0
        known.refundable[mode] = set()
        if retry_after is not None:
            wait_s = min(max(1.0, retry_after), max(DAY_S, quota.length_s))
            quota.resets, quota.asked_to_wait = self.t + wait_s, True
        elif quota.resets is None:
            quota.resets = self.t + quota.length_s

    def _change(self, known: Known, ending: Ending, began: float) -> None:
        if ending.account == "well":
            known.failures, known.rests_until, known.counted_at = 0, 0.0, float("-inf")
        elif ending.account == "cooled":
            if began < known.counted_at:
                return  # it broke together with a call that was counted
            known.failures += 1
            known.counted_at = self.t
            if known.failures > FREE_FAILURES:
                rest_s = FIRST_REST_S * 2 ** min(known.failures - FREE_FAILURES - 1, 16)
                known.rests_until = self.t + min(LONGEST_REST_S, rest_s)
        elif ending.account == "sealed":
            known.sealed_until = self.t + SEALED_S
        elif ending.account in _LASTING:
            known.account = replace(known.account, state=_LASTING[ending.account])
