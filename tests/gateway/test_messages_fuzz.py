"""Bodies that a client would never send: each is understood or refused, in every dialect."""

import json
import random

import pytest

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.anthropic.parse import parse_call
from grokdesk.gateway.ollama.parse import parse_chat, parse_generate

_WORDS = ["text", "image", "document", "tool_use", "tool_result", "thinking", "search_result", "x"]
_KEYS = [
    "type",
    "text",
    "source",
    "content",
    "id",
    "name",
    "input",
    "tool_use_id",
    "data",
    "url",
    "media_type",
    "title",
    "function",
    "arguments",
    "is_error",
    "images",
    "role",
]
_FIELDS = [
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "stop_sequences",
    "output_config",
    "stream",
    "output_format",
    "temperature",
    "max_tokens",
    "format",
    "think",
    "options",
    "prompt",
    "suffix",
    "images",
]


def random_body(rng):
    body = {
        "model": "m",
        "max_tokens": 100,
        "messages": [_message(rng) for _ in range(rng.randrange(1, 4))],
    }
    for name in rng.sample(_FIELDS, rng.choice([0, 0, 1, 3])):
        body[name] = _value(rng, 4)
    if rng.random() < 0.1:
        body[rng.choice(["model", "messages"])] = _value(rng, 3)
    return json.dumps(body).encode()


def _message(rng):
    content = rng.choice(["hi", None, [_block(rng) for _ in range(rng.randrange(3))]])
    message = {"role": rng.choice(["user", "assistant", "system", "user", "x"]), "content": content}
    if rng.random() < 0.1:
        message[rng.choice(["tool_calls", "images", "content"])] = _value(rng, 4)
    return message


def _block(rng):
    block = {"type": rng.choice(_WORDS), "text": "hi", "tool_use_id": "t", "id": "t", "name": "n"}
    for key in rng.sample(_KEYS, rng.randrange(3)):
        block[key] = _value(rng, 3)
    return block


def _value(rng, depth):
    kind = rng.randrange(7 if depth else 5)
    if kind < 5:
        return (None, rng.random() < 0.5, rng.choice([0, -1, 2**70, 0.5]), "\ud800é", "text")[kind]
    if kind == 5:
        return [_value(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {rng.choice(_KEYS): _value(rng, depth - 1) for _ in range(rng.randrange(4))}


@pytest.mark.parametrize("parse", [parse_call, parse_chat, parse_generate])
def test_three_thousand_random_bodies_are_taken_or_refused(parse):
    rng = random.Random(11)
    outcomes = {"taken": 0, "refused": 0}
    for _ in range(3000):
        raw = random_body(rng)
        try:
            parse(raw)
            outcomes["taken"] += 1
        except InvalidRequestError:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 100, outcomes
