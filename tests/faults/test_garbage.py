"""Answers that are no HTTP, no WebSocket or no body: one well-formed error, and soon."""

import gzip
import random
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from grokdesk.simulator.mgw_frames import text_frame
from tests.depth import COMPLETE, tries
from tests.faults.client import Answer
from tests.faults.exchanges import (
    MGW,
    REST,
    Cue,
    Exchange,
    Part,
    Transport,
    composed_mgw,
    mgw,
    recorded_lines,
)
from tests.faults.lane import ONE_TRY, open_lane
from tests.faults.plan import End, Plan

PATIENCE = {
    "upstream_connect_timeout_s": "1",
    "upstream_first_byte_timeout_s": "1",
    "upstream_idle_timeout_s": "1",
}
SOON_S = 4.0
"""Two accounts, each of which may take a limit; and a loaded machine."""
FLIPS = tries(60, 2_000)

_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_ZIPPED = _CHUNKED[:-2] + b"Content-Encoding: gzip\r\n\r\n"
_LINE = b'{"result":{"response":{"token":"Hello"}}}\n'

NO_HTTP = {
    "a line": b"hello\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a TLS alert": b"\x15\x03\x01\x00\x02\x02\x46",
    "zeros": bytes(16_384),
    "noise": random.Random(0).randbytes(16_384),
    "an old version": b"HTTP/0.9 200 OK\r\n\r\n",
    "a version to come": b"HTTP/9.9 200 OK\r\n\r\n" + _LINE,
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "a status that is none": b"HTTP/1.1 999999 Huge\r\n\r\n",
    "a negative status": b"HTTP/1.1 -1 Less\r\n\r\n",
    "a status that runs on": b"HTTP/1.1 200OK\r\nContent-Length: 5\r\n\r\nhello",
    "a line without a colon": _OK + b"this is no header\r\n\r\n",
    "a zero in the head": _OK + b"X-Zero: \x00\r\n\r\n",
    "a head without end": _OK + b"X-Long: " + b"x" * 400_000,
    "many headers": _OK + b"X-Many: y\r\n" * 40_000,
    "a negative length": _OK + b"Content-Length: -5\r\n\r\n" + _LINE,
    "a length that is none": _OK + b"Content-Length: many\r\n\r\n" + _LINE,
    "two lengths": _OK + b"Content-Length: 5\r\nContent-Length: 7\r\n\r\n" + _LINE,
}
NO_BODY = {
    "a chunk without size": _CHUNKED + b"zz\r\n" + _LINE,
    "a chunk that is too long": _CHUNKED + b"3\r\n" + _LINE + b"\r\n0\r\n\r\n",
    "a chunk of a huge size": _CHUNKED + b"ffffffffffffffff\r\n" + _LINE,
    "a negative chunk": _CHUNKED + b"-1\r\n" + _LINE,
    "not zipped at all": _ZIPPED + b"2a\r\n" + _LINE + b"\r\n0\r\n\r\n",
    "zipped and spoiled": _ZIPPED + b"100\r\n" + gzip.compress(_LINE * 100)[:40] + bytes(216),
    "an unknown coding": _OK + b"Content-Encoding: rot13\r\nContent-Length: 42\r\n\r\n" + _LINE,
}
NO_SOCKET = {
    "a masked frame": b"\x81\x85abcdhello",
    "reserved bits": b"\xf1\x05hello",
    "an unknown frame": b"\x83\x05hello",
    "a long ping": b"\x89\x7e\x00\xff" + bytes(255),
    "a split ping": b"\x09\x02hi",
    "a continued nothing": b"\x80\x05hello",
    "a message within a message": b"\x01\x05hello\x81\x05hello",
    "a frame of a huge size": b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff",
    "a frame above the limit": b"\x81\x7f\x00\x00\x00\x00\x7f\xff\xff\xff" + bytes(65_536),
    "no JSON": text_frame(b"hello"),
    "no UTF-8": text_frame(b'{"event":{"type":"response.chunk","chunk":"\xff\xfe"}}'),
    "noise": random.Random(0).randbytes(16_384),
}


