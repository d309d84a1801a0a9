"""The best account for a mode, found in logarithmic time whatever the size of the pool.

One heap per mode and tier. A lease only makes a key larger, so an entry may claim too good a place:
it is corrected when it gets to the front. Whatever makes an account better (a call ends, a quota is
renewed) places it anew. A mode costs nothing until it is asked for the first time.
"""

import heapq
import random
from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple, TypeAlias

from grokdesk.domain.account import Tier
from grokdesk.domain.quota import Mode
from grokdesk.pool.member import Member
from grokdesk.pool.ranking import Key, Rank

Entry: TypeAlias = list[Any]
"""[key, number, member, heap]; counts only while it is the one in the member's `entries`."""

_SLACK = 64


class Moment(NamedTuple):
    """Unix time, elapsed time, and how many calls an account runs at once."""

    now: float
    elapsed: float
    cap: int


class _Heap:
    """`live` of the entries count; the others are dropped when they get to the front."""

    __slots__ = ("entries", "live")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.live = 0

    def push(self, entry: Entry) -> None:
        self.live += 1
        heapq.heappush(self.entries, entry)

    def compact(self, mode: Mode) -> None:
        """Once more entries are dead than alive, so that it costs nothing on average."""
        if len(self.entries) > 2 * self.live + _SLACK:
            self.entries = [e for e in self.entries if e[2].entries.get(mode) is e]
            heapq.heapify(self.entries)


class Index:
    """`on_wait` hears of accounts that were found unable to serve now."""

    def __init__(self, rank: Rank, rng: random.Random, on_wait: Callable[[Member], None]) -> None:
        self._rank = rank
        self._rng = rng
        self._on_wait = on_wait
        self._heaps: dict[Mode, dict[Tier, _Heap]] = {}
        self._drawn: dict[Mode, float] = {}
        """The last lot drawn, by mode."""

    def covers(self, mode: Mode) -> bool:
        return mode in self._heaps

    def cover(self, mode: Mode, members: Iterable[Member], moment: Moment) -> None:
        """From now on this mode is asked for."""
        self._heaps[mode] = {tier: _Heap() for tier in Tier}
        self._drawn[mode] = 0.0
        for member in members:
            self._place(member, mode, moment)

    def rebuild(self, rank: Rank, members: Collection[Member], moment: Moment) -> None:
        """After a change that concerns everybody."""
        self._rank = rank
        for member in members:
            member.entries.clear()
            member.lots.clear()
        for mode in tuple(self._heaps):
            self.cover(mode, members, moment)

    def place(self, member: Member, moment: Moment) -> None:
        """After a change for the better, or one of tier, priority or state."""
        for mode in self._heaps:
            self._place(member, mode, moment)

    def forget(self, member: Member) -> None:
        for mode in tuple(member.entries):
            _take_out(member, mode)

    def best(
        self, mode: Mode, floor: Tier, exclude: Collection[str], moment: Moment
    ) -> Member | None:
        """None when nobody can serve now."""
        aside: list[Entry] = []
        best: Entry | None = None
        for tier, heap in self._heaps[mode].items():
            if tier < floor:
                continue
            entry = self._front(heap, mode, exclude, aside, moment)
            if entry is not None and (best is None or entry < best):
                best = entry
        for entry in aside:
            heapq.heappush(entry[3].entries, entry)
        if best is None:
            return None
        member: Member = best[2]
        return member

    def leased(self, member: Member, mode: Mode) -> None:
        """Its next lot is drawn as in a race of Poisson processes, which has no memory: each of
        the others is as likely to be next as before."""
        if mode in member.lots:
            self._drawn[mode] = max(self._drawn[mode], member.lots[mode])
            self._draw(member, mode)

    def key(self, member: Member, mode: Mode, now: float) -> Key:
        account = member.account
        lot = member.lots.get(mode)
        if lot is None:
            lot = self._draw(member, mode)
        return self._rank(
            account.priority,
            account.effective_tier,
            member.share(mode, now),
            member.in_flight,
            member.last_leased,
            lot,
        )

    def _draw(self, member: Member, mode: Mode) -> float:
        lot = member.lots[mode] = self._drawn[mode] + self._rng.expovariate(1.0)
        return lot

    def _place(self, member: Member, mode: Mode, moment: Moment) -> None:
        entry = member.entries.get(mode)
        if member.free_at(mode, moment.now, moment.elapsed, moment.cap) > moment.elapsed:
            if entry is not None:
                _take_out(member, mode)
            return
        if entry is None:
            member.lots.pop(mode, None)  # it was away: its old lot has passed
        heap = self._heaps[mode][member.account.effective_tier]
        key = self.key(member, mode, moment.now)
        if entry is not None:
            if entry[0] <= key and entry[3] is heap:
                return  # corrected when it gets to the front
            _take_out(member, mode)
        member.entries[mode] = entry = [key, member.number, member, heap]
        heap.push(entry)
        heap.compact(mode)

    def _front(
        self,
        heap: _Heap,
        mode: Mode,
        exclude: Collection[str],
        aside: list[Entry],
        moment: Moment,
    ) -> Entry | None:
        entries = heap.entries
        while entries:
            entry = entries[0]
            member: Member = entry[2]
            if member.entries.get(mode) is not entry:
                heapq.heappop(entries)
            elif member.free_at(mode, moment.now, moment.elapsed, moment.cap) > moment.elapsed:
                heapq.heappop(entries)
                _take_out(member, mode)
                self._on_wait(member)
            elif member.account.id in exclude:
                aside.append(heapq.heappop(entries))
            elif (key := self.key(member, mode, moment.now)) != entry[0]:
                entry[0] = key
                heapq.heapreplace(entries, entry)
            else:
                return entry
        return None


def _take_out(member: Member, mode: Mode) -> None:
    """The entry stays in its heap and counts no more."""
    entry = member.entries.pop(mode)
    entry[3].live -= 1
