"""Whether it stays as fast and as small as it was, over many requests."""

import statistics

from tests.bench.client import load
from tests.bench.effort import Effort
from tests.bench.report import Figure, Target
from tests.bench.rig import lone_gateway

_CLIENTS = 16
_WARM_UP = 500
_SLICES = 100
_TENTH = _SLICES // 10

_SPEED = Target(0.95, at_least=True)
_GROWTH = Target(10.0)


async def measure(loop: str, transport: str, effort: Effort) -> list[Figure]:
    """The speed of a tenth is the median of its slices: neighbours on the machine come and go."""
    async with lone_gateway(loop, transport) as subject:
        program, request = subject.program, subject.request("Hello")
        rss_at_start = program.rss_mb()
        await load(program.port, request, requests=_WARM_UP, clients=_CLIENTS)
        rss_before = program.rss_mb()
        rates, costs = [], []
        for _ in range(_SLICES):
            requests = effort.decay_requests // _SLICES
            before = program.cpu_s()
            done = await load(program.port, request, requests=requests, clients=_CLIENTS)
            costs.append(program.cpu_s() - before)
            rates.append(done.rate())
        rss_after = program.rss_mb()
    label = f"{transport} {loop}, {effort.decay_requests} requests"
    return [
        Figure(f"{label}: last tenth to first, by clock", _last_to_first(rates), "", target=_SPEED),
        Figure(
            f"{label}: last tenth to first, by CPU", 1 / _last_to_first(costs), "", target=_SPEED
        ),
        Figure(f"{label}: RSS growth", rss_after - rss_before, "MB", target=_GROWTH),
        Figure(f"{transport} {loop}: RSS after start", rss_at_start, "MB"),
        Figure(f"{transport} {loop}: RSS after load", rss_after, "MB"),
    ]


def _last_to_first(slices: list[float]) -> float:
    return statistics.median(slices[-_TENTH:]) / statistics.median(slices[:_TENTH])
