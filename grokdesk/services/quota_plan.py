"""Whose quota is read next: a heap of what is to come, and what is due by its urgency."""

import enum
import heapq
import itertools
from collections import deque
from typing import NamedTuple

_SLACK = 64


class Urgency(enum.IntEnum):
    """Smaller goes first."""

    ASKED = 0
    """Somebody waits for it."""
    SOON = 1
    """The figures are known to be wrong."""
    ROUTINE = 2


class Entry(NamedTuple):
    due: float
    number: int
    """Makes every entry different, and keeps the order of those due together."""
    account_id: str
    urgency: Urgency


class ReadingPlan:
    """At most one entry per account counts; moments are elapsed time."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._waiting: list[Entry] = []
        self._due: dict[Urgency, deque[Entry]] = {urgency: deque() for urgency in Urgency}
        self._numbers = itertools.count()

    def put(self, account_id: str, due: float, urgency: Urgency = Urgency.ROUTINE) -> None:
        """Instead of what was planned for the account."""
        entry = Entry(due, next(self._numbers), account_id, urgency)
        self._entries[account_id] = entry
        heapq.heappush(self._waiting, entry)
        if self.size > 2 * len(self._entries) + _SLACK:
            self._tidy()

    def hasten(self, account_id: str, due: float, urgency: Urgency = Urgency.ROUTINE) -> None:
        """Not later and not less urgently than this."""
        planned = self._entries.get(account_id)
        if planned is not None:
            due = min(due, planned.due)
            urgency = min(urgency, planned.urgency)
            if (due, urgency) == (planned.due, planned.urgency):
                return
        self.put(account_id, due, urgency)

    def drop(self, account_id: str) -> None:
        self._entries.pop(account_id, None)

    def take(self, elapsed: float, least: Urgency = Urgency.ROUTINE) -> Entry | None:
        """The most urgent of what is due, and no longer planned; nothing below `least`."""
        self._collect(elapsed)
        for urgency in Urgency:
            if urgency > least:
                break
            queue = self._due[urgency]
            while queue:
                entry = queue.popleft()
                if self._counts(entry):
                    del self._entries[entry.account_id]
                    return entry
        return None

    def next_due(self, elapsed: float) -> float | None:
        """When the next reading is due, `elapsed` if one is now; None: nothing is planned."""
        self._collect(elapsed)
        for queue in self._due.values():
            while queue and not self._counts(queue[0]):
                queue.popleft()
            if queue:
                return elapsed
        return self._waiting[0].due if self._waiting else None

    def routine(self) -> list[str]:
        """The accounts with nothing urgent planned."""
        return [
            entry.account_id for entry in self._entries.values() if entry.urgency is Urgency.ROUTINE
        ]

    @property
    def size(self) -> int:
        """Entries kept, those that no longer count included."""
        return len(self._waiting) + sum(map(len, self._due.values()))

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, account_id: object) -> bool:
        return account_id in self._entries

    def _collect(self, elapsed: float) -> None:
        """Leaves an entry that counts at the front of the heap, or none."""
        while self._waiting:
            entry = self._waiting[0]
            if not self._counts(entry):
                heapq.heappop(self._waiting)
            elif entry.due <= elapsed:
                heapq.heappop(self._waiting)
                self._due[entry.urgency].append(entry)
            else:
                return

    def _counts(self, entry: Entry) -> bool:
        return self._entries.get(entry.account_id) is entry

    def _tidy(self) -> None:
        self._waiting = [entry for entry in self._waiting if self._counts(entry)]
        heapq.heapify(self._waiting)
        for urgency, queue in self._due.items():
            self._due[urgency] = deque(entry for entry in queue if self._counts(entry))
