"""How much patience the gateway has with its clients."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """All in seconds. aiohttp's own: 30 for headers (`keepalive_s`), 8 KB for each of them."""

    body_idle_s: float = 30.0
    """Between two pieces of a body."""
    body_total_s: float = 120.0
    stall_s: float = 60.0
    """A client that takes nothing of its answer for so long is cut."""
    keepalive_s: float = 30.0
