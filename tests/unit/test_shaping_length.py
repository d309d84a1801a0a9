"""The end of an answer at its limit of tokens."""

import random
import time

import pytest

from grokdesk.domain.chat import Citation, FinishReason, ReasoningDelta, TextDelta
from grokdesk.services.estimate import cost_of
from grokdesk.services.shaping.length import LengthStage


def passed(limit, pieces):
    stage = LengthStage(limit)
    text = "".join(out.text for piece in pieces for out in stage.feed(TextDelta(piece)))
    assert list(stage.finish()) == []
    return text, stage.cut


@pytest.mark.parametrize("text", ["x" * 99, "Some words, 42 of them. " * 5, "東京タワー😀" * 9])
@pytest.mark.parametrize("limit", [1, 2, 7, 1000])
def test_text_ends_where_the_estimate_reaches_the_limit(limit, text):
    kept, cut = passed(limit, [text])
    assert text.startswith(kept)
    assert cost_of(kept) <= limit
    if cut is None:
        assert kept == text
    else:
        assert cut is FinishReason.LENGTH
        assert cost_of(text[: len(kept) + 1]) > limit


def test_where_the_text_is_cut_makes_no_difference():
    rng = random.Random(5)
    for _ in range(300):
        text = "".join(rng.choice("ab 東京é😀") for _ in range(60))
        limit = rng.randrange(1, 40)
        expected = passed(limit, [text])
        assert passed(limit, list(text)) == expected
        at = rng.randrange(len(text))
        assert passed(limit, [text[:at], text[at:]]) == expected


def test_thinking_counts_nothing_and_nothing_follows_the_end():
    stage = LengthStage(1)
    thought = ReasoningDelta("a long thought, much longer than the answer")
    assert list(stage.feed(thought)) == [thought]
    assert list(stage.feed(TextDelta("x" * 50)))
    assert stage.cut is FinishReason.LENGTH
    assert list(stage.feed(Citation(1, "https://a.example/"))) == []
    assert list(stage.feed(TextDelta("6"))) == []


@pytest.mark.alone
def test_a_long_piece_is_cut_quickly():
    began = time.process_time()
    kept, _ = passed(200_000, ["words and words " * 100_000])
    assert len(kept) > 200_000
    assert time.process_time() - began < 1
