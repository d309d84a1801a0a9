import dataclasses
import re

import pytest

from grokdesk.domain.account import Tier
from grokdesk.domain.apikey import ApiKey, digest_of, generate_key, hint_of, looks_whole
from grokdesk.domain.catalog import ModelKind, ModelSpec
from grokdesk.domain.model_names import parse_patterns
from grokdesk.domain.quota import Mode

KEY = ApiKey(id="k", name="cline", digest="d", hint="gd-…abcd", created_at=1.0)


def test_a_new_key_carries_the_prefix_and_is_safe_in_a_header():
    key = generate_key()
    assert re.fullmatch(r"gd-[A-Za-z0-9_-]{49}", key)


def test_no_two_keys_are_alike():
    assert len({generate_key() for _ in range(100)}) == 100


def test_a_new_key_looks_whole():
    assert all(looks_whole(generate_key()) for _ in range(50))


@pytest.mark.parametrize("position", [3, 20, 45, 51])
def test_one_mistyped_character_is_noticed(position):
    key = generate_key()
    other = "A" if key[position] != "A" else "B"
    assert not looks_whole(key[:position] + other + key[position + 1 :])


@pytest.mark.parametrize("text", ["", "gd-", "gd-abcdef", "sk-" + "a" * 49, "gd-ключ\ud800"])
def test_what_was_never_a_key_does_not_look_whole(text):
    assert not looks_whole(text)


def test_a_key_cut_short_does_not_look_whole():
    assert not looks_whole(generate_key()[:-1])


def test_the_digest_is_the_sha_256_of_the_whole_text():
    assert digest_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("text", ["ключ", "\x00", "😀", "\ud800"])
def test_any_text_has_a_digest(text):
    assert len(digest_of(text)) == 64


def test_the_hint_shows_the_last_four_characters_alone():
    key = generate_key()
    assert hint_of(key) == f"gd-…{key[-4:]}"


def test_a_key_starts_enabled_and_may_do_everything():
    assert KEY.enabled
    assert not KEY.has_limits
    assert not KEY.has_expired(1e12)
    assert KEY.allows(model("grok-chat-heavy"))


@pytest.mark.parametrize(
    ("limits", "has_rate"),
    [
        ({"requests_per_minute": 1}, True),
        ({"requests_per_day": 1}, True),
        ({"max_concurrent": 1}, False),
    ],
)
def test_any_limit_makes_a_key_a_limited_one(limits, has_rate):
    key = dataclasses.replace(KEY, **limits)
    assert key.has_limits
    assert key.has_rate is has_rate


def test_a_key_has_expired_from_its_moment_on():
    key = dataclasses.replace(KEY, expires_at=100.0)
    assert [key.has_expired(now) for now in (99.9, 100.0, 101.0)] == [False, True, True]


@pytest.mark.parametrize(
    ("patterns", "allowed"),
    [
        ("grok-chat-fast", True),
        ("grok-chat-*", True),
        ("grok-4-mini", True),
        ("*", True),
        ("grok-4", False),
        ("claude-*", False),
        ("claude-*, grok-4-mini", True),
    ],
)
def test_a_model_is_allowed_under_all_its_names_or_under_none(patterns, allowed):
    key = dataclasses.replace(KEY, models=parse_patterns(patterns))
    assert key.allows(model("grok-chat-fast", "Grok-4-Mini")) is allowed


def model(id, *aliases):
    return ModelSpec(id, ModelKind.CHAT, Mode.FAST, Tier.BASIC, id, 1, 1000, 100, aliases=aliases)
