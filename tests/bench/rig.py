"""Everything that takes part in a measurement, each in its own process."""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from grokdesk.domain.quota import CHAT_MODES
from tests.bench.client import chat_request, connect, load, post
from tests.bench.home import Home
from tests.bench.programs import Program, free_port, running

_WARM_UP = 100
_CLIENTS = 16

YARDSTICK = "yardstick"


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody who answers chat requests: a gateway, or the yardstick."""

    program: Program
    key: str

    def request(self, prompt: str, *, stream: bool = False) -> bytes:
        return chat_request(self.program.port, self.key, prompt, stream=stream)


@dataclass(frozen=True, slots=True)
class Rig:
    """`subjects` by name: the yardstick first, then gateways by their loop."""

    transport: str
    simulator: Program
    subjects: dict[str, Subject] = field(default_factory=dict)

    @property
    def gateways(self) -> dict[str, Subject]:
        return {name: subject for name, subject in self.subjects.items() if name != YARDSTICK}

    @property
    def yardstick(self) -> Subject:
        return self.subjects[YARDSTICK]


@contextlib.asynccontextmanager
async def rig(transport: str, loops: Iterable[str]) -> AsyncIterator[Rig]:
    """All started and warmed up."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        simulator = await stack.enter_async_context(_simulator())
        made = Rig(transport, simulator)
        proxy = await stack.enter_async_context(_yardstick(transport, simulator.origin))
        made.subjects[YARDSTICK] = Subject(proxy, "")
        template = Home.create(folder / "template", simulator.origin)
        for loop in loops:
            home = template.copy(folder / loop)
            program = await stack.enter_async_context(gateway(loop, home, transport))
            made.subjects[loop] = Subject(program, home.key)
        for subject in made.subjects.values():
            await _warm_up(subject)
        yield made


@contextlib.asynccontextmanager
async def lone_gateway(loop: str, transport: str) -> AsyncIterator[Subject]:
    """One gateway and its simulator; cold."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        simulator = await stack.enter_async_context(_simulator())
        home = Home.create(folder / "home", simulator.origin)
        program = await stack.enter_async_context(gateway(loop, home, transport))
        yield Subject(program, home.key)


def gateway(
    loop: str, home: Home, transport: str
) -> contextlib.AbstractAsyncContextManager[Program]:
    port = free_port()
    return running(
        loop,
        ["tests.bench.gateway", loop, str(port)],
        port,
        healthy_path="/health",
        environ=home.environ(transport),
    )


@contextlib.asynccontextmanager
async def _simulator() -> AsyncIterator[Program]:
    port = free_port()
    module = ["grokdesk.simulator", "--port", str(port)]
    async with running("simulator", module, port, healthy_path="/_simulator/stats") as program:
        connection = await connect(port)
        endless = {mode: {"total": 1_000_000_000} for mode in CHAT_MODES}
        script = {"enforce_quotas": False, "quotas": endless}
        answer = await connection.ask(post(port, "/_simulator/script", script))
        answer.expect_ok()
        connection.transport.close()
        yield program


def _yardstick(transport: str, simulator: str) -> contextlib.AbstractAsyncContextManager[Program]:
    port = free_port()
    module = ["tests.bench.yardstick", transport, simulator, str(port)]
    return running(YARDSTICK, module, port, healthy_path="/health")


async def _warm_up(subject: Subject) -> None:
    request = subject.request("Hello")
    await load(subject.program.port, request, requests=_WARM_UP, clients=_CLIENTS)
