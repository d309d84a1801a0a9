"""python -m grokdesk.simulator: an offline grok.com in its own process."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence

import msgspec

from grokdesk.simulator.flaresolverr import FakeFlareSolverr
from grokdesk.simulator.server import Simulator


def main(argv: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    asyncio.run(
        _run(
            args.port,
            demo=args.demo,
            json_stats=args.json_stats,
            with_solver=args.flaresolverr,
        )
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m grokdesk.simulator",
        description="Runs an offline grok.com on 127.0.0.1 and prints its origin.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose")
    parser.add_argument("--demo", action="store_true", help="marked answers at a human pace")
    parser.add_argument(
        "--json-stats", action="store_true", help="print the counters as JSON at the end"
    )
    parser.add_argument(
        "--flaresolverr", action="store_true", help="run one, too, and print its origin"
    )
    return parser


async def _run(port: int, *, demo: bool, json_stats: bool, with_solver: bool) -> None:
    stop = asyncio.Event()
    _on_signals(stop)
    simulator = Simulator(demo=demo)
    solver = FakeFlareSolverr(simulator.script)
    _print_line(await simulator.start(port=port))
    if with_solver:
        _print_line(await solver.start())
    try:
        await stop.wait()
    finally:
        await solver.stop()
        await simulator.stop()
    if json_stats:
        _print_line(msgspec.json.encode(simulator.stats.snapshot()).decode())


def _on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))


def _print_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
