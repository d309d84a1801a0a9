"""Requests whose end is a matter of opinion: refused, and what hides in them never runs."""

import pytest

START = "POST /v1/chat/completions HTTP/1.1"

FRAMINGS = {
    "both lengths": ["Content-Length: 5", "Transfer-Encoding: chunked"],
    "both, other order": ["Transfer-Encoding: chunked", "Content-Length: 5"],
    "two lengths": ["Content-Length: 5", "Content-Length: 6"],
    "the same length twice": ["Content-Length: 5", "Content-Length: 5"],
    "lengths in a list": ["Content-Length: 5, 6"],
    "negative": ["Content-Length: -5"],
    "signed": ["Content-Length: +5"],
    "hexadecimal": ["Content-Length: 0x5"],
    "with an underscore": ["Content-Length: 1_0"],
    "a word": ["Content-Length: five"],
    "empty": ["Content-Length:"],
    "wide digits": ["Content-Length: ５"],  # noqa: RUF001 - that is the case
    "too many digits": ["Content-Length: " + "9" * 40],
    "space before the colon": ["Content-Length : 5"],
    "tab before the colon": ["Content-Length\t: 5"],
    "space before the coding": ["Transfer-Encoding : chunked"],
    "folded": ["X-A: b", " Content-Length: 5"],
    "folded coding": ["Transfer-Encoding:", " chunked"],
    "an unknown coding": ["Transfer-Encoding: xchunked"],
    "chunked twice": ["Transfer-Encoding: chunked, chunked"],
    "chunked not last": ["Transfer-Encoding: chunked, identity"],
    "chunked and a comma": ["Transfer-Encoding: chunked,"],
    "a quoted coding": ['Transfer-Encoding: "chunked"'],
    "a vertical tab": ["Transfer-Encoding: \x0bchunked"],
    "a header without a name": [": 5"],
    "a header without a colon": ["Content-Length 5"],
    "a null in a name": ["Content\x00-Length: 5"],
    "a null in a value": ["X-A: \x00", "Content-Length: 5"],
    "a carriage return in a value": ["X-A: b\rContent-Length: 5"],
    "a second host": ["Content-Length: 5", "Host: evil"],
}
CHUNKS = {
    "no number": b"zz\r\nhello\r\n0\r\n\r\n",
    "negative": b"-5\r\nhello\r\n0\r\n\r\n",
    "with 0x": b"0x5\r\nhello\r\n0\r\n\r\n",
    "with an underscore": b"1_0\r\nhellohellohello1\r\n0\r\n\r\n",
    "longer than said": b"3\r\nhello\r\n0\r\n\r\n",
    "a huge number": b"f" * 20 + b"\r\nhello\r\n0\r\n\r\n",
    "line feeds alone": b"5\nhello\n0\n\n",
    "space in front": b" 5\r\nhello\r\n0\r\n\r\n",
}


def hidden(gateway):
    return gateway.chat_bytes(text="smuggled")


def head(gateway, lines):
    own = (f"Host: 127.0.0.1:{gateway.port}", f"Authorization: Bearer {gateway.key}")
    return "\r\n".join((START, *own, *lines, "", "")).encode()


def refused(gateway, answer):
    assert answer[8:13] == b" 400 ", answer[:200]
    assert answer.count(b"HTTP/1.") == 1
    assert b'"error"' in answer
    assert gateway.upstream.requests == []


@pytest.mark.parametrize("name", FRAMINGS)
async def test_a_body_of_doubtful_length_is_refused(gateway, name):
    request = head(gateway, FRAMINGS[name]) + b"0\r\n\r\n" + hidden(gateway)
    answer = await gateway.raw(request)
    refused(gateway, answer)


@pytest.mark.parametrize("name", CHUNKS)
async def test_a_chunk_of_doubtful_length_is_refused(gateway, name):
    request = head(gateway, ["Transfer-Encoding: chunked"]) + CHUNKS[name] + hidden(gateway)
    answer = await gateway.raw(request)
    refused(gateway, answer)


async def test_lines_that_end_in_a_line_feed_alone_are_refused(gateway):
    request = head(gateway, ["Content-Length: 0"]).replace(b"\r\n", b"\n") + hidden(gateway)
    answer = await gateway.raw(request)
    refused(gateway, answer)
