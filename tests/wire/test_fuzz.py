"""Whatever comes in, only chunks and upstream errors come out, and an error or Finish ends them."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grokdesk.domain import chat
from grokdesk.domain.errors import UpstreamError
from grokdesk.domain.quota import Mode
from grokdesk.upstream.web.wire.excerpts import LIMIT
from grokdesk.upstream.web.wire.mgw import MgwTurn
from grokdesk.upstream.web.wire.refusals import classify, classify_handshake, classify_inband
from grokdesk.upstream.web.wire.rest_decoder import RestDecoder

REST = [
    "rest-chat-thinking.ndjson",
    "rest-chat-search.ndjson",
    "rest-chat-image-lite.ndjson",
    "rest-chat-image-lite-feb.ndjson",
    "rest-chat-plain.sse.txt",
    "rest-chat-plain.concatenated.txt",
]
MGW = ["mgw-server-thinking.ndjson", "mgw-server-image-lite.ndjson"]
CHUNKS = (
    chat.TextDelta,
    chat.ReasoningDelta,
    chat.Citation,
    chat.SearchSource,
    chat.ToolActivity,
    chat.ImageProgress,
    chat.Image,
    chat.ConversationRef,
    chat.Finish,
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(parts):
    """The contract of every decoder."""
    for part in parts:
        assert isinstance(part, (*CHUNKS, UpstreamError))
    assert isinstance(parts[-1], (chat.Finish, UpstreamError))
    assert sum(isinstance(part, (chat.Finish, UpstreamError)) for part in parts) == 1
    if isinstance(parts[-1], chat.Finish):
        assert any(isinstance(part, chat.TextDelta | chat.Image) for part in parts)
    else:
        assert len(parts[-1].excerpt) <= LIMIT


def rest(*pieces):
    decoder = RestDecoder()
    parts = [part for piece in pieces for part in decoder.feed(piece)] + decoder.end()
    assert decoder.done
    assert decoder.feed(b"{}\n") + decoder.end() == []
    return parts


def mgw(frames):
    turn = MgwTurn(Mode.FAST, "x", new_id=lambda: "i", now_ms=lambda: 1)
    parts = [part for frame in frames for part in turn.receive(frame).chunks] + turn.closed()
    assert turn.done
    return parts


@FUZZ
@given(st.lists(st.binary(max_size=80), max_size=6))
def test_garbage_on_the_stream(pieces):
    check(rest(*pieces))


@FUZZ
@given(st.lists(st.sampled_from(b'{}[]":,\\\n dt0_<"') | st.integers(0, 255), max_size=300))
def test_garbage_that_looks_like_json(characters):
    check(rest(bytes(characters)))


@pytest.mark.parametrize("name", REST)
@FUZZ
@given(data=st.data())
def test_damaged_replies_in_any_split(name, sample, merged, data):
    body = bytearray(sample(name))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body)))
        match data.draw(st.sampled_from(("change", "drop", "cut", "insert", "swap"))):
            case "change":
                body[at : at + 1] = data.draw(st.binary(min_size=1, max_size=1))
            case "drop":
                del body[at : at + data.draw(st.integers(1, 60))]
            case "cut":
                del body[at:]
            case "insert":
                body[at:at] = data.draw(st.binary(min_size=1, max_size=20))
            case "swap":
                body = body[at:] + body[:at]
    whole = rest(bytes(body))
    check(whole)
    size = data.draw(st.integers(1, 700))
    pieces = [bytes(body[start : start + size]) for start in range(0, len(body), size)]
    assert merged(rest(*pieces)) == merged(whole)


def _places(value, path=()):
    yield path
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(child, (*path, key))


def _with_other_value(line, data):
    frame = json.loads(line)
    *parents, last = data.draw(st.sampled_from([path for path in _places(frame) if path]))
    target = frame
    for key in parents:
        target = target[key]
    target[last] = data.draw(ANY_JSON)
    return json.dumps(frame).encode()


@pytest.mark.parametrize("name", REST[:4])
@FUZZ
@given(data=st.data())
def test_replies_with_fields_of_other_types(name, sample, data):
    lines = sample(name).splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = _with_other_value(lines[at], data)
    check(rest(b"\n".join(lines)))


@pytest.mark.parametrize("name", MGW)
@FUZZ
@given(data=st.data())
def test_socket_frames_with_fields_of_other_types(name, sample, data):
    lines = sample(name).splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = _with_other_value(lines[at], data)
    check(mgw(lines))


@FUZZ
@given(
    st.lists(st.binary(max_size=60) | st.text(max_size=60) | ANY_JSON.map(json.dumps), max_size=5)
)
def test_garbage_on_the_socket(frames):
    check(mgw(frames))


@pytest.mark.parametrize("deep", [b"[" * 300_000, b'{"a":' * 300_000, b'{"result":' * 300_000])
def test_deep_nesting(deep):
    check(rest(deep))
    check(rest(deep + b"\n"))
    check(rest(b'{"result":{"response":{"modelResponse":' + deep + b"}}}\n"))
    check(mgw([deep]))


@FUZZ
@given(
    st.integers(100, 599),
    st.dictionaries(st.sampled_from(["Retry-After", "Date", "cf-mitigated"]), st.text(max_size=30)),
    st.binary(max_size=200) | ANY_JSON.map(lambda value: json.dumps(value).encode()),
)
def test_any_answer_is_classified(status, headers, body):
    for error in (classify(status, headers, body), classify_handshake(status, headers, body)):
        assert isinstance(error, UpstreamError)
        assert len(error.excerpt) <= LIMIT


@FUZZ
@given(st.none() | st.integers() | st.text(max_size=20), st.text(max_size=400))
def test_any_error_inside_a_reply_is_classified(code, message):
    assert isinstance(classify_inband(code, message), UpstreamError)
