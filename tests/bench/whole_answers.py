"""Whole answers: requests per second, and CPU time of the gateway for each."""

from dataclasses import dataclass, field

from tests.bench.client import load
from tests.bench.effort import Effort
from tests.bench.report import Figure, Target, compared
from tests.bench.rig import YARDSTICK, Rig, Subject

_CLIENTS = (1, 16)
_HEADLESS = Target(2.5, of="ratio")
_DESKTOP = Target(3.5, of="ratio")
TARGETS = {"asyncio": _HEADLESS, "uvloop": _HEADLESS, "qt": _DESKTOP, "desktop": _DESKTOP}


@dataclass(frozen=True, slots=True)
class _Rounds:
    """One number per round."""

    cpu_ms: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)


async def measure(rig: Rig, effort: Effort) -> list[Figure]:
    figures: list[Figure] = []
    for clients in _CLIENTS:
        requests = effort.requests if clients > 1 else effort.requests // 3
        rounds = {name: _Rounds() for name in rig.subjects}
        for _ in range(effort.rounds):
            for name, subject in rig.subjects.items():
                await _run(subject, requests, clients, rounds[name])
        for name in rig.gateways:
            label = f"{rig.transport} {clients:>2} clients {name}"
            figures += _figures(label, rounds[name], rounds[YARDSTICK], TARGETS[name])
    return figures


async def _run(subject: Subject, requests: int, clients: int, rounds: _Rounds) -> None:
    program = subject.program
    before = program.cpu_s()
    done = await load(program.port, subject.request("Hello"), requests=requests, clients=clients)
    rounds.cpu_ms.append((program.cpu_s() - before) / requests * 1000)
    rounds.rate.append(done.rate())


def _figures(label: str, own: _Rounds, bare: _Rounds, target: Target) -> list[Figure]:
    return [
        compared(f"{label}: CPU per request", "ms", own.cpu_ms, bare.cpu_ms, target),
        compared(f"{label}: requests per second", "/s", own.rate, bare.rate),
    ]
