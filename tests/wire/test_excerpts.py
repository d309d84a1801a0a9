from hypothesis import given
from hypothesis import strategies as st

from grokdesk.upstream.web.wire.excerpts import LIMIT, excerpt

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzZXNzaW9uX2lkIjoiYWJjIn0.c2lnbmF0dXJl"


def test_tokens_cookies_and_addresses_are_hidden():
    text = excerpt(
        f"token {JWT} cookie sso=abc123; cf_clearance=xyz; Bearer secret-key mail a.b@example.org"
    )
    assert text == ("token [hidden] cookie [hidden]; [hidden]; [hidden] mail [hidden]")


def test_a_token_without_the_form_of_a_jwt_is_hidden_for_its_length():
    assert excerpt("x" * 60 + " end") == "[hidden] end"


def test_ids_stay_readable():
    uuid = "b9a1f6d2-0002-4a55-9d10-6b8e2c7f0a12"
    assert excerpt(f"response {uuid}") == f"response {uuid}"


def test_a_jwt_that_is_cut_off_is_hidden_too():
    assert excerpt(f"sso {JWT[:24]}") == "sso [hidden]"


def test_line_breaks_and_control_characters_become_one_space():
    assert excerpt(b"a\r\n\tb\x00\x1b[0m\xe2\x80\xa8c") == "a b [0m c"


def test_a_long_text_is_cut_with_an_ellipsis():
    cut = excerpt("word " * 200)
    assert len(cut) == LIMIT
    assert cut.endswith("…")


def test_a_token_at_the_cut_is_not_shown_in_part():
    assert "eyJ" not in excerpt("w " * 146 + JWT)


def test_text_that_cannot_be_encoded_can_be_stored_all_the_same():
    assert excerpt("a\ud800b").encode() == b"a?b"


@given(st.binary(max_size=6000))
def test_any_bytes_give_one_short_line(raw):
    line = excerpt(raw)
    assert len(line) <= LIMIT
    assert len(line.splitlines()) <= 1
