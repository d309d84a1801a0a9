"""Streams at the pace of a person who reads fast, and as fast as they go."""

import asyncio
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from tests.bench import turn
from tests.bench.client import Answer, connect
from tests.bench.direct import direct
from tests.bench.effort import Effort
from tests.bench.report import Figure
from tests.bench.rig import YARDSTICK, Rig, Subject

_STREAMS = 20
_PACE_MS = 20
_FLOOD_STREAMS = 4
_FLOOD_FACTOR = 25
_SSE_MARK = b"data: {"
_DIRECT = "direct"

Asker = Callable[[], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class _Run:
    chunks: int
    seconds: float
    cpu_us: float
    """Per chunk."""
    gap_p99_ms: float


async def measure(rig: Rig, effort: Effort) -> list[Figure]:
    paced = f"!slow {_PACE_MS} !long {effort.stream_chunks}"
    flood = f"!long {effort.stream_chunks * _FLOOD_FACTOR}"
    paced_runs = {_DIRECT: await _direct(rig, paced, _STREAMS)}
    flood_runs = {_DIRECT: await _direct(rig, flood, _FLOOD_STREAMS)}
    for name, subject in rig.subjects.items():
        paced_runs[name] = await _through(subject, paced, _STREAMS)
        flood_runs[name] = await _through(subject, flood, _FLOOD_STREAMS)
    return [
        figure
        for name in rig.gateways
        for figure in (
            *_paced_figures(f"{rig.transport} {name}", paced_runs, name),
            *_flood_figures(f"{rig.transport} {name}", flood_runs, name),
        )
    ]


async def _direct(rig: Rig, prompt: str, streams: int) -> _Run:
    asks = [await direct(rig.transport, rig.simulator.port) for _ in range(streams)]
    mark = turn.MARKS[rig.transport]
    return await _run([partial(ask, prompt) for ask in asks], mark, lambda: 0.0)


async def _through(subject: Subject, prompt: str, streams: int) -> _Run:
    request = subject.request(prompt, stream=True)
    connections = [await connect(subject.program.port) for _ in range(streams)]
    askers: list[Asker] = [partial(connection.ask, request) for connection in connections]
    try:
        return await _run(askers, _SSE_MARK, subject.program.cpu_s)
    finally:
        for connection in connections:
            connection.transport.close()


async def _run(askers: list[Asker], mark: bytes, cpu_s: Callable[[], float]) -> _Run:
    cpu_before, started = cpu_s(), time.perf_counter()
    answers = await asyncio.gather(*(ask() for ask in askers))
    seconds, cpu = time.perf_counter() - started, cpu_s() - cpu_before
    for answer in answers:
        answer.expect_ok()
    arrivals = [answer.chunks(mark) for answer in answers]
    chunks = sum(count for stream in arrivals for _, count in stream)
    gaps = [
        after - before
        for stream in arrivals
        for (before, _), (after, _) in itertools.pairwise(stream)
    ]
    p99 = statistics.quantiles(gaps, n=100)[98] if len(gaps) > 1 else 0.0
    return _Run(chunks, seconds, cpu / chunks * 1e6, p99 * 1000)


def _paced_figures(label: str, runs: dict[str, _Run], name: str) -> list[Figure]:
    own, bare, base = runs[name], runs[YARDSTICK], runs[_DIRECT]
    pace = f"{label}: {_STREAMS} streams"
    return [
        Figure(f"{pace}, CPU per chunk", own.cpu_us, "µs", bare.cpu_us, own.cpu_us / bare.cpu_us),
        Figure(
            f"{pace}, p99 gap, added",
            own.gap_p99_ms - base.gap_p99_ms,
            "ms",
            bare.gap_p99_ms - base.gap_p99_ms,
        ),
    ]


def _flood_figures(label: str, runs: dict[str, _Run], name: str) -> list[Figure]:
    own, bare = runs[name], runs[YARDSTICK]
    rate, bare_rate = own.chunks / own.seconds, bare.chunks / bare.seconds
    return [Figure(f"{label}: flood, chunks per second", rate, "/s", bare_rate, rate / bare_rate)]
