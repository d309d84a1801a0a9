"""python -m tests.bench: what the gateway costs beside a bare proxy on aiohttp.

Simulator, gateway and client are processes of their own on the loopback. Absolute times depend on
the machine; ratios are between neighbours of the same round. A missed target is no failure.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench import decay, first_token, start, streams, whole_answers
from tests.bench.client import AnswerError
from tests.bench.effort import FULL, QUICK, Effort
from tests.bench.gateway import LOOPS, available
from tests.bench.programs import ProgramError
from tests.bench.report import Figure, as_json, table
from tests.bench.rig import rig

_TRANSPORTS = ("rest", "mgw")
_SIDE_BY_SIDE = {
    "requests": whole_answers.measure,
    "first-token": first_token.measure,
    "streams": streams.measure,
}
_ALONE = ("decay", "start")
_NAMES = (*_SIDE_BY_SIDE, *_ALONE)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    effort = QUICK if arguments.quick else FULL
    loops = [loop for loop in arguments.loop or LOOPS if available(loop)]
    try:
        with asyncio.Runner(loop_factory=_fast_loop()) as runner:
            figures = runner.run(_measure(arguments.only or _NAMES, loops, effort))
    except (ProgramError, AnswerError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(table(figures))
    if arguments.json is not None:
        arguments.json.write_bytes(as_json(figures))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=(__doc__ or "").partition("\n\n")[2]
    )
    parser.add_argument("--quick", action="store_true", help="two minutes instead of ten")
    parser.add_argument("--only", action="append", choices=_NAMES, help="may be repeated")
    parser.add_argument("--loop", action="append", choices=LOOPS, help="may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """For the client: what it does not use is left for those it measures."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _measure(names: Sequence[str], loops: Sequence[str], effort: Effort) -> list[Figure]:
    figures: list[Figure] = []
    side_by_side = [name for name in _SIDE_BY_SIDE if name in names]
    for transport in _TRANSPORTS if side_by_side else ():
        async with rig(transport, loops) as subjects:
            for name in side_by_side:
                _tell(f"{name}, {transport}")
                figures += await _SIDE_BY_SIDE[name](subjects, effort)
    if "decay" in names:
        for loop in loops:
            for transport in _TRANSPORTS:
                _tell(f"decay, {transport} {loop}")
                figures += await decay.measure(loop, transport, effort)
    if "start" in names:
        _tell("start")
        figures += await start.measure(effort)
    return figures


def _tell(what: str) -> None:
    print(f"measuring {what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
