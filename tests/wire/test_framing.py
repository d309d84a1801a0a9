import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokdesk.upstream.web.wire.framing import DONE, FrameSplitter, OpenLine


def split(data, size=None):
    splitter = FrameSplitter()
    pieces = [data] if size is None else [data[i : i + size] for i in range(0, len(data), size)]
    payloads = [payload for piece in pieces for payload in splitter.feed(piece)]
    return [bytes(payload) for payload in payloads], splitter.end()


@pytest.mark.parametrize(
    ("data", "payloads"),
    [
        (b'{"a":1}\n{"b":2}\n', [b'{"a":1}', b'{"b":2}']),
        (b'data: {"a":1}\n\ndata:{"b":2}\n\n', [b'{"a":1}', b'{"b":2}']),
        (b'  {"a":1}  \n\tdata:  {"b":2}\n', [b'{"a":1}', b'{"b":2}']),
        (b'event: message\nid: 7\nretry: 3\n: hello {"x":1}\n{"a":1}\n', [b'{"a":1}']),
        (b"data: [DONE]\n", [DONE]),
        (b"<html>\nnoise\n", [b"<html>", b"noise"]),
        (b"\n\r\n \n", []),
    ],
)
@pytest.mark.parametrize("size", [None, 1, 3])
def test_lines_become_payloads(data, payloads, size):
    assert split(data, size) == (payloads, b"")


def test_objects_without_separators_come_out_before_the_line_ends():
    splitter = FrameSplitter()
    assert splitter.feed(b'{"a":{"b":1}}{"c":') == [b'{"a":{"b":1}}']
    assert splitter.feed(b"2}") == [b'{"c":2}']
    assert splitter.feed(b'data: {"d":3}') == [b'{"d":3}']
    assert splitter.pending == 0


def test_several_objects_on_a_whole_line_are_left_together_for_the_decoder():
    assert split(b'{"a":1}{"b":2}\n') == ([b'{"a":1}{"b":2}'], b"")


@pytest.mark.parametrize(
    "text", [rb'{"a":"}{"}', rb'{"a":"\"}{\\"}', rb'{"a":"\\\\","b":"{"}', b'{"a":"\xc3\xa4"}']
)
@pytest.mark.parametrize("size", [None, 1, 2])
def test_braces_in_texts_end_nothing(text, size):
    assert split(text + text, size) == ([text, text], b"")


def test_what_is_unfinished_is_told_at_the_end():
    assert split(b'{"a":1}\n{"b":') == ([b'{"a":1}'], b'{"b":')
    assert split(b'{"a":1}\nda') == ([b'{"a":1}'], b"da")
    assert split(b'{"a":1}\n: bye') == ([b'{"a":1}'], b"")


def test_a_line_that_grows_byte_by_byte_is_not_looked_at_again_and_again():
    """A quadratic scan of one megabyte would take minutes."""
    line = OpenLine(b'{"a":"')
    for _ in range(2000):
        line.rest += b'x\\"' * 170
        assert line.cut() == []
    line.rest += b'"}'
    assert len(line.cut()[0]) > 1_000_000


def test_a_flood_of_spaces_costs_no_more_than_its_size():
    """With a pattern that steps back, eight megabytes would take a minute."""
    splitter = FrameSplitter()
    for _ in range(500):
        assert splitter.feed(b" " * 16_384) == []
    assert splitter.pending == 0
    assert splitter.feed(b'{"a":1}') == [b'{"a":1}']


@given(st.lists(st.integers(1, 40), max_size=20), st.binary(max_size=400))
def test_any_split_of_any_bytes_gives_the_same_objects(cuts, data):
    def objects(pieces):
        splitter = FrameSplitter()
        payloads = [payload for piece in pieces for payload in splitter.feed(piece)]
        found = []
        for payload in [*payloads, splitter.end()]:
            found += OpenLine(payload).cut() if payload.startswith(b"{") else []
        return found

    pieces, rest = [], data
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    assert objects([*pieces, rest]) == objects([data])
