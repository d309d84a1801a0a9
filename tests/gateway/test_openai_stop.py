"""Stop texts, wherever the chunks break them."""

import asyncio
import json
import random

import pytest

from grokdesk.domain.chat import ReasoningDelta, TextDelta
from grokdesk.gateway.interrupt import RunningCalls
from grokdesk.gateway.openai.stop import StopCutter
from tests.gateway.stand_in import chat_body, hangs, says


async def cut(stops, chunks):
    """What passes of the chunks, and whether a stop was found."""
    passed = []

    async def emit(chunk):
        passed.append(chunk.text)

    with RunningCalls().block() as block:
        cutter = StopCutter(stops, emit, block)
        for chunk in chunks:
            await cutter.emit(TextDelta(chunk))
        await cutter.flush()
    return "".join(passed), cutter.found


@pytest.mark.parametrize(
    ("stops", "chunks", "passed", "found"),
    [
        (("END",), ["one END two"], "one ", True),
        (("END",), ["one E", "N", "D two"], "one ", True),
        (("END",), ["one E", "N", "O"], "one ENO", False),
        (("END",), ["one EN"], "one EN", False),
        (("END",), ["END"], "", True),
        (("aab",), ["aa", "ab"], "a", True),
        (("b", "ab"), ["xab"], "x", True),
        (("\n\n",), ["a\n", "\nb"], "a", True),
        (("x",), ["aaa"], "aaa", False),
    ],
)
async def test_text_is_cut_before_the_first_stop(stops, chunks, passed, found):
    assert await cut(stops, chunks) == (passed, found)


async def test_any_split_of_the_text_gives_the_same_cut():
    rng = random.Random(3)
    for _ in range(300):
        text = "".join(rng.choice("abc") for _ in range(30))
        stops = tuple({"".join(rng.choice("abc") for _ in range(rng.randrange(2, 5)))})
        pieces, rest = [], text
        while rest:
            size = rng.randrange(1, 6)
            pieces.append(rest[:size])
            rest = rest[size:]
        at = text.find(stops[0])
        assert await cut(stops, pieces) == (text[:at] if at >= 0 else text, at >= 0)


async def ask(http, gateway, **fields):
    url = gateway.origin + "/v1/chat/completions"
    async with http.post(url, json=chat_body(**fields), headers=gateway.headers) as response:
        assert response.status == 200
        return await response.read()


@pytest.mark.parametrize("stream", [False, True])
async def test_upstream_is_stopped_once_a_stop_text_came(http, gateway, stream):
    gateway.upstream.play = hangs("one ", "tw", "o thr", "ee")
    async with asyncio.timeout(3):
        body = await ask(http, gateway, stream=stream, stop=["two", "zzz"])
    assert b"thr" not in body
    assert b"tw" not in body
    assert b'"finish_reason":"stop"' in body
    assert gateway.upstream.cancelled == 1
    assert gateway.services.gateway.snapshot().running_requests == 0


async def test_a_cut_answer_has_an_estimated_usage(http, gateway):
    gateway.upstream.play = hangs("one two three END")
    answer = json.loads(await ask(http, gateway, stop="END"))
    assert answer["choices"][0]["message"]["content"] == "one two three "
    assert answer["usage"]["completion_tokens"] > 1


async def test_an_answer_without_the_stop_text_is_whole(http, gateway):
    gateway.upstream.play = says(ReasoningDelta("END"), "one EN")
    answer = json.loads(await ask(http, gateway, stop="END"))
    assert answer["choices"][0]["message"]["content"] == "one EN"
    assert answer["choices"][0]["message"]["reasoning_content"] == "END"
    assert gateway.upstream.cancelled == 0


async def test_the_connection_lives_on_after_a_cut(http, gateway):
    gateway.upstream.play = hangs("one END")
    for _ in range(5):
        assert b"one" in await ask(http, gateway, stop="END")
