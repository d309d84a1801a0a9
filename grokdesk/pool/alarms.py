"""When something about an account changes by itself: one heap for the whole pool."""

import heapq
from collections.abc import Iterator

from grokdesk.pool.member import NEVER, Member

_SLACK = 64


class Alarms:
    """At most one alarm counts per member, the earliest; moments are elapsed time.

    Entries that do not count any more are dropped when their time comes, or earlier when they are
    more than those that do.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Member]] = []
        self._live = 0
        """How many members have an alarm."""

    def set(self, member: Member, moment: float) -> None:
        """An earlier alarm of the member stays."""
        if moment >= member.alarm_at:
            return
        self._live += member.alarm_at == NEVER
        member.alarm_at = moment
        heapq.heappush(self._heap, (moment, member.number, member))
        if len(self._heap) > 2 * self._live + _SLACK:
            self._compact()

    def due(self, elapsed: float) -> Iterator[Member]:
        """Each member whose alarm goes off; it has none afterwards."""
        while self._heap and self._heap[0][0] <= elapsed:
            moment, _, member = heapq.heappop(self._heap)
            if moment == member.alarm_at:
                self.cancel(member)
                yield member

    def cancel(self, member: Member) -> None:
        self._live -= member.alarm_at != NEVER
        member.alarm_at = NEVER

    def __len__(self) -> int:
        return len(self._heap)

    def _compact(self) -> None:
        left = {entry[1]: entry for entry in self._heap if entry[0] == entry[2].alarm_at}
        self._heap = list(left.values())
        heapq.heapify(self._heap)
