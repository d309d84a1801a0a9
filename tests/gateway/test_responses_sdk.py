"""The official Python package against /v1/responses, over a real socket."""

import asyncio
import contextlib
import json
from typing import get_args

import openai
import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel

from grokdesk.domain.chat import (
    Citation,
    Finish,
    FinishReason,
    ReasoningDelta,
    Role,
    SearchSource,
    TextDelta,
    ToolActivity,
)
from grokdesk.domain.errors import ContentRefusedError, RateLimitedError
from tests.gateway.golden import WEATHER_SCHEMA, events_of
from tests.gateway.stand_in import fails, hangs, says, thinks

WEATHER = {"type": "function", "name": "weather", "parameters": WEATHER_SCHEMA, "strict": False}
EVENTS = {
    get_args(kind.model_fields["type"].annotation)[0]: kind
    for kind in get_args(get_args(ResponseStreamEvent)[0])
}
"""The package's types by what they are called in a stream."""


def call_of(name, body):
    return f"<tool_call><tool_name>{name}</tool_name><parameters>{body}</parameters></tool_call>"


@pytest.fixture
async def client(gateway):
    async with openai.AsyncOpenAI(
        base_url=f"{gateway.origin}/v1", api_key=gateway.key, max_retries=0, timeout=20
    ) as client:
        yield client


async def test_a_whole_answer_conforms_strictly_to_the_packages_type(gateway, client):
    gateway.upstream.play = thinks("Hm.", "42")
    raw = await client.responses.with_raw_response.create(
        model="grok-fast",
        input="What is it?",
        instructions="Be brief.",
        metadata={"a": "b"},
        tools=[WEATHER],
        max_output_tokens=50,
    )
    body = Response.model_validate_json(raw.content, strict=True)
    assert body.output_text == "42"
    assert [item.type for item in body.output] == ["reasoning", "message"]
    assert body.output[0].summary[0].text == "Hm."
    assert (body.status, body.error, body.incomplete_details) == ("completed", None, None)
    assert (body.instructions, body.metadata) == ("Be brief.", {"a": "b"})
    assert (body.max_output_tokens, body.tools[0].name) == (50, "weather")
    usage = body.usage
    assert usage.output_tokens_details.reasoning_tokens > 0
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens


async def test_each_event_conforms_strictly_and_the_numbers_have_no_holes(gateway, client, http):
    gateway.upstream.play = says(
        ReasoningDelta("Hm."),
        ToolActivity("web_search", "copper"),
        SearchSource("https://a.example/", "A"),
        "Blue [[1]](https://a.example/)",
        Citation(1, "https://a.example/", "A"),
        " it is.",
        call_of("weather", '{"city":"Oslo"}'),
    )
    body = {
        "model": "grok-fast",
        "input": "Colour?",
        "stream": True,
        "tools": [WEATHER, {"type": "web_search"}],
        "include": ["reasoning.encrypted_content", "web_search_call.action.sources"],
    }
    async with http.post(
        f"{gateway.origin}/v1/responses", json=body, headers=gateway.headers
    ) as response:
        events = events_of(await response.read())
    assert [event.data["sequence_number"] for event in events] == list(range(len(events)))
    assert all(event.name == event.data["type"] for event in events)
    for event in events:
        EVENTS[event.name].model_validate_json(json.dumps(event.data), strict=True)
    last = Response.model_validate(events[-1].data["response"])
    assert [item.type for item in last.output] == [
        "reasoning",
        "web_search_call",
        "message",
        "function_call",
    ]
    assert last.output[0].encrypted_content
    assert last.output[1].action.sources[0].url == "https://a.example/"


async def test_the_stream_helper_gives_the_same_answer(gateway, client):
    gateway.upstream.play = says("Hello", ", world.")
    async with client.responses.stream(model="grok-fast", input="Hi") as stream:
        texts = [
            event.delta async for event in stream if event.type == "response.output_text.delta"
        ]
        final = await stream.get_final_response()
    assert texts == ["Hello", ", world."]
    assert final.output_text == "Hello, world."


async def test_an_answer_can_be_parsed_into_a_model(gateway, client):
    class City(BaseModel):
        name: str

    gateway.upstream.play = says('{"name":', '"Oslo"}')
    parsed = await client.responses.parse(model="grok-fast", input="Which?", text_format=City)
    assert parsed.output_parsed == City(name="Oslo")


async def test_tool_calls_go_and_their_results_come_back(gateway, client):
    gateway.upstream.play = says(call_of("weather", '{"city":"Oslo"}'))
    first = await client.responses.create(model="grok-fast", input="Weather?", tools=[WEATHER])
    (call,) = first.output
    assert (call.type, call.name, call.arguments) == ("function_call", "weather", '{"city":"Oslo"}')
    gateway.upstream.play = says("Rain.")
    second = await client.responses.create(
        model="grok-fast",
        previous_response_id=first.id,
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": "rain"}],
        tools=[WEATHER],
    )
    assert second.output_text == "Rain."
    prompt = gateway.upstream.requests[-1].messages
    assert [message.role for message in prompt if message.role is not Role.SYSTEM] == [
        Role.USER,
        Role.ASSISTANT,
        Role.TOOL,
    ]
    assert prompt[-1].text.endswith("rain")


async def test_a_cut_answer_is_incomplete(gateway, client):
    gateway.upstream.play = says("one two three four five six seven eight")
    cut = await client.responses.create(model="grok-fast", input="Hi", max_output_tokens=2)
    assert cut.status == "incomplete"
    assert cut.incomplete_details.reason == "max_output_tokens"
    assert cut.output[0].status == "incomplete"


