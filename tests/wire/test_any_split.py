"""How the bytes were split on their way changes nothing."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grokdesk.upstream.web.wire.rest_decoder import RestDecoder

SMALL = [
    "rest-error-inband-antibot.ndjson",
    "rest-error-nested-usage-limit.ndjson",
    "rest-chat-suffix-completion.ndjson",
    "rest-error-inband-midstream.ndjson",
]
LARGE = [
    "rest-chat-plain.ndjson",
    "rest-chat-plain.sse.txt",
    "rest-chat-plain.concatenated.txt",
    "rest-chat-thinking.ndjson",
    "rest-chat-search.ndjson",
    "rest-chat-image-lite.ndjson",
    "rest-chat-image-lite-moderated.ndjson",
]


def decode(pieces):
    decoder = RestDecoder()
    return [part for piece in pieces for part in decoder.feed(piece)] + decoder.end()


@pytest.fixture(scope="session")
def mixed(sample):
    """All framings in one reply, with other line ends and characters of several bytes."""
    lines = sample("rest-chat-thinking.ndjson").splitlines()
    snowman = json.dumps({"result": {"response": {"token": "☃ 雪 🏔"}}}, ensure_ascii=False)
    return b"\r\n".join(
        [
            b": hello",
            b"event: message",
            b"data: " + lines[0],
            b"",
            b"".join(lines[1:4]),
            b"not a frame",
            b" ".join([*lines[4:6], snowman.encode(), b"data:" + lines[6]]),
            *lines[7:-3],
            b"data: [DONE]",
            lines[-1],
        ]
    )


@pytest.mark.parametrize("name", SMALL)
def test_every_single_split_gives_the_same_parts(name, sample, merged):
    body = sample(name)
    whole = merged(decode([body]))
    for at in range(len(body)):
        assert merged(decode([body[:at], body[at:]])) == whole


def test_every_single_split_of_mixed_framings_gives_the_same_parts(mixed, merged):
    whole = merged(decode([mixed]))
    assert "☃ 雪 🏔" in "".join(getattr(part, "text", "") for part in whole)
    for at in range(len(mixed)):
        assert merged(decode([mixed[:at], mixed[at:]])) == whole


@pytest.mark.parametrize("name", LARGE)
def test_byte_by_byte_gives_the_same_parts(name, sample, merged):
    body = sample(name)
    assert merged(decode(bytes([byte]) for byte in body)) == merged(decode([body]))


@pytest.mark.parametrize("name", [name for name in LARGE if name.endswith(".ndjson")])
def test_all_framings_of_a_reply_give_the_same_parts(name, sample, merged):
    frames = sample(name).splitlines()
    whole = merged(decode([b"\n".join(frames)]))
    assert merged(decode([b"".join(frames)])) == whole
    assert merged(decode([b"".join(b"data: " + frame + b"\n\n" for frame in frames)])) == whole


@pytest.mark.parametrize("name", LARGE)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_random_splits_give_the_same_parts(name, sample, merged, data):
    body = sample(name)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(body)), max_size=30)))
    bounds = [0, *cuts, len(body)]
    pieces = [body[start:end] for start, end in itertools.pairwise(bounds)]
    assert merged(decode(pieces)) == merged(decode([body]))
