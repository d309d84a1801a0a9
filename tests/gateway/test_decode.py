"""The JSON decoder: whatever bytes come in, the answer is a value or a 400."""

import json
import random
import time

import pytest

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.decode import JsonDecoder
from grokdesk.gateway.openai.parse import parse_chat
from tests.gateway.random_bodies import random_body

DECODER = JsonDecoder(dict)


def body(content='"a"', more=""):
    return f'{{"model":"m","messages":[{{"role":"user","content":{content}}}]{more}}}'.encode()


def nested(depth):
    return "[" * depth + "]" * depth


@pytest.mark.alone
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"{} {}",
        b"\xff\xfe",
        b'{"model":"\xff"}',
        body().decode().encode("utf-16"),
        body("NaN"),
        body("Infinity"),
        body("1e999"),
        body("9" * 5000),
        body(more=f',"n":{"9" * 5000}'),
        body(more=',"temperature":1e999'),
        body(more=',"temperature":-1e999'),
        body(nested(65)),
        body(nested(5000)),
        body(nested(200_000)),
        body("[" * 5000),
        body(more=f',"unknown":{"[" * 5000}'),
        body(more=f',"unknown":{nested(100)}'),
        body(more=f',"unknown":{"[" * 500_000}'),
        body(more=',"unknown":' + "[" * 100 + '"]"' + "]" * 100),
        body(more=',"unknown":[' + "1," * 300_000 + "1]" + ',"x":' + nested(70)),
    ],
)
def test_a_bomb_or_broken_body_is_refused_quickly(raw):
    started = time.perf_counter()
    with pytest.raises(InvalidRequestError) as caught:
        parse_chat(raw)
    assert caught.value.code in ("invalid_json", "invalid_value")
    assert time.perf_counter() - started < 0.5


def test_sixty_four_levels_are_allowed():
    raw = b'{"a":' + nested(63).encode() + b',"b":"' + b"[" * 100 + b'"}'
    assert DECODER.decode(raw)["b"] == "[" * 100


def test_many_flat_brackets_are_not_depth():
    raw = json.dumps({"a": [[1], {"b": ']}\\"'}] * 200}).encode()
    assert len(DECODER.decode(raw)["a"]) == 400


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (rb'"\ud83d\ude00"', "😀"),
        (rb'"\ud83d"', "\ufffd"),
        (rb'"\ude00x"', "\ufffdx"),
        (rb'"\ud83d\ud83d\ude00"', "\ufffd😀"),
        (rb'"\\ud83d"', "\\ud83d"),
        (rb'"\\\ud83d"', "\\\ufffd"),
    ],
)
def test_half_an_emoji_is_replaced(written, meant):
    assert DECODER.decode(b'{"a":%b}' % written) == {"a": meant}


def test_a_byte_order_mark_is_skipped():
    assert DECODER.decode(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


def test_the_last_of_two_equal_keys_counts():
    assert DECODER.decode(b'{"a":1,"a":2}') == {"a": 2}


def test_two_thousand_random_bodies_never_cause_anything_but_a_400():
    rng = random.Random(7)
    outcomes = {"taken": 0, "refused": 0}
    for _ in range(2000):
        raw = random_body(rng)
        try:
            parse_chat(raw)
            outcomes["taken"] += 1
        except InvalidRequestError:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 50, outcomes
