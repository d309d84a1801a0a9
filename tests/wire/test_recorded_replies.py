"""Every recorded reply gives exactly the parts that its file in `expected` lists, one per line."""

import json

import pytest

from grokdesk.domain.quota import Mode
from grokdesk.upstream.web.wire.mgw import MgwTurn
from grokdesk.upstream.web.wire.rest_decoder import RestDecoder

REST = [
    "rest-chat-plain.ndjson",
    "rest-chat-plain.sse.txt",
    "rest-chat-plain.concatenated.txt",
    "rest-chat-plain-feb.ndjson",
    "rest-chat-suffix-completion.ndjson",
    "rest-chat-thinking.ndjson",
    "rest-chat-search.ndjson",
    "rest-chat-image-lite.ndjson",
    "rest-chat-image-lite-feb.ndjson",
    "rest-chat-image-lite-moderated.ndjson",
    "rest-error-inband-antibot.ndjson",
    "rest-error-inband-midstream.ndjson",
    "rest-error-inband-ratelimit.ndjson",
    "rest-error-nested-usage-limit.ndjson",
    "rest-image-edit.ndjson",
    "rest-image-edit-moderated.ndjson",
]
MGW = [
    "mgw-server-plain.ndjson",
    "mgw-server-thinking.ndjson",
    "mgw-server-image-lite.ndjson",
    "mgw-server-error-antibot.ndjson",
    "mgw-server-error-usage-limit.ndjson",
    "mgw-server-incomplete.ndjson",
    "mgw-server-session-ended.ndjson",
]
INIT_ID = "3f0c7d8e-0f5a-4d1f-8f0c-2a5d0c9e7b10"  # the one that the recordings answer to


@pytest.mark.parametrize("name", REST)
def test_a_recorded_rest_reply_gives_the_expected_parts(name, sample, readable, expected):
    decoder = RestDecoder()
    parts = decoder.feed(sample(name)) + decoder.end()
    assert _plain(readable(parts)) == expected(name)


@pytest.mark.parametrize("name", MGW)
def test_a_recorded_socket_reply_gives_the_expected_parts(name, sample, readable, expected):
    turn = MgwTurn(Mode.FAST, "hello", new_id=lambda: INIT_ID, now_ms=lambda: 1)
    turn.start()
    parts = [part for line in sample(name).splitlines() for part in turn.receive(line).chunks]
    assert turn.done
    assert _plain(readable(parts)) == expected(name)


def test_no_recorded_reply_is_forgotten(pytestconfig):
    samples = pytestconfig.rootpath / "tests/wire/samples"
    recorded = {path.name for path in samples.iterdir()}
    replies = {n for n in recorded if n.startswith(("rest-chat", "rest-error", "mgw-server"))}
    assert replies <= {*REST, *MGW}


def _plain(value):
    return json.loads(json.dumps(value))