@pytest.mark.parametrize("end", [End.FIN, End.KEEP], ids=["closed", "open"])
@pytest.mark.parametrize("transport", ["rest", "mgw"])
async def test_what_is_no_http_is_an_error(transport: Transport, end: End, tmp_path: Path) -> None:
    async with open_lane(tmp_path, transport, settings=ONE_TRY | PATIENCE) as lane:
        for name, data in NO_HTTP.items() if transport == "mgw" else (NO_HTTP | NO_BODY).items():
            exchange = Exchange(name, transport, (Part(Cue.REQUEST, data),))
            answer, played = await lane.play(Plan(exchange, end, len(data)), stream=False)
            _check(answer, name)
            assert len(played) <= 3, name
        assert lane.core.pool.in_flight == 0


@pytest.mark.parametrize("end", [End.FIN, End.KEEP], ids=["closed", "open"])
async def test_what_is_no_message_is_an_error(end: End, tmp_path: Path) -> None:
    """In the place of the greeting, and after the first piece of the answer."""
    good = composed_mgw("!say one two three four")
    greeting, talk = good.parts[1].data, good.parts[2].data
    half = talk[: talk.index(b"three")]
    half = half[: half.rindex(b"\x81")]
    async with open_lane(tmp_path, "mgw", settings=ONE_TRY | PATIENCE) as lane:
        for name, data in NO_SOCKET.items():
            for exchange in (mgw(name, [data], []), mgw(name, [greeting], [half, data])):
                plan = Plan(exchange, end, exchange.size)
                answer, _ = await lane.play(plan)
                _check(answer, name)
                assert answer.text in ("", "one two "), name
        assert lane.core.pool.in_flight == 0


@pytest.mark.timeout(3600 if COMPLETE else 120)
@pytest.mark.parametrize("good", [REST[0], MGW[0]], ids=["rest", "mgw"])
async def test_spoiled_bytes_never_make_a_broken_answer(good: Exchange, tmp_path: Path) -> None:
    """What upstream says may be nonsense; what the client gets is a whole answer or an error."""
    async with open_lane(tmp_path, good.transport, settings=ONE_TRY | PATIENCE) as lane:
        for exchange in _spoiled(good):
            answer, played = await lane.play(Plan(exchange, End.FIN, exchange.size))
            if not answer.finished:
                _check(answer, exchange.name)
            assert not answer.text or len(played) == 1, exchange.name
        assert lane.core.pool.in_flight == 0


async def test_a_zipped_reply_that_is_flushed_piece_by_piece_is_shown(tmp_path: Path) -> None:
    packer = zlib.compressobj(wbits=31)
    pieces = [
        packer.compress(line) + packer.flush(zlib.Z_SYNC_FLUSH)
        for line in recorded_lines("rest-chat-plain.ndjson")
    ]
    pieces.append(packer.flush())
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    whole = _ZIPPED + chunks + b"0\r\n\r\n"
    exchange = Exchange("flushed", "rest", (Part(Cue.REQUEST, whole),), says=REST[0].says)
    async with open_lane(tmp_path, "rest", settings=ONE_TRY | PATIENCE) as lane:
        await lane.play_whole(exchange, stream=True)
        cut = whole.index(chunks) + len(chunks) * 2 // 3
        answer, _ = await lane.play(Plan(exchange, End.FIN, cut))
        assert answer.code == "upstream_incomplete"
        assert answer.text.startswith("Hydrated")


def _check(answer: Answer, name: str) -> None:
    assert answer.code.startswith(("upstream_", "network_", "content_")), (name, answer.code)
    assert answer.seconds < SOON_S, name


def _spoiled(good: Exchange) -> Iterator[Exchange]:
    """A byte, or some, in the wrong place."""
    rng = random.Random(1)
    for number in range(FLIPS):
        parts = [*good.parts]
        which = rng.randrange(len(parts))
        data = bytearray(parts[which].data)
        for _ in range(rng.choice((1, 1, 3, 20))):
            data[rng.randrange(len(data))] = rng.randrange(256)
        parts[which] = Part(parts[which].cue, bytes(data))
        yield Exchange(f"spoiled {number}", good.transport, tuple(parts))
