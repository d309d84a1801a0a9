"""Chat completions as they are kept in golden files, and as the openai package reads those."""

import json

import openai
import pytest

from grokdesk.gateway.dialect import OPENAI
from tests.gateway.golden import SCRIPTS, WEATHER_SCHEMA, events_of, kept, record, replay
from tests.gateway.stand_in import chat_body

PATH = "/v1/chat/completions"
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": WEATHER_SCHEMA,
    },
}
FIELDS = {
    "plain": {"stream_options": {"include_usage": True}},
    "one_tool": {"tools": [WEATHER]},
    "two_tools": {"tools": [WEATHER]},
    "text_and_tool": {"tools": [WEATHER]},
    "length": {"max_tokens": 5},
    "stop": {"stop": ["END", "zzz"]},
}
"""What a request asks for beside the question."""


@pytest.mark.parametrize("name", [name for name in SCRIPTS if name != "cancel"])
@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_the_answer_is_the_kept_one(http, gateway, name, stream):
    gateway.upstream.play = SCRIPTS[name]
    body = chat_body("How is the weather?", stream=stream, **FIELDS.get(name, {}))
    if not stream:
        body.pop("stream_options", None)
    recording = await record(http, gateway, PATH, body)
    recording.check(f"chat/{name}" if stream else f"chat/{name}_whole")


async def test_a_client_that_left_had_the_kept_beginning(http, gateway):
    gateway.upstream.play = SCRIPTS["cancel"]
    recording = await record(
        http, gateway, PATH, chat_body(stream=True), leave_after=b'"content":"Well"'
    )
    recording.check("chat/cancel")
    assert gateway.upstream.cancelled == 1


async def stream_of(name):
    """All chunks of a kept stream, read by the openai package."""
    request = json.loads(kept(f"chat/{name}").sent)
    async with (
        replay(f"chat/{name}") as origin,
        openai.AsyncOpenAI(base_url=origin, api_key="x", max_retries=0) as client,
    ):
        stream = await client.chat.completions.create(**request)
        return [chunk async for chunk in stream]


async def final_of(name):
    """What the package's own accumulator makes of a kept stream."""
    request = json.loads(kept(f"chat/{name}").sent)
    del request["stream"]
    async with (
        replay(f"chat/{name}") as origin,
        openai.AsyncOpenAI(base_url=origin, api_key="x", max_retries=0) as client,
        client.chat.completions.stream(**request) as stream,
    ):
        return (await stream.get_final_completion()).choices[0]


async def whole_of(name):
    name = f"{name}_whole"
    async with (
        replay(f"chat/{name}") as origin,
        openai.AsyncOpenAI(base_url=origin, api_key="x", max_retries=0) as client,
    ):
        answer = await client.chat.completions.create(**json.loads(kept(f"chat/{name}").sent))
        return answer.choices[0]


@pytest.mark.parametrize("read", [final_of, whole_of])
async def test_the_package_reads_text_and_thinking(read):
    choice = await read("plain")
    assert (choice.message.content, choice.finish_reason) == ("Hello, world.", "stop")
    choice = await read("reasoning")
    assert (choice.message.content, choice.message.reasoning_content) == ("42", "Hm.")


@pytest.mark.parametrize("read", [final_of, whole_of])
async def test_the_package_reads_tool_calls(read):
    for name, cities, content in (
        ("one_tool", ["Oslo"], None),
        ("two_tools", ["Oslo", "Bergen"], None),
        ("text_and_tool", ["Oslo"], "Let me see."),
    ):
        choice = await read(name)
        calls = choice.message.tool_calls
        assert choice.finish_reason == "tool_calls"
        assert [json.loads(call.function.arguments) for call in calls] == [
            {"city": city} for city in cities
        ]
        assert {call.function.name for call in calls} == {"weather"}
        assert len({call.id for call in calls}) == len(cities)
        assert (choice.message.content or "").strip() == (content or "")


@pytest.mark.parametrize("read", [final_of, whole_of])
async def test_the_package_reads_why_an_answer_ended_early(read):
    if read is whole_of:  # the other one raises for an answer that was cut
        assert (await read("length")).finish_reason == "length"
    choice = await read("stop")
    assert (choice.message.content, choice.finish_reason) == ("Alpha Beta ", "stop")


async def test_the_package_raises_for_an_answer_that_was_cut():
    with pytest.raises(openai.LengthFinishReasonError):
        await final_of("length")


async def test_the_package_raises_what_went_wrong():
    with pytest.raises(openai.RateLimitError, match="used up"):
        await stream_of("error_first")
    with pytest.raises(openai.APIError, match="Grok declined this"):
        await stream_of("error_middle")


async def test_a_broken_off_stream_just_ends():
    (chunk,) = await stream_of("cancel")
    assert chunk.choices[0].delta.content == "Well"


STREAMS = [name for name in SCRIPTS if name not in ("error_first", "error_middle", "cancel")]


@pytest.mark.parametrize("name", STREAMS)
def test_every_kept_stream_keeps_the_rules_of_the_format(name):
    *events, done = events_of(kept(f"chat/{name}").body)
    assert done.data == "[DONE]"
    chunks = [event.data for event in events]
    assert {(chunk["id"], chunk["object"], chunk["created"]) for chunk in chunks} == {
        (chunks[0]["id"], "chat.completion.chunk", 0)
    }
    choices = [chunk["choices"][0] for chunk in chunks if chunk["choices"]]
    assert [choice["delta"].get("role") for choice in choices] == [
        "assistant",
        *[None] * (len(choices) - 1),
    ]
    assert [choice["finish_reason"] is None for choice in choices] == [
        *[True] * (len(choices) - 1),
        False,
    ]
    assert all(choice["delta"].get("tool_calls", []) is not None for choice in choices)


def test_an_error_looks_the_same_before_and_in_a_stream():
    before = json.loads(kept("chat/error_first").body)["error"]
    within = events_of(kept("chat/error_middle").body)[-1].data["error"]
    assert before.keys() == within.keys()
    assert OPENAI.statuses == {}
