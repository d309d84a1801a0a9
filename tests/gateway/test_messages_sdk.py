"""The official anthropic package against a running gateway, and against what is kept."""

import asyncio

import anthropic
import pytest

from grokdesk.domain.errors import ContentRefusedError, RateLimitedError
from tests.gateway.golden import SCRIPTS, WEATHER_SCHEMA, record, replay
from tests.gateway.stand_in import fails, hangs, says, thinks

QUESTION = {
    "model": "grok-fast",
    "max_tokens": 1000,
    "messages": [{"role": "user", "content": "Hi"}],
}
THINKING = {"type": "enabled", "budget_tokens": 1024}
WEATHER = {"name": "weather", "description": "Tells the weather.", "input_schema": WEATHER_SCHEMA}
CASES = {
    "plain": {},
    "reasoning": {"thinking": THINKING},
    "one_tool": {"tools": [WEATHER]},
    "two_tools": {"tools": [WEATHER]},
    "text_and_tool": {"tools": [WEATHER], "thinking": THINKING},
    "length": {"max_tokens": 5},
    "stop": {"stop_sequences": ["END"]},
    "error_first": {},
    "error_middle": {},
    "cancel": {},
}
STREAMS = {
    "plain": (["text"], "end_turn"),
    "reasoning": (["thinking", "text"], "end_turn"),
    "one_tool": (["tool_use"], "tool_use"),
    "two_tools": (["tool_use", "tool_use"], "tool_use"),
    "text_and_tool": (["thinking", "text", "tool_use"], "tool_use"),
    "length": (["text"], "max_tokens"),
    "stop": (["text"], "stop_sequence"),
}


def open_client(origin, key="gd-any"):
    return anthropic.AsyncAnthropic(base_url=origin, api_key=key, max_retries=0)


@pytest.fixture
async def client(gateway):
    async with open_client(gateway.origin, gateway.key) as client:
        yield client


@pytest.mark.parametrize("name", CASES)
async def test_the_stream_is_the_kept_one(http, gateway, name):
    gateway.upstream.play = SCRIPTS[name]
    leave_after = b"Well" if name == "cancel" else b""
    body = {**QUESTION, "stream": True, **CASES[name]}
    recording = await record(http, gateway, "/v1/messages", body, leave_after=leave_after)
    recording.check(f"messages/{name}")


@pytest.mark.parametrize("name", ["plain", "text_and_tool", "error_first"])
async def test_the_whole_message_is_the_kept_one(http, gateway, name):
    gateway.upstream.play = SCRIPTS[name]
    recording = await record(http, gateway, "/v1/messages", {**QUESTION, **CASES[name]})
    recording.check(f"messages/whole_{name}")


@pytest.mark.parametrize("name", STREAMS)
async def test_the_package_reads_every_kept_stream(name):
    kinds, reason = STREAMS[name]
    async with replay(f"messages/{name}") as origin, open_client(origin) as client:
        async with client.messages.stream(**QUESTION) as stream:
            message = await stream.get_final_message()
    assert [block.type for block in message.content] == kinds
    assert message.stop_reason == reason
    assert message.usage.output_tokens > 0
    for block in message.content:
        if block.type == "tool_use":
            assert block.input["city"] in ("Oslo", "Bergen")
        if block.type == "thinking":
            assert block.signature == "SIGNATURE"


async def test_the_package_raises_what_is_kept_of_errors():
    async with replay("messages/error_first") as origin, open_client(origin) as client:
        with pytest.raises(anthropic.RateLimitError):
            await client.messages.create(**QUESTION)
    async with replay("messages/error_middle") as origin, open_client(origin) as client:
        with pytest.raises(anthropic.APIStatusError, match="Grok declined this"):
            async with client.messages.stream(**QUESTION) as stream:
                await stream.until_done()


async def test_a_whole_message(client):
    message = await client.messages.create(**QUESTION)
    assert message.content[0].text == "Hello, world."
    assert message.stop_reason == "end_turn"
    assert message.usage.input_tokens > 0
    assert message._request_id.startswith("req_")


async def test_a_stream_of_text(client, gateway):
    gateway.upstream.play = thinks("Hm.", "42")
    async with client.messages.stream(**QUESTION, thinking=THINKING) as stream:
        texts = [text async for text in stream.text_stream]
        message = await stream.get_final_message()
    assert texts == ["42"]
    assert message.content[0].thinking == "Hm."


async def test_a_tool_is_called_and_its_result_taken(client, gateway):
    gateway.upstream.play = SCRIPTS["one_tool"]
    message = await client.messages.create(**QUESTION, tools=[WEATHER])
    (block,) = message.content
    assert (block.name, block.input) == ("weather", {"city": "Oslo"})
    gateway.upstream.play = says("It rains.")
    result = {"type": "tool_result", "tool_use_id": block.id, "content": "Rain"}
    follow_up = [
        *QUESTION["messages"],
        {"role": "assistant", "content": message.content},
        {"role": "user", "content": [result]},
    ]
    final = await client.messages.create(**{**QUESTION, "messages": follow_up}, tools=[WEATHER])
    assert final.content[0].text == "It rains."
    assert any("Rain" in turn.text for turn in gateway.upstream.requests[-1].messages)


async def test_an_answer_in_a_schema_is_parsed(client, gateway):
    gateway.upstream.play = says('```json\n{"city": "Oslo"}\n```')
    wanted = {"format": {"type": "json_schema", "schema": WEATHER_SCHEMA}}
    message = await client.messages.create(**QUESTION, output_config=wanted)
    assert message.content[0].text == '{"city": "Oslo"}'


async def test_tokens_are_counted(client):
    question = {name: QUESTION[name] for name in ("model", "messages")}
    counted = await client.messages.count_tokens(**question, system="Be brief.", tools=[WEATHER])
    assert counted.input_tokens > 10


async def test_models_are_listed(client):
    models = [model async for model in client.models.list()]
    assert models[0].id == "grok-fast"
    assert models[0].display_name


async def test_errors_are_of_the_packages_classes(client, gateway):
    with pytest.raises(anthropic.NotFoundError) as caught:
        await client.messages.create(**{**QUESTION, "model": "claude-opus-9"})
    assert caught.value.type == "not_found_error"
    assert caught.value.request_id.startswith("req_")
    gateway.upstream.play = fails(ContentRefusedError("Grok declined this."))
    with pytest.raises(anthropic.BadRequestError):
        await client.messages.create(**QUESTION)
    gateway.upstream.play = fails(RateLimitedError("Used up.", retry_after=60))
    with pytest.raises(anthropic.RateLimitError):
        await client.messages.create(**QUESTION)
    async with open_client(gateway.origin, "gd-wrong") as stranger:
        with pytest.raises(anthropic.AuthenticationError):
            await stranger.messages.create(**QUESTION)


async def test_closing_a_stream_early_stops_upstream(client, gateway):
    gateway.upstream.play = hangs("Well")
    async with client.messages.stream(**QUESTION) as stream:
        async for _ in stream.text_stream:
            break
    async with asyncio.timeout(2):
        while gateway.upstream.running:
            await asyncio.sleep(0.005)
    assert gateway.upstream.cancelled == 1
