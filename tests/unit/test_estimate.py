"""Token estimates against the counts of real tokenizers, and their arithmetic."""

import json
import random
from pathlib import Path

import pytest

from grokdesk.services.estimate import TokenEstimator, cost_of, estimate_tokens

SAMPLES = json.loads(Path(__file__).with_name("token_samples.json").read_text(encoding="utf-8"))
"""`cl100k` and `o200k` are what tiktoken 0.14 counts."""
BOUNDS = {"mixed chinese and code": 0.25}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["kind"])
def test_an_estimate_is_near_the_mean_of_two_tokenizers(sample):
    mean = (sample["cl100k"] + sample["o200k"]) / 2
    error = estimate_tokens(sample["text"]) / mean - 1
    assert abs(error) <= BOUNDS.get(sample["kind"], 0.15)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["kind"])
def test_the_split_of_a_text_does_not_matter(sample):
    text, rng = sample["text"], random.Random(1)
    estimator = TokenEstimator()
    cost, at = 0.0, 0
    while at < len(text):
        piece = text[at : at + rng.randint(1, 9)]
        at += len(piece)
        estimator.add(piece)
        cost += cost_of(piece)
    assert estimator.tokens == estimate_tokens(text)
    assert cost == pytest.approx(cost_of(text))


def test_looking_at_the_count_on_the_way_changes_nothing():
    estimator = TokenEstimator()
    counts = []
    for _ in range(200):
        estimator.add("Hello. ")
        counts.append(estimator.tokens)
    assert counts == sorted(counts)
    assert counts[-1] == estimate_tokens("Hello. " * 200)


def test_any_text_at_all_is_a_token_and_none_is_none():
    assert (estimate_tokens(), estimate_tokens(""), TokenEstimator().tokens) == (0, 0, 0)
    assert (estimate_tokens("a"), estimate_tokens(" ")) == (1, 1)


def test_every_character_costs_something_half_ones_as_well():
    for character in ("a", "Z", "0", "\x00", "\x7f", "é", "ж", "中", "\ud83d", "😀", "\U0010ffff"):
        assert cost_of(character * 200) > 0
