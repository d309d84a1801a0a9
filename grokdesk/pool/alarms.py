"""When something about an account changes by itself: one heap for the whole pool."""

import heapq
from collections.abc import Iterator

from grokdesk.pool.member import NEVER, Member


class Alarms:
    """At most one alarm counts per member, the earliest; moments are elapsed time."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Member]] = []

    def set(self, member: Member, moment: float) -> None:
        """An earlier alarm of the member stays."""
        if moment < member.alarm_at:
            member.alarm_at = moment
            heapq.heappush(self._heap, (moment, member.number, member))

    def due(self, elapsed: float) -> Iterator[Member]:
        """Each member whose alarm goes off; it has none afterwards."""
        while self._heap and self._heap[0][0] <= elapsed:
            moment, _, member = heapq.heappop(self._heap)
            if moment == member.alarm_at:
                member.alarm_at = NEVER
                yield member

    def cancel(self, member: Member) -> None:
        member.alarm_at = NEVER

    def __len__(self) -> int:
        return len(self._heap)
