"""Text that is held back, and the chunks that stand in it."""

import time

import pytest

from grokdesk.domain.chat import Citation, SearchSource, TextDelta
from grokdesk.services.shaping.held import HeldText

CITED = Citation(1, "https://a.example/")
SOURCE = SearchSource("https://a.example/")


def held(*chunks):
    text = HeldText()
    for chunk in chunks:
        text.add(TextDelta(chunk) if isinstance(chunk, str) else chunk)
    return text


def test_what_stands_in_the_text_comes_with_it():
    text = held("one ", CITED, "two", SOURCE)
    assert text.text == "one two"
    assert text.release() == [TextDelta("one "), CITED, TextDelta("two"), SOURCE]
    assert not text


@pytest.mark.parametrize(
    ("length", "released", "left"),
    [
        (0, [], "one two"),
        (3, [TextDelta("one")], " two"),
        (4, [TextDelta("one "), CITED], "two"),
        (5, [TextDelta("one "), CITED, TextDelta("t")], "wo"),
        (99, [TextDelta("one "), CITED, TextDelta("two")], ""),
    ],
)
def test_a_part_is_released_with_what_stands_in_it_or_at_its_end(length, released, left):
    text = held("one ", CITED, "two")
    assert text.release(length) == released
    assert text.text == left


def test_pieces_come_out_as_one():
    assert held("a", "b", "", "c").release() == [TextDelta("abc")]


def test_citations_go_with_dropped_text_and_sources_stay():
    text = held("one", CITED, SOURCE, "two")
    assert text.drop(3) == [SOURCE]
    assert text.release() == [TextDelta("two")]


def test_a_chunk_behind_the_dropped_part_keeps_its_place():
    text = held("one", "two", CITED)
    assert text.drop(3) == []
    assert text.release() == [TextDelta("two"), CITED]


def test_an_empty_text_holds_nothing():
    assert not held("")


def test_many_pieces_take_time_for_their_length_alone():
    began = time.process_time()
    text = held(*["x" * 10] * 200_000)
    while text:
        text.release(1_000)
    assert time.process_time() - began < 3
