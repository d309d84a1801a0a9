"""From the command to the first healthy answer."""

import statistics
import tempfile
from pathlib import Path

from tests.bench.effort import Effort
from tests.bench.gateway import available
from tests.bench.home import Home
from tests.bench.programs import free_port, running
from tests.bench.report import Figure, Target

_TARGET = Target(1.5)
_NOBODY = "http://127.0.0.1:9"


async def measure(effort: Effort) -> list[Figure]:
    """The first start is not counted: it may have to compile."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = Home.create(Path(folder) / "home", _NOBODY)
        figures = [await _figure("grokdesk serve", ["grokdesk", "serve"], home, effort, _TARGET)]
        if available("desktop"):
            module = ["tests.bench.gateway", "desktop"]
            figures.append(await _figure("the desktop app", module, home, effort, None))
    return figures


async def _figure(
    name: str, module: list[str], home: Home, effort: Effort, target: Target | None
) -> Figure:
    times = []
    for _ in range(effort.starts + 1):
        port = free_port()
        place = ["--port", str(port)] if module[0] == "grokdesk" else [str(port)]
        program = running(
            name, [*module, *place], port, healthy_path="/health", environ=home.environ()
        )
        async with program as started:
            times.append(started.start_s)
    return Figure(
        f"{name}: start to first healthy answer", statistics.median(times[1:]), "s", target=target
    )
