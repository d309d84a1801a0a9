"""A stop text through the whole gateway: the answer ends, and so does the upstream call."""

import asyncio
import json

import pytest

from grokdesk.domain.chat import ReasoningDelta
from tests.gateway.stand_in import chat_body, hangs, says


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
    assert gateway.upstream.running == 0
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
