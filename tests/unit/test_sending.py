"""How often the body of one request may be sent."""

import pytest

from grokdesk.upstream.web.sending import Body


def test_a_body_is_read_in_pieces_and_once_more_from_the_start() -> None:
    body = Body(b"a question")
    assert body.read(2) + body.read(100) + body.read(100) == b"a question"
    assert body.seek(0) == 0
    assert body.read(100) == b"a question"


def test_it_is_not_sent_a_third_time() -> None:
    body = Body(b"a question")
    body.seek(0)
    with pytest.raises(OSError, match="often enough"):
        body.seek(0)


def test_the_next_request_begins_anew() -> None:
    body = Body(b"a long question")
    body.read(3)
    body.seek(0)
    body.load(b"short")
    assert body.read(100) == b"short"
    assert body.seek(0) == 0
    assert body.read(100) == b"short"
