"""How often an API key may be used: exact over any minute and any day, also across restarts."""

import asyncio
import math
from collections import deque
from dataclasses import dataclass

from grokdesk.domain.apikey import ApiKey
from grokdesk.domain.errors import KeyLimitError
from grokdesk.domain.events import ApiKeysChanged
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import Clock
from grokdesk.pool.timekeeper import Timekeeper
from grokdesk.services.apikeys import ApiKeyService
from grokdesk.store.limit_journal import DAY_S, MINUTE_S, LimitJournals

_BUSY_RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """Of the tighter of a key's windows; in `reset_s` seconds all of it is free again."""

    limit: int
    remaining: int
    reset_s: float


class KeyLimits:
    """Counts the accepted requests of keys that have limits; keys without are not known here.

    No method waits, so between looking and counting nothing can come.
    """

    def __init__(
        self, keys: ApiKeyService, journals: LimitJournals, bus: EventBus, clock: Clock
    ) -> None:
        self._keys = keys
        self._journals = journals
        self._time = Timekeeper(clock, self._clock_set_back)
        self._set_back_s = 0.0
        self._counts: dict[str, _Counts] = {}
        bus.subscribe(ApiKeysChanged, self._forget_unlimited)

    async def load(self) -> None:
        """Take over what an earlier process accepted; for the holder of the profile."""
        limited = {key.id: key for key in self._keys.list() if key.has_rate}
        if not limited:
            return
        now, elapsed = self._time.read()
        uses = await asyncio.to_thread(self._journals.read, now, elapsed)
        for at, key_id in sorted(uses):
            if key := limited.get(key_id):
                self._counts_of(key).add(key, elapsed - (now - at))

    def close(self) -> None:
        self._journals.close()

    def take(self, key: ApiKey) -> None:
        """Count one request that begins now; `give_back` when it ends. Raise KeyLimitError."""
        now, elapsed = self._read_time()
        counts = self._counts_of(key)
        if 0 < key.max_concurrent <= counts.running:
            raise KeyLimitError(
                f"The API key '{key.name}' may run {_times(key.max_concurrent)} at once.",
                retry_after=_BUSY_RETRY_S,
            )
        counts.check(key, elapsed)
        if key.has_rate:
            self._journals.append(now, elapsed, key.id, daily=key.requests_per_day > 0)
            counts.add(key, elapsed)
        counts.running += 1

    def give_back(self, key: ApiKey) -> None:
        """A request that was taken has ended."""
        if counts := self._counts.get(key.id):
            counts.running -= 1

    def allowance(self, key: ApiKey) -> Allowance:
        """For a key with a limit per minute or day."""
        return self._counts_of(key).allowance(key, self._read_time()[1])

    def _counts_of(self, key: ApiKey) -> "_Counts":
        counts = self._counts.get(key.id)
        if counts is None:
            counts = self._counts[key.id] = _Counts()
        return counts

    def _forget_unlimited(self, _event: ApiKeysChanged) -> None:
        limited = {key.id for key in self._keys.list() if key.has_limits}
        for key_id in self._counts.keys() - limited:
            if not self._counts[key_id].running:
                del self._counts[key_id]

    def _read_time(self) -> tuple[float, float]:
        now, elapsed = self._time.read()
        if self._set_back_s:
            # Elapsed time goes on as it was; what is written down moves along.
            self._journals.move(self._set_back_s, elapsed)
            self._set_back_s = 0.0
        return now, elapsed

    def _clock_set_back(self, by_s: float) -> None:
        self._set_back_s += by_s


class _Window:
    """The uses within the last `span_s` seconds of elapsed time, at most as many as the limit."""

    __slots__ = ("_name", "_span_s", "_uses")

    def __init__(self, name: str, span_s: float) -> None:
        self._name = name
        self._span_s = span_s
        self._uses: deque[float] = deque()

    def add(self, at: float) -> None:
        self._uses.append(at)

    def check(self, key: ApiKey, limit: int, elapsed: float) -> None:
        """Raise KeyLimitError."""
        uses = self._current(elapsed)
        if len(uses) < limit:
            return
        free_at = uses[len(uses) - limit] + self._span_s
        wait_s = math.ceil(free_at - elapsed)
        raise KeyLimitError(
            f"The API key '{key.name}' is limited to {_times(limit)} per {self._name}; "
            f"it is free again in {duration(wait_s)}.",
            retry_after=wait_s,
        )

    def allowance(self, limit: int, elapsed: float) -> Allowance:
        uses = self._current(elapsed)
        reset_s = uses[-1] + self._span_s - elapsed if uses else 0.0
        return Allowance(limit, max(limit - len(uses), 0), reset_s)

    def _current(self, elapsed: float) -> deque[float]:
        uses, since = self._uses, elapsed - self._span_s
        while uses and uses[0] <= since:
            uses.popleft()
        return uses


class _Counts:
    """What one key has used."""

    __slots__ = ("_day", "_minute", "running")

    def __init__(self) -> None:
        self.running = 0
        self._minute = _Window("minute", MINUTE_S)
        self._day = _Window("day", DAY_S)

    def add(self, key: ApiKey, at: float) -> None:
        if key.requests_per_minute:
            self._minute.add(at)
        if key.requests_per_day:
            self._day.add(at)

    def check(self, key: ApiKey, elapsed: float) -> None:
        """Raise KeyLimitError; that of the day, which is the longer wait, comes first."""
        if key.requests_per_day:
            self._day.check(key, key.requests_per_day, elapsed)
        if key.requests_per_minute:
            self._minute.check(key, key.requests_per_minute, elapsed)

    def allowance(self, key: ApiKey, elapsed: float) -> Allowance:
        windows = (self._minute, key.requests_per_minute), (self._day, key.requests_per_day)
        found = [window.allowance(limit, elapsed) for window, limit in windows if limit]
        return min(found, key=lambda allowance: allowance.remaining)


def duration(seconds: float) -> str:
    """`12s`, `6m0s`, `23h59m58s`."""
    minutes, rest = divmod(math.ceil(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def _times(number: int) -> str:
    return "1 request" if number == 1 else f"{number} requests"
