"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """Bounded counts: a benchmark ends, however slow the machine is."""

    rounds: int
    requests: int
    """Per round and subject, at 16 clients; a third of it at one."""
    first_tokens: int
    stream_rounds: int
    stream_chunks: int
    decay_requests: int
    starts: int


FULL = Effort(
    rounds=7,
    requests=1200,
    first_tokens=300,
    stream_rounds=3,
    stream_chunks=200,
    decay_requests=20_000,
    starts=7,
)
QUICK = Effort(
    rounds=3,
    requests=450,
    first_tokens=80,
    stream_rounds=1,
    stream_chunks=75,
    decay_requests=3_000,
    starts=3,
)
