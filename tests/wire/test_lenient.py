import pytest

from grokdesk.domain.errors import ProtocolChangedError
from grokdesk.upstream.web.wire.lenient import (
    first_text,
    list_of,
    object_of,
    parse_json,
    parse_object,
    text_of,
    whole_of,
)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"no", b'"\xff"', b"[" * 100_000, b'"\\ud800"', b"1e999", "\ud800"]
)
def test_what_is_not_json_is_none(raw):
    assert parse_json(raw) is None


@pytest.mark.parametrize("raw", [b"[]", b"5", b"null", b"<html>"])
def test_anything_but_an_object_means_that_the_protocol_changed(raw):
    with pytest.raises(ProtocolChangedError, match="the weather") as caught:
        parse_object(raw, "the weather")
    assert caught.value.excerpt == raw.decode()


def test_values_of_another_type_count_as_absent():
    assert (object_of([1]), list_of({}), text_of(5)) == ({}, [], "")


@pytest.mark.parametrize(
    ("value", "whole"),
    [(3, 3), (3.0, 3), (3.5, None), (True, None), ("3", None), (None, None), (-1, -1)],
)
def test_only_whole_numbers_count_as_such(value, whole):
    assert whole_of(value) == whole


def test_the_first_spelling_that_has_text_wins():
    assert first_text({"a": "", "b": 7, "c": "yes", "d": "no"}, "a", "b", "c", "d") == "yes"
    assert first_text({}, "a") == ""
