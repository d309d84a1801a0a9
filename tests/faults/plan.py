"""How an exchange shall go: where its bytes are cut, where they stop, and how it ends."""

import enum
from dataclasses import dataclass

from tests.faults.exchanges import Exchange


class End(enum.Enum):
    """What happens where a plan stops."""

    KEEP = "the connection stays"
    FIN = "FIN"
    RST = "RST"
    CLOSE = "a close frame"


@dataclass(frozen=True, slots=True)
class Plan:
    """One exchange as it shall go.

    `cuts` are the offsets between two writes, with `pause_s` after each; at `stop_at` nothing more
    is said; None: all of it is.
    """

    exchange: Exchange
    end: End = End.KEEP
    stop_at: int | None = None
    cuts: tuple[int, ...] = ()
    pause_s: float = 0.0


@dataclass(slots=True)
class Played:
    """One chat request and how far its plan got. Times are those of time.monotonic."""

    token: str
    path: str
    at: float
    said: int = 0
    complete: bool = False
    left_at: float | None = None
    """When the client was seen to have closed the connection."""
