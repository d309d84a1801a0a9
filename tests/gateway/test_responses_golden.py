"""Responses as they are kept in golden files, and as the openai package reads those."""

import dataclasses
import json
import re

import openai
import pytest

from grokdesk.domain.chat import Citation, SearchSource, ToolActivity
from tests.gateway.golden import SCRIPTS, WEATHER_SCHEMA, events_of, kept, record, replay
from tests.gateway.stand_in import says

PATH = "/v1/responses"
WEATHER = {"type": "function", "name": "weather", "parameters": WEATHER_SCHEMA}
PATCH = {"type": "custom", "name": "patch", "description": "Applies a patch."}

OWN = {
    "custom_tool": says(
        "<tool_call><tool_name>patch</tool_name>"
        "<parameters>*** Begin Patch\n*** End Patch</parameters></tool_call>"
    ),
    "web_search": says(
        ToolActivity("web_search", "copper sulfate colour"),
        SearchSource("https://a.example/copper", "Copper"),
        ToolActivity("browse_page", "https://a.example/copper"),
        "Blue\U0001f9ea [[1]](https://a.example/copper)",
        Citation(1, "https://a.example/copper", "Copper"),
        ".",
    ),
}
FIELDS = {
    "reasoning": {"include": ["reasoning.encrypted_content"]},
    "one_tool": {"tools": [WEATHER]},
    "two_tools": {"tools": [WEATHER]},
    "text_and_tool": {"tools": [WEATHER]},
    "length": {"max_output_tokens": 5},
    "custom_tool": {"tools": [PATCH]},
    "web_search": {
        "tools": [{"type": "web_search"}],
        "include": ["web_search_call.action.sources"],
    },
}
STREAMED = (
    "plain",
    "reasoning",
    "one_tool",
    "two_tools",
    "text_and_tool",
    "length",
    "error_first",
    "error_middle",
    "cancel",
    "custom_tool",
    "web_search",
)
WHOLE = ("plain", "reasoning", "text_and_tool", "length", "web_search")
ENDS = {
    "length": "response.incomplete",
    "error_middle": "response.failed",
}


_COUNTS = re.compile(rb'("(?:input|output|reasoning|total)_tokens":)[0-9]+')


async def recorded(http, gateway, body, **how):
    """Without the counts: they are estimates, which are tuned elsewhere."""
    recording = await record(http, gateway, PATH, body, **how)
    return dataclasses.replace(recording, body=_COUNTS.sub(rb"\g<1>1", recording.body))


def body_for(name, **fields):
    return {"model": "grok-fast", "input": "Hi", **FIELDS.get(name, {}), **fields}


@pytest.mark.parametrize("name", STREAMED)
async def test_the_stream_is_the_kept_one(http, gateway, name):
    gateway.upstream.play = {**SCRIPTS, **OWN}[name]
    recording = await recorded(
        http,
        gateway,
        body_for(name, stream=True),
        leave_after=b'"delta":"Well"' if name == "cancel" else b"",
    )
    recording.check(f"responses/{name}")


@pytest.mark.parametrize("name", WHOLE)
async def test_the_whole_answer_is_the_kept_one(http, gateway, name):
    gateway.upstream.play = {**SCRIPTS, **OWN}[name]
    recording = await recorded(http, gateway, body_for(name))
    recording.check(f"responses/{name}_whole")


@pytest.mark.parametrize(
    "name", [name for name in STREAMED if name not in ("error_first", "cancel")]
)
async def test_the_package_reads_the_kept_stream_to_its_end(name):
    async with (
        replay(f"responses/{name}") as origin,
        openai.AsyncOpenAI(base_url=f"{origin}/v1", api_key="none", max_retries=0) as client,
        client.responses.stream(model="grok-fast", input="Hi") as stream,
    ):
        events = [event async for event in stream]
    assert events[-1].type == ENDS.get(name, "response.completed")
    if name == "web_search":
        (note,) = events[-1].response.output[-1].content[0].annotations
        text = events[-1].response.output_text
        assert text[note.start_index : note.end_index] == "[[1]](https://a.example/copper)"


async def test_the_package_raises_the_kept_error():
    async with (
        replay("responses/error_first") as origin,
        openai.AsyncOpenAI(base_url=f"{origin}/v1", api_key="none", max_retries=0) as client,
    ):
        with pytest.raises(openai.RateLimitError, match="used up"):
            await client.responses.create(model="grok-fast", input="Hi", stream=True)


@pytest.mark.parametrize("name", WHOLE)
def test_streamed_and_whole_answers_end_in_the_same_object(name):
    last = events_of(kept(f"responses/{name}").body)[-1].data["response"]
    whole = json.loads(kept(f"responses/{name}_whole").body)
    for answer in (last, whole):
        for item in answer["output"]:
            item.pop("call_id", None)
    assert last == whole
