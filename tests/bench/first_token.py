"""Time to the first token that the gateway adds to a talk with the simulator itself."""

import statistics

from tests.bench import turn
from tests.bench.client import Answer, Connection, connect
from tests.bench.direct import direct
from tests.bench.effort import Effort
from tests.bench.report import Figure, Target
from tests.bench.rig import YARDSTICK, Rig

_DIRECT = "direct"
_SSE_MARK = b"data: {"
_TARGET = Target(5.0)


async def measure(rig: Rig, effort: Effort) -> list[Figure]:
    """One client; everybody in turn, request by request."""
    ask = await direct(rig.transport, rig.simulator.port)
    mark = turn.MARKS[rig.transport]
    marks = {name: mark if name == YARDSTICK else _SSE_MARK for name in rig.subjects}
    connections = {name: await connect(s.program.port) for name, s in rig.subjects.items()}
    requests = {name: s.request("Hello", stream=True) for name, s in rig.subjects.items()}
    times: dict[str, list[float]] = {name: [] for name in (_DIRECT, *rig.subjects)}
    for _ in range(effort.first_tokens):
        times[_DIRECT].append(_first_ms(await ask("Hello"), mark))
        for name, connection in connections.items():
            times[name].append(await _ask(connection, requests[name], marks[name]))
    for connection in connections.values():
        connection.transport.close()
    return [figure for name in rig.gateways for figure in _figures(rig.transport, name, times)]


async def _ask(connection: Connection, request: bytes, mark: bytes) -> float:
    answer = await connection.ask(request)
    answer.expect_ok()
    return _first_ms(answer, mark)


def _first_ms(answer: Answer, mark: bytes) -> float:
    return (answer.chunks(mark)[0][0] - answer.started) * 1000


def _figures(transport: str, name: str, times: dict[str, list[float]]) -> list[Figure]:
    figures: list[Figure] = []
    for quantile, target in ((50, _TARGET), (99, None)):
        base = _percentile(times[_DIRECT], quantile)
        added = _percentile(times[name], quantile) - base
        bare = _percentile(times[YARDSTICK], quantile) - base
        label = f"{transport} {name}: first token, added at p{quantile}"
        figures.append(Figure(label, added, "ms", bare, target=target))
    return figures


def _percentile(values: list[float], quantile: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[quantile - 1]
