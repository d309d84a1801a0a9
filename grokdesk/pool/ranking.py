"""The order among accounts that may serve a call: one pure function per selection algorithm.

Each gives a key; the smallest is taken. A running call makes a key larger and its end makes it
smaller again: `pool.index` relies on that.
"""

import enum
import math
from collections.abc import Callable
from typing import TypeAlias

Key: TypeAlias = tuple[float, ...]
Rank: TypeAlias = Callable[[int, int, float, int, int, float], Key]
"""From (priority, tier, share, in_flight, last_leased, lot). `share` is what remains of the quota,
0..1, and 1 when unknown; `last_leased` counts leases, 0 is never; `lot` is drawn for each lease."""


class Selection(enum.StrEnum):
    HIGH_QUOTA_FIRST = "high_quota_first"
    ROUND_ROBIN = "round_robin"
    RANDOM = "random"


def high_quota_first(
    priority: int, tier: int, share: float, in_flight: int, last_leased: int, _lot: float
) -> Key:
    """A running call weighs like a tenth of the quota; within a tenth, the account that rested
    longest is next, and a lower tier before a dearer one."""
    return (-priority, in_flight - math.ceil(share * 10.0), tier, last_leased)


def round_robin(
    priority: int, _tier: int, _share: float, _in_flight: int, last_leased: int, _lot: float
) -> Key:
    return (-priority, last_leased)


def by_lot(
    priority: int, _tier: int, _share: float, _in_flight: int, _last_leased: int, lot: float
) -> Key:
    return (-priority, lot)


RANKS: dict[Selection, Rank] = {
    Selection.HIGH_QUOTA_FIRST: high_quota_first,
    Selection.ROUND_ROBIN: round_robin,
    Selection.RANDOM: by_lot,
}
