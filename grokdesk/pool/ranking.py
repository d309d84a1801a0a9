"""The order among ready accounts: one pure function per selection algorithm."""

import enum
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass


class Selection(enum.StrEnum):
    HIGH_QUOTA_FIRST = "high_quota_first"
    ROUND_ROBIN = "round_robin"
    RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One account that may serve the call. `remaining_share` is 0..1, 1 when unknown."""

    account_id: str
    tier: int
    remaining_share: float
    in_flight: int
    last_leased: int
    """A counter that grows with every lease; 0: never."""


def pick(candidates: Sequence[Candidate], selection: Selection, rng: random.Random) -> Candidate:
    """Raise ValueError when there is none."""
    if not candidates:
        raise ValueError("no candidate")
    return _ALGORITHMS[selection](candidates, rng)


def _high_quota_first(candidates: Sequence[Candidate], _rng: random.Random) -> Candidate:
    """Spread running calls first; a lower tier before a dearer one when quotas are equal."""
    return min(candidates, key=lambda c: (c.in_flight, -c.remaining_share, c.tier, c.last_leased))


def _round_robin(candidates: Sequence[Candidate], _rng: random.Random) -> Candidate:
    return min(candidates, key=lambda c: c.last_leased)


def _random(candidates: Sequence[Candidate], rng: random.Random) -> Candidate:
    return rng.choice(candidates)


_ALGORITHMS: dict[Selection, Callable[[Sequence[Candidate], random.Random], Candidate]] = {
    Selection.HIGH_QUOTA_FIRST: _high_quota_first,
    Selection.ROUND_ROBIN: _round_robin,
    Selection.RANDOM: _random,
}
