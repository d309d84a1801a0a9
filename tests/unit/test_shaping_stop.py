"""Stop texts, wherever the chunks break them."""

import random

import pytest

from grokdesk.domain.chat import Citation, TextDelta
from grokdesk.services.shaping.stop import StopStage


def cut(stops, chunks):
    """What passes of the chunks, and the stop text that was found."""
    stage = StopStage(stops)
    passed = [out.text for chunk in chunks for out in stage.feed(TextDelta(chunk))]
    passed += [out.text for out in stage.finish()]
    assert bool(stage.found) is (stage.cut is not None)
    return "".join(passed), stage.found


@pytest.mark.parametrize(
    ("stops", "chunks", "passed", "found"),
    [
        (("END",), ["one END two"], "one ", "END"),
        (("END",), ["one E", "N", "D two"], "one ", "END"),
        (("END",), ["one E", "N", "O"], "one ENO", ""),
        (("END",), ["one EN"], "one EN", ""),
        (("END",), ["END"], "", "END"),
        (("aab",), ["aa", "ab"], "a", "aab"),
        (("b", "ab"), ["xab"], "x", "ab"),
        (("a", "ab"), ["xab"], "x", "ab"),
        (("\n\n",), ["a\n", "\nb"], "a", "\n\n"),
        (("x",), ["aaa"], "aaa", ""),
    ],
)
def test_text_is_cut_before_the_first_stop(stops, chunks, passed, found):
    assert cut(stops, chunks) == (passed, found)


def test_any_split_of_the_text_gives_the_same_cut():
    rng = random.Random(3)
    for _ in range(300):
        text = "".join(rng.choice("abc") for _ in range(30))
        stops = ("".join(rng.choice("abc") for _ in range(rng.randrange(2, 5))),)
        pieces, rest = [], text
        while rest:
            size = rng.randrange(1, 6)
            pieces.append(rest[:size])
            rest = rest[size:]
        at = text.find(stops[0])
        expected = (text[:at], stops[0]) if at >= 0 else (text, "")
        assert cut(stops, pieces) == expected


def test_a_citation_keeps_its_place_in_text_that_is_held_back():
    stage = StopStage(("END",))
    source = Citation(1, "https://a.example/")
    out = [*stage.feed(TextDelta("see E")), *stage.feed(source), *stage.feed(TextDelta("N!"))]
    assert out == [TextDelta("see "), TextDelta("E"), source, TextDelta("N!")]


def test_a_citation_in_a_stop_text_goes_with_it():
    stage = StopStage(("END",))
    source = Citation(1, "https://a.example/")
    out = [*stage.feed(TextDelta("see E")), *stage.feed(source), *stage.feed(TextDelta("ND"))]
    assert out == [TextDelta("see ")]
