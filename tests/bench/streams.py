"""Streams at the pace of a person who reads fast, and as fast as they go."""

import asyncio
import itertools
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from tests.bench import turn
from tests.bench.client import Answer, connect
from tests.bench.direct import direct
from tests.bench.effort import Effort
from tests.bench.report import Figure, Target, compared
from tests.bench.rig import YARDSTICK, Rig, Subject

_STREAMS = 200
_PACE_MS = 20
_GAP = Target(60.0)
"""ms; upstream's own gap is `_PACE_MS`."""
_CPU = Target(2.0, "ratio")
_FLOOD_STREAMS = 4
_FLOOD_FACTOR = 100
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


@dataclass(frozen=True, slots=True)
class _Kind:
    prompt: str
    streams: int


async def measure(rig: Rig, effort: Effort) -> list[Figure]:
    paced = _Kind(f"!slow {_PACE_MS} !long {effort.stream_chunks}", _STREAMS)
    flood = _Kind(f"!long {effort.stream_chunks * _FLOOD_FACTOR}", _FLOOD_STREAMS)
    paced_runs: dict[str, list[_Run]] = defaultdict(list)
    flood_runs: dict[str, list[_Run]] = defaultdict(list)
    for _ in range(effort.stream_rounds):
        for kind, runs in ((paced, paced_runs), (flood, flood_runs)):
            runs[_DIRECT].append(await _direct(rig, kind))
            for name, subject in rig.subjects.items():
                mark = turn.MARKS[rig.transport] if name == YARDSTICK else _SSE_MARK
                runs[name].append(await _through(subject, kind, mark))
    return [
        figure
        for name in rig.gateways
        for figure in (
            *_paced_figures(f"{rig.transport} {name}", paced_runs, name),
            _flood_figure(f"{rig.transport} {name}", flood_runs, name),
        )
    ]


async def _direct(rig: Rig, kind: _Kind) -> _Run:
    asks = [await direct(rig.transport, rig.simulator.port) for _ in range(kind.streams)]
    mark = turn.MARKS[rig.transport]
    return await _run([partial(ask, kind.prompt) for ask in asks], mark, lambda: 0.0)


async def _through(subject: Subject, kind: _Kind, mark: bytes) -> _Run:
    request = subject.request(kind.prompt, stream=True)
    connections = [await connect(subject.program.port) for _ in range(kind.streams)]
    askers: list[Asker] = [partial(connection.ask, request) for connection in connections]
    try:
        return await _run(askers, mark, subject.program.cpu_s)
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


def _paced_figures(label: str, runs: dict[str, list[_Run]], name: str) -> list[Figure]:
    own, bare = runs[name], runs[YARDSTICK]
    pace = f"{label}: {_STREAMS} streams"
    is_desktop = name == "desktop"
    return [
        compared(
            f"{pace}, CPU per chunk",
            "µs",
            [run.cpu_us for run in own],
            [run.cpu_us for run in bare],
            None if is_desktop else _CPU,
        ),
        Figure(
            f"{pace}, p99 gap",
            statistics.median(run.gap_p99_ms for run in own),
            "ms",
            statistics.median(run.gap_p99_ms for run in bare),
            target=None if is_desktop else _GAP,
        ),
        Figure(
            f"{pace}, p99 gap, added to upstream's own",
            _added_gap(own, runs[_DIRECT]),
            "ms",
            _added_gap(bare, runs[_DIRECT]),
        ),
    ]


def _added_gap(runs: list[_Run], base: list[_Run]) -> float:
    return statistics.median(
        run.gap_p99_ms - bare.gap_p99_ms for run, bare in zip(runs, base, strict=True)
    )


def _flood_figure(label: str, runs: dict[str, list[_Run]], name: str) -> Figure:
    own, bare = ([run.chunks / run.seconds for run in runs[who]] for who in (name, YARDSTICK))
    return compared(f"{label}: flood, chunks per second", "/s", own, bare)
