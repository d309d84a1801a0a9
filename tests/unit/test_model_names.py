"""Names of models as people write them."""

import fnmatch
import random
import time

import pytest

from grokdesk.domain.model_names import (
    NamePattern,
    model_behind,
    normal_name,
    parse_aliases,
    parse_patterns,
    text_of,
)


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("grok-4", "grok-4", True),
        ("grok-4", "grok-4-fast", False),
        ("grok-*", "grok-", True),
        ("grok-*", "grok", False),
        ("*", "", True),
        ("*", "anything", True),
        ("*-fast", "grok-chat-fast", True),
        ("*-fast", "grok-fast-x", False),
        ("gpt-*-mini", "gpt-4o-mini", True),
        ("gpt-*-mini", "gpt-mini", False),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("ab*ba", "aba", False),
        ("a*b*c", "axxbyyc", True),
        ("a*b*c", "acb", False),
        ("a**c", "abc", True),
        ("*b*", "abc", True),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("a?", "ab", False),
    ],
)
def test_a_star_stands_for_anything_and_nothing_else_is_special(pattern, name, fits):
    assert NamePattern(pattern).matches(name) is fits


def test_patterns_agree_with_the_shells_on_random_names():
    rng = random.Random(4)
    for _ in range(20_000):
        pattern = "".join(rng.choice("ab*") for _ in range(rng.randrange(7)))
        name = "".join(rng.choice("ab") for _ in range(rng.randrange(8)))
        expected = fnmatch.fnmatchcase(name, pattern)
        assert NamePattern(pattern).matches(name) is expected, (pattern, name)


@pytest.mark.alone
def test_no_pattern_is_slow_on_any_name():
    pattern = NamePattern("*a" * 50 + "b")
    started = time.perf_counter()
    assert not pattern.matches("a" * 20_000)
    assert time.perf_counter() - started < 0.1


def test_patterns_are_compared_in_any_case_and_without_a_provider():
    assert text_of(parse_patterns(" Grok-Chat-*,\n xai/grok-4 ,grok-4,, ")) == "grok-chat-*, grok-4"
    assert parse_patterns("") == ()


def test_the_first_alias_that_fits_counts():
    aliases = parse_aliases("gpt-4o=a, gpt-*=b, *=c")
    found = [model_behind(aliases, name) for name in ("gpt-4o", "gpt-5", "claude")]
    assert found == ["a", "b", "c"]
    assert model_behind(parse_aliases("gpt-*=b"), "claude") is None


def test_what_is_written_down_reads_back_as_the_same():
    aliases = parse_aliases("gpt-*=grok-chat-fast,claude-opus-4-5[1m]=grok-chat-expert")
    assert parse_aliases(text_of(aliases)) == aliases


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("gpt-4", "holds 'gpt-4'; write NAME=MODEL"),
        ("=grok", "write NAME=MODEL"),
        ("gpt=", "write NAME=MODEL"),
        ("a=b=c", "holds 'b=c', which cannot be the name of a model"),
        ("gpt-*=grok-*", "must be one model without"),
        ("gpt-4=a, GPT-4=b", "maps 'gpt-4' twice"),
        ("gpt 4=a", "holds 'gpt 4', which cannot be"),
        ("gpt\x1b=a", "holds 'gpt\\?', which cannot be"),
        ("гпт=a", "cannot be the name of a model"),
        ("x" * 129 + "=a", "cannot be the name of a model"),
        (",".join(f"a{n}=b" for n in range(101)), "more than 100 entries"),
    ],
)
def test_what_is_no_alias_is_refused_with_the_reason(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse_aliases(text)


@pytest.mark.parametrize("text", ["a b", "a=b", "x" * 129, "a\x00", "\u202egrok"])
def test_what_is_no_pattern_is_refused(text):
    with pytest.raises(ValueError, match="cannot be the name of a model"):
        parse_patterns(text)


def test_a_normal_name_has_lost_one_prefix_alone():
    assert normal_name(" XAI/Grok-4\n") == "grok-4"
    assert normal_name("xai/openai/grok-4") == "openai/grok-4"
