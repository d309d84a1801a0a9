"""Characters cut in two between frames, and what is left of them."""

import json

import pytest

from grokdesk.domain.chat import TextDelta
from grokdesk.domain.quota import Mode
from grokdesk.upstream.web.wire.halves import Halves
from grokdesk.upstream.web.wire.mgw import MgwTurn
from grokdesk.upstream.web.wire.rest_decoder import RestDecoder


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ((rb"\ud83d", rb"\ude00"), "😀"),
        ((rb"Hi \uD83D", rb"\uDE00 there"), "Hi 😀 there"),
        ((rb"\ud83d\ude00\ud83d", rb"\udc69"), "😀👩"),
        ((rb"a\ud83db", rb"c"), "a\ufffdbc"),
        ((rb"a", rb"\ude00b"), "a\ufffdb"),
        ((rb"a\ud83d\ud83d\ude00", rb"b"), "a\ufffd😀b"),
        ((rb"\\ud83d", rb"\\ude00"), r"\ud83d\ude00"),
        ((rb"\"\ud83d", rb"\ude00\""), '"😀"'),
        ((b"a\xf0\x9f", b"b"), "a\ufffdb"),
        ((b"caf\xc3\xa9 \xff", b"x"), "café \ufffdx"),
    ],
)
def test_halves_are_joined_and_orphans_replaced(pieces, text):
    assert _by_rest(pieces) == text
    assert _by_socket(pieces) == text


@pytest.mark.parametrize(
    "raw",
    [b"", b'{"a": "\\ud83d\\ude00 \\n \\\\ud83d \xc3\xa9"}', b"\\", b'{"a": "\\u12'],
    ids=repr,
)
def test_what_is_whole_stays_as_it_is(raw):
    assert Halves().mend(raw) == raw


def test_a_half_alone_at_the_end_costs_nothing_else():
    halves = Halves()
    first = json.loads(halves.mend(rb'{"token":"Hello \ud83d","id":"x"}'))
    assert first == {"token": "Hello ", "id": "x"}
    assert json.loads(halves.mend(rb'{"id":"\u0041","token":"\ude00"}'))["token"] == "😀"


def test_garbage_is_not_searched_for_ever():
    raw = b'{"token":"' + rb"\ud83d" * 100_000
    assert len(Halves().mend(raw)) == len(raw)


def _by_rest(pieces):
    frames = [b'{"result":{"response":{"token":"%b"}}}\n' % piece for piece in pieces]
    decoder = RestDecoder()
    parts = [part for frame in frames for part in decoder.feed(frame)] + decoder.end()
    return _text(parts)


def _by_socket(pieces):
    turn = MgwTurn(Mode.FAST, "x", new_id=str, now_ms=int)
    frame = b'{"event":{"type":"response.chunk","chunk":{"text":{"text":"%b"}}}}'
    return _text([part for piece in pieces for part in turn.receive(frame % piece).chunks])


def _text(parts):
    return "".join(part.text for part in parts if isinstance(part, TextDelta))