async def test_a_filtered_answer_is_incomplete(gateway, client):
    async def play(_prompt, emit):
        await emit(TextDelta("Well"))
        await emit(Finish(FinishReason.CONTENT_FILTER))

    gateway.upstream.play = play
    async with client.responses.stream(model="grok-fast", input="Hi") as stream:
        kinds = [event.type async for event in stream]
    assert kinds[-1] == "response.incomplete"


async def test_an_error_before_the_first_byte_has_its_own_status(gateway, client):
    gateway.upstream.play = fails(RateLimitedError("Used up.", retry_after=60))
    with pytest.raises(openai.RateLimitError):
        await client.responses.create(model="grok-fast", input="Hi", stream=True)


async def test_an_error_in_the_middle_ends_the_stream_as_failed(gateway, client):
    gateway.upstream.play = fails(ContentRefusedError("Grok declined this."), "Well")
    stream = await client.responses.create(model="grok-fast", input="Hi", stream=True)
    events = [event async for event in stream]
    failed = events[-1]
    assert failed.type == "response.failed"
    assert failed.response.status == "failed"
    assert failed.response.error.message == "Grok declined this."
    assert failed.response.output_text == "Well"


async def test_a_client_that_leaves_stops_upstream(gateway, client):
    gateway.upstream.play = hangs("Well")
    stream = await client.responses.create(model="grok-fast", input="Hi", stream=True)
    async for event in stream:
        if event.type == "response.output_text.delta":
            break
    await stream.close()
    async with asyncio.timeout(1):
        while gateway.upstream.running:
            await asyncio.sleep(0.01)
    assert gateway.upstream.cancelled == 1


async def test_custom_tools_take_free_text(gateway, client):
    gateway.upstream.play = says(call_of("patch", "*** Begin\n*** End"))
    tools = [{"type": "custom", "name": "patch", "description": "Applies a patch."}]
    async with client.responses.stream(model="grok-fast", input="Go", tools=tools) as stream:
        events = [event async for event in stream]
        final = await stream.get_final_response()
    done = next(event for event in events if event.type == "response.custom_tool_call_input.done")
    assert done.input == "*** Begin\n*** End"
    assert (final.output[0].type, final.output[0].input) == ("custom_tool_call", done.input)


async def test_stored_responses_can_be_fetched_listed_and_deleted(gateway, client):
    made = await client.responses.create(model="grok-fast", input="Hi", store=True)
    again = await client.responses.retrieve(made.id)
    assert again == made
    items = await client.responses.input_items.list(made.id)
    assert items.data[0].content[0].text == "Hi"
    await client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        await client.responses.retrieve(made.id)


async def test_a_background_response_is_polled_until_it_is_done(gateway, client):
    queued = await client.responses.create(model="grok-fast", input="Hi", background=True)
    assert queued.status in ("queued", "in_progress")
    async with asyncio.timeout(5):
        while (polled := await client.responses.retrieve(queued.id)).status != "completed":
            await asyncio.sleep(0.01)
    assert polled.output_text == "Hello, world."
    assert polled.background


async def test_a_background_response_is_cancelled_within_a_second(gateway, client):
    gateway.upstream.play = hangs("Well")
    queued = await client.responses.create(model="grok-fast", input="Hi", background=True)
    async with asyncio.timeout(5):
        while not gateway.upstream.running:
            await asyncio.sleep(0.01)
    async with asyncio.timeout(1):
        cancelled = await client.responses.cancel(queued.id)
    assert cancelled.status == "cancelled"
    assert gateway.upstream.running == 0
    assert (await client.responses.retrieve(queued.id)).status == "cancelled"


async def test_a_background_stream_goes_on_after_the_event_that_the_client_had(gateway, client):
    proceed = asyncio.Event()

    async def play(_prompt, emit):
        await emit(TextDelta("Hello"))
        await proceed.wait()
        await emit(TextDelta(", world."))
        await emit(Finish())

    gateway.upstream.play = play
    stream = await client.responses.create(
        model="grok-fast", input="Hi", background=True, stream=True
    )
    seen = []
    async for event in stream:
        seen.append(event)
        if event.type == "response.output_text.delta":
            break
    await stream.close()
    proceed.set()
    id = seen[0].response.id
    for _ in range(2):  # while it runs or right after, and later from the disk
        rest = await client.responses.retrieve(
            id, stream=True, starting_after=seen[-1].sequence_number
        )
        events = [event async for event in rest]
        numbers = [event.sequence_number for event in [*seen, *events]]
        assert numbers == list(range(len(numbers)))
        assert events[-1].type == "response.completed"
        assert events[-1].response.output_text == "Hello, world."


@contextlib.asynccontextmanager
async def other_client(gateway):
    _, text = await gateway.services.keys.create("Another")
    async with openai.AsyncOpenAI(
        base_url=f"{gateway.origin}/v1", api_key=text, max_retries=0
    ) as client:
        yield client


async def test_another_key_sees_nothing_of_it(gateway, client):
    made = await client.responses.create(model="grok-fast", input="Hi", store=True)
    async with other_client(gateway) as other:
        for attempt in (
            other.responses.retrieve(made.id),
            other.responses.delete(made.id),
            other.responses.input_items.list(made.id),
            other.responses.cancel(made.id),
            other.responses.create(model="grok-fast", input="Hi", previous_response_id=made.id),
        ):
            with pytest.raises(openai.NotFoundError):
                await attempt
    assert (await client.responses.retrieve(made.id)).id == made.id
