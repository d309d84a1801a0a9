import re

import pytest

from grokdesk.domain.apikey import ApiKey, digest_of, generate_key, hint_of, looks_whole


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


def test_a_stored_key_starts_enabled_and_unused():
    key = ApiKey(id="k", name="cline", digest="d", hint="gd-…abcd", created_at=1.0)
    assert key.enabled
    assert key.last_used_at is None
