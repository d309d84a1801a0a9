"""However the bytes of a reply are split on their way, the client gets the same."""

import itertools
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.faults.client import Answer
from tests.faults.exchanges import EXCHANGES, REST, Exchange, with_line_ends
from tests.faults.lane import ONE_TRY, open_lane
from tests.faults.plan import Plan

RANDOM_SPLITS = 8
MOST_PAUSES = 50


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
async def test_any_split_gives_the_same_answer(exchange: Exchange, tmp_path: Path) -> None:
    async with open_lane(tmp_path, exchange.transport, settings=ONE_TRY) as lane:
        for stream in (True, False):
            whole = _seen(await lane.play_whole(exchange, stream=stream))
            for name, cuts in _splits(exchange):
                answer, _ = await lane.play(Plan(exchange, cuts=tuple(cuts)), stream=stream)
                assert _seen(answer) == whole, name


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n\n", b"\r\n\r\n", b"\n: comment\n"], ids=repr)
async def test_line_ends_change_nothing(line_end: bytes, tmp_path: Path) -> None:
    async with open_lane(tmp_path, "rest", settings=ONE_TRY) as lane:
        for exchange in (e for e in REST if e.name.endswith(".ndjson chunked")):
            whole = _seen(await lane.play_whole(exchange, stream=True))
            other = with_line_ends(exchange, line_end)
            for cuts in ((), range(1, other.size)):
                answer, _ = await lane.play(Plan(other, cuts=tuple(cuts)))
                assert _seen(answer) == whole, exchange.name


async def test_frames_come_one_by_one_or_all_at_once(tmp_path: Path) -> None:
    """A pause after each frame lets the gateway send each piece on by itself."""
    for transport in ("rest", "mgw"):
        async with open_lane(tmp_path / transport, transport, settings=ONE_TRY) as lane:
            for exchange in (e for e in EXCHANGES if e.transport == transport):
                whole = _seen(await lane.play_whole(exchange, stream=True))
                cuts = tuple(_frame_ends(exchange))
                answer, _ = await lane.play(Plan(exchange, cuts=cuts, pause_s=0.002))
                assert _seen(answer) == whole, exchange.name


def _seen(answer: Answer) -> tuple[object, ...]:
    return answer.status, answer.events, answer.code, answer.text, answer.reasoning


def _splits(exchange: Exchange) -> Iterator[tuple[str, Iterable[int]]]:
    yield "byte by byte", range(1, exchange.size)
    yield "inside characters", _inside_characters(exchange.data)
    yield "inside line ends", (at for at, byte in enumerate(exchange.data) if byte == b"\n"[0])
    rng = random.Random(exchange.name)
    for number in range(RANDOM_SPLITS):
        count = rng.choice((1, 2, 5, 20, 100))
        cuts = rng.sample(range(1, exchange.size), min(count, exchange.size - 1))
        yield f"at random {number}", sorted(cuts)


def _inside_characters(data: bytes) -> Iterable[int]:
    """Before each byte that continues a character, and beside each joiner of an emoji."""
    continued = {at for at, byte in enumerate(data) if byte & 0xC0 == 0x80}
    joiners = (at for at in continued if data.startswith("\u200d".encode(), at - 1))
    return sorted(continued.union(itertools.chain.from_iterable((a - 1, a + 2) for a in joiners)))


def _frame_ends(exchange: Exchange) -> Iterable[int]:
    data = exchange.data
    ends = [at + 2 for at in range(len(data) - 2) if data.startswith((b"}\n", b"}}"), at)]
    return ends[:: len(ends) // MOST_PAUSES + 1]
