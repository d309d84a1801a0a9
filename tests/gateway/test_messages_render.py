"""Any reply, streamed or whole, is the same message, and every event is one that Anthropic has."""

import asyncio
import json
import random

import pytest
from anthropic.types import Message, RawMessageStreamEvent
from pydantic import TypeAdapter

from grokdesk.domain.chat import (
    Citation,
    FinishReason,
    Image,
    ReasoningDelta,
    SearchSource,
    TextDelta,
    ToolActivity,
)
from grokdesk.domain.tools import ToolCall
from grokdesk.domain.usage import TokenCount
from grokdesk.gateway.anthropic.answer import MessageCollector
from grokdesk.gateway.anthropic.render import Heading, MessageStreamRenderer
from grokdesk.services.calls import ChatResult
from tests.gateway.golden import events_of, kept

HEADING = Heading("msg_1", "grok-fast", 7)
EVENT = TypeAdapter(RawMessageStreamEvent)
STREAMS = ("plain", "reasoning", "one_tool", "two_tools", "text_and_tool", "length", "stop")


def result(reason=FinishReason.STOP, stop_text=""):
    return ChatResult(reason, TokenCount(7, 5, 2), "grok-fast", "a", "A", 1, 0.1, 0.2, stop_text)


def random_reply(rng):
    made = (
        lambda: TextDelta(rng.choice(["", "a", 'say "hi"\n', "😀", "é"])),
        lambda: TextDelta("text"),
        lambda: ReasoningDelta(rng.choice(["", "Hm.", "so\n"])),
        lambda: ToolCall(f"call_{rng.randrange(9**9)}", "weather", json.dumps({"city": "Ås"})),
        lambda: Citation(1, "https://a.example"),
        lambda: SearchSource("https://a.example"),
        lambda: ToolActivity("web_search", "x"),
        lambda: Image("i", "https://a.example/p"),
    )
    return [rng.choice(made)() for _ in range(rng.randrange(8))]


def streamed(chunks, ending, **style):
    renderer = MessageStreamRenderer(HEADING, **style)
    body = b"".join(map(renderer.render, chunks)) + renderer.render_end(ending)
    return [event.data for event in events_of(body)]


def whole(chunks, ending, **style):
    async def collect():
        collector = MessageCollector(**style)
        for chunk in chunks:
            await collector.emit(chunk)
        return json.loads(collector.render(HEADING, ending))

    return asyncio.run(collect())


def put_together(events):
    """As a client does it, and strict about the order."""
    message, blocks, is_open = events[0]["message"], [], False
    for event in events[1:-2]:
        match event["type"]:
            case "content_block_start":
                assert not is_open
                assert event["index"] == len(blocks)
                blocks.append(event["content_block"])
                is_open = True
            case "content_block_delta":
                assert is_open
                assert event["index"] == len(blocks) - 1
                _apply(blocks[-1], event["delta"])
            case "content_block_stop":
                assert is_open
                assert event["index"] == len(blocks) - 1
                is_open = False
    assert not is_open
    for block in blocks:
        if "arguments" in block:
            block["input"] = json.loads(block.pop("arguments"))
    last = events[-2]
    return message | last["delta"] | {"content": blocks, "usage": last["usage"]}


def _apply(block, delta):
    match delta.pop("type"):
        case "input_json_delta":
            block["arguments"] = block.get("arguments", "") + delta["partial_json"]
        case _:
            ((name, value),) = delta.items()
            block[name] += value


@pytest.mark.parametrize(
    "style", [{}, {"thinks": True}, {"thinks": True, "hides_thinking": True}], ids=str
)
def test_a_thousand_replies_are_the_same_streamed_and_whole(style):
    rng = random.Random(5)
    for _ in range(1000):
        chunks = random_reply(rng)
        ending = result(rng.choice(list(FinishReason)), rng.choice(["", "END"]))
        events = streamed(chunks, ending, **style)
        assert events[0]["type"] == "message_start"
        assert [event["type"] for event in events[-2:]] == ["message_delta", "message_stop"]
        assert put_together(events) == whole(chunks, ending, **style)


def test_every_event_and_every_message_is_of_the_packages_types():
    rng = random.Random(6)
    for _ in range(200):
        chunks = random_reply(rng)
        for event in streamed(chunks, result(), thinks=True):
            EVENT.validate_python(event, strict=True)
        Message.model_validate(whole(chunks, result(), thinks=True), strict=True)


@pytest.mark.parametrize("name", STREAMS)
def test_every_kept_event_is_of_the_packages_types(name):
    for event in events_of(kept(f"messages/{name}").body):
        EVENT.validate_python(event.data, strict=True)


def test_a_stop_text_is_told_only_where_it_ended_the_answer():
    ending = result(FinishReason.TOOL_CALLS, "END")
    assert streamed([], ending)[-2]["delta"]["stop_reason"] == "tool_use"
