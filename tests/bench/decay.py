"""Whether it stays as fast and as small as it was, over many requests."""

from tests.bench.client import load
from tests.bench.effort import Effort
from tests.bench.report import Figure, Target
from tests.bench.rig import lone_gateway

_CLIENTS = 16
_WARM_UP = 500
_TENTHS = 10

_SPEED = Target(0.95, at_least=True)
_GROWTH = Target(10.0)


async def measure(loop: str, transport: str, effort: Effort) -> list[Figure]:
    """The speed is told twice: by the clock, and by CPU time, which neighbours disturb less."""
    async with lone_gateway(loop, transport) as subject:
        program, request = subject.program, subject.request("Hello")
        rss_at_start = program.rss_mb()
        await load(program.port, request, requests=_WARM_UP, clients=_CLIENTS)
        rss_before = program.rss_mb()
        rates, costs = [], []
        for _ in range(_TENTHS):
            requests = effort.decay_requests // _TENTHS
            before = program.cpu_s()
            done = await load(program.port, request, requests=requests, clients=_CLIENTS)
            costs.append(program.cpu_s() - before)
            rates.append(done.rate())
        rss_after = program.rss_mb()
    label = f"{transport} {loop}, {effort.decay_requests} requests"
    return [
        Figure(f"{label}: last tenth to first, by clock", rates[-1] / rates[0], "", target=_SPEED),
        Figure(f"{label}: last tenth to first, by CPU", costs[0] / costs[-1], "", target=_SPEED),
        Figure(f"{label}: RSS growth", rss_after - rss_before, "MB", target=_GROWTH),
        Figure(f"{transport} {loop}: RSS after start", rss_at_start, "MB"),
        Figure(f"{transport} {loop}: RSS after load", rss_after, "MB"),
    ]
