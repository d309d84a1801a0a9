"""An upstream that falls silent: an error in time, and signs of life until then."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.exchanges import MGW, REST, Exchange, Transport
from tests.faults.lane import TOKENS, Lane, open_lane
from tests.faults.plan import Plan
from tests.faults.upstream import full_listener

CONNECT_S = 3.0
FIRST_BYTE_S = 1.0
IDLE_S = 1.5
TOLERANCE_S = 1.0
"""Includes what a loaded machine adds."""
PATIENCE = {
    "upstream_connect_timeout_s": str(CONNECT_S),
    "upstream_first_byte_timeout_s": str(FIRST_BYTE_S),
    "upstream_idle_timeout_s": str(IDLE_S),
    "pool_max_accounts_per_request": "1",
    "pool_tries_per_account": "1",
}


@dataclass(frozen=True, slots=True)
class Stall:
    """`after` is the last thing that is said, found in the bytes of the exchange, plus `more`."""

    name: str
    exchange: Exchange
    after: bytes
    limit_s: float
    more: int = 0

    @property
    def plan(self) -> Plan:
        data = self.exchange.data
        found = data.index(self.after) + len(self.after) if self.after else 0
        return Plan(self.exchange, stop_at=found + self.more)

    def __str__(self) -> str:
        return f"{self.exchange.transport} {self.name}"


_PLAIN, _TALK = REST[0], MGW[0]
STALLS = (
    Stall("before headers", _PLAIN, b"", FIRST_BYTE_S),
    Stall("inside headers", _PLAIN, b"HTTP/1.1 200 OK\r\nCont", FIRST_BYTE_S),
    Stall("after headers", _PLAIN, b"\r\n\r\n", IDLE_S),
    Stall("before the answer", _PLAIN, b'"starred":', IDLE_S),
    Stall("mid-frame", _PLAIN, b'"token":"copper', IDLE_S),
    Stall("between frames", _PLAIN, b'"token":"copper(II) "', IDLE_S, more=100),
    Stall("before the end", _PLAIN, b"almost white.", IDLE_S),
    Stall("before headers", _TALK, b"", FIRST_BYTE_S),
    Stall("inside headers", _TALK, b"HTTP/1.1 101", FIRST_BYTE_S),
    Stall("after headers", _TALK, b"\r\n\r\n", FIRST_BYTE_S),
    Stall("before the answer", _TALK, b'"conversation.attached"', FIRST_BYTE_S, more=68),
    Stall("mid-frame", _TALK, b'"text":"copper', IDLE_S),
    Stall("between frames", _TALK, b'"text":"copper(II) "', IDLE_S, more=43),
    Stall("before the end", _TALK, b"almost white.", IDLE_S),
)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_silence_ends_in_time_wherever_it_begins(stream: bool, tmp_path: Path) -> None:
    """All at once, each in a core of its own: the time is spent waiting."""
    late = await asyncio.gather(*(_late(stall, tmp_path, stream=stream) for stall in STALLS))
    assert "\n".join(filter(None, late)) == ""


async def _late(stall: Stall, folder: Path, *, stream: bool) -> str:
    """Empty when all is well."""
    home = folder / str(STALLS.index(stall))
    async with open_lane(home, stall.exchange.transport, settings=PATIENCE) as lane:
        answer, played = await lane.play(stall.plan, stream=stream)
        await _until_left(lane)
        assert lane.core.pool.in_flight == 0
    if not stall.limit_s <= answer.seconds + 0.05 <= stall.limit_s + TOLERANCE_S:
        return f"{stall}: {answer.seconds:.2f} s instead of {stall.limit_s} s"
    if answer.code != "upstream_timeout" or len(played) != 1:
        return f"{stall}: {answer.code} after {len(played)} attempts"
    if not answer.text and answer.status != 504:
        return f"{stall}: status {answer.status} without a text"
    return ""


async def _until_left(lane: Lane) -> None:
    async with asyncio.timeout(TOLERANCE_S):
        while any(played.left_at is None for played in lane.upstream.played):
            await asyncio.sleep(0.01)


async def test_a_silent_stream_shows_signs_of_life(tmp_path: Path) -> None:
    settings = PATIENCE | {
        "upstream_first_byte_timeout_s": "4",
        "upstream_idle_timeout_s": "4",
        "gateway_heartbeat_s": "1",
    }

    async def see(number: int, exchange: Exchange, said: bytes) -> None:
        stop_at = exchange.data.index(said) + len(said)
        home = tmp_path / str(number)
        async with open_lane(home, exchange.transport, settings=settings) as lane:
            answer, _ = await lane.play(Plan(exchange, stop_at=stop_at))
        assert answer.code == "upstream_timeout"
        assert answer.status == 200, "the heartbeat began the stream"
        assert (b"c" in said) == answer.text.startswith("Hydrated"), "what was said is shown"
        assert 3 <= answer.pings <= 5

    cases = [(_PLAIN, b""), (_PLAIN, b'"token":"c'), (_TALK, b""), (_TALK, b'"text":"c')]
    await asyncio.gather(*(see(number, *case) for number, case in enumerate(cases)))


async def test_a_slow_upstream_that_keeps_talking_is_no_stall(tmp_path: Path) -> None:
    """Longer than each limit in all, but never silent for as long."""

    async def see(exchange: Exchange) -> None:
        cuts = tuple(range(200, exchange.size, exchange.size // 12))
        home = tmp_path / exchange.transport
        async with open_lane(home, exchange.transport, settings=PATIENCE) as lane:
            answer, _ = await lane.play(Plan(exchange, cuts=cuts, pause_s=0.3))
        assert answer.seconds > IDLE_S + TOLERANCE_S
        assert answer.finished
        assert exchange.says in answer.text

    await asyncio.gather(see(_PLAIN), see(_TALK))


async def test_another_account_answers_where_one_is_silent(tmp_path: Path) -> None:
    """A heartbeat is not text: it does not stand in the way of a second try."""
    settings = PATIENCE | {
        "pool_max_accounts_per_request": "2",
        "upstream_first_byte_timeout_s": "2",
        "gateway_heartbeat_s": "1",
    }
    silent, healthy = TOKENS

    async def see(exchange: Exchange) -> None:
        home = tmp_path / exchange.transport
        async with open_lane(home, exchange.transport, settings=settings) as lane:
            lane.script(silent, Plan(exchange, stop_at=0))
            answer, played = await lane.play(Plan(exchange))
        assert [each.token for each in played] == [silent, healthy]
        assert answer.finished
        assert 2.0 <= answer.seconds <= 2.0 + TOLERANCE_S
        assert answer.pings >= 1

    await asyncio.gather(see(_PLAIN), see(_TALK))


async def test_a_server_that_takes_no_connection_is_a_fault_of_the_network(tmp_path: Path) -> None:
    """The limit is that for connecting, however short the one for an answer is."""

    async def see(transport: Transport, origin: str) -> None:
        home = tmp_path / transport
        async with open_lane(home, transport, origin=origin, settings=PATIENCE) as lane:
            answer = await lane.client.ask(stream=True)
            assert answer.code == "network_error"
            assert CONNECT_S - 0.05 <= answer.seconds <= CONNECT_S + TOLERANCE_S
            assert lane.core.pool.in_flight == 0

    with full_listener() as origin:
        await asyncio.gather(see("rest", origin), see("mgw", origin))
