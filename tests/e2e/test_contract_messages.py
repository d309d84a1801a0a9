"""The API contract, rows N: Messages of the running program."""

import json
from typing import Any

import pytest

from tests.e2e.conftest import SimulatorProcess
from tests.e2e.endpoint import MODEL, Endpoint, assert_in_order

pytestmark = pytest.mark.e2e

CITY = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOL = {"name": "get_weather", "input_schema": CITY}
TWO_CALLS = '!say Look. !call get_weather {"city":"Rome"} !call get_weather {"city":"Oslo"}'
TEXT = [("start", 0, "text"), ("delta", 0, "text_delta"), ("stop", 0, "")]
THINKING = [
    ("start", 0, "thinking"),
    ("delta", 0, "thinking_delta"),
    ("delta", 0, "signature_delta"),
    ("stop", 0, ""),
    ("start", 1, "text"),
    ("delta", 1, "text_delta"),
    ("stop", 1, ""),
]
CALLS = [
    *TEXT,
    ("start", 1, "tool_use"),
    ("delta", 1, "input_json_delta"),
    ("stop", 1, ""),
    ("start", 2, "tool_use"),
    ("delta", 2, "input_json_delta"),
    ("stop", 2, ""),
]


@pytest.mark.parametrize(
    ("prompt", "fields", "blocks", "reason"),
    [
        ("Hello", {}, TEXT, "end_turn"),
        (
            "!think",
            {
                "model": "grok-chat-expert",
                "thinking": {"type": "enabled", "budget_tokens": 1024},
            },
            THINKING,
            "end_turn",
        ),
        (TWO_CALLS, {"tools": [TOOL]}, CALLS, "tool_use"),
        ("!long 9", {"max_tokens": 3}, TEXT, "max_tokens"),
        ("!long 9", {"stop_sequences": ["word4"]}, TEXT, "stop_sequence"),
    ],
    ids=["plain", "thinking", "calls", "length", "stop"],
)
def test_a_message_is_told_block_by_block(  # N1 N2 N3
    endpoint: Endpoint,
    prompt: str,
    fields: dict[str, Any],
    blocks: list[tuple[str, int, str]],
    reason: str,
) -> None:
    reply = endpoint.message(prompt, stream=True, **fields)
    assert b"[DONE]" not in reply.body
    (first, start), *middle, (_, delta), (last, _) = reply.events
    assert (first, last) == ("message_start", "message_stop")
    told = [
        (
            name.removeprefix("content_block_"),
            data["index"],
            data.get("content_block", data.get("delta", {})).get("type", ""),
        )
        for name, data in middle
        if name != "ping"
    ]
    once = [piece for piece, before in zip(told, [None, *told], strict=False) if piece != before]
    assert once == blocks
    assert start["message"]["usage"]["input_tokens"] > 0
    assert delta["delta"]["stop_reason"] == reason
    assert delta["usage"]["output_tokens"] > 0


def test_pings_fill_the_silence_of_a_message(endpoint: Endpoint) -> None:  # N1
    reply = endpoint.message("!long 2 !slow 1300", stream=True)
    assert "ping" in [name for name, _ in reply.events]


@pytest.mark.parametrize(
    ("fields", "status", "kind"),
    [
        ({"messages": []}, 400, "invalid_request_error"),
        ({"max_tokens": None}, 400, "invalid_request_error"),
        ({"model": "nobody"}, 404, "not_found_error"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image", "source": {}}]}]},
            400,
            "invalid_request_error",
        ),
    ],
)
def test_a_refused_message_is_told_in_anthropics_words(  # N4
    endpoint: Endpoint, fields: dict[str, Any], status: int, kind: str
) -> None:
    reply = endpoint.message(**fields)
    assert (reply.status, reply.json["type"], reply.error["type"]) == (status, "error", kind)
    assert reply.json["request_id"] == reply.headers["x-request-id"]


def test_an_error_in_the_middle_of_a_message_is_an_event(endpoint: Endpoint) -> None:  # N4
    name, data = endpoint.message("!error-mid", stream=True).events[-1]
    assert (name, data["error"]["type"]) == ("error", "api_error")


def test_the_habits_of_claude_code_are_taken(  # N5 N6 N7 N11
    endpoint: Endpoint, shared_simulator: SimulatorProcess
) -> None:
    cached = {"cache_control": {"type": "ephemeral"}}
    thinking = {"type": "thinking", "thinking": "hm", "signature": "of somebody else"}
    call = {"type": "tool_use", "id": "t1", "name": "get_weather", "input": {"city": "Rome"}}
    result = {
        "type": "tool_result",
        "tool_use_id": "t1",
        "is_error": True,
        "content": [{"type": "text", "text": "BROKEN"}],
    }
    empty = {"type": "text", "text": ""}
    reply = endpoint.message(
        system=[{"type": "text", "text": "SYS", **cached}],
        messages=[
            {"role": "user", "content": [{"type": "text", "text": "FIRST", **cached}]},
            {"role": "assistant", "content": [thinking, call]},
            {"role": "user", "content": [result, empty]},
            {"role": "system", "content": "MIDDLE"},
            {"role": "user", "content": "LAST"},
        ],
        metadata={"user_id": "u"},
        context_management={"edits": []},
        thinking={"type": "adaptive"},
        tools=[TOOL | cached],
    )
    assert reply.status == 200
    words = ["SYS", "FIRST", "Rome", "BROKEN", "MIDDLE", "LAST"]
    assert_in_order(shared_simulator.last_prompt()["text"], words)


def test_claude_code_counts_reports_and_uses_its_own_names(endpoint: Endpoint) -> None:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "x"}]}  # N8 N9 N10
    assert endpoint.post("/v1/messages/count_tokens", body).json["input_tokens"] > 0
    for path in ("/api/event_logging/batch", "/v1/api/event_logging/batch"):
        assert endpoint.post(path, {"events": []}).status == 200
    assert endpoint.message(model="claude-grok").status == 200
    assert endpoint.message(model="claude-opus-4-1").status == 404


def test_arguments_of_a_call_are_whole(endpoint: Endpoint) -> None:
    reply = endpoint.message(TWO_CALLS, tools=[TOOL], stream=True)
    parts: dict[int, str] = {}
    for name, data in reply.events:
        if name == "content_block_start" and data["content_block"]["type"] == "tool_use":
            assert data["content_block"]["input"] == {}
        if name == "content_block_delta" and "partial_json" in data["delta"]:
            index = data["index"]
            parts[index] = parts.get(index, "") + data["delta"]["partial_json"]
    assert [json.loads(part)["city"] for part in parts.values()] == ["Rome", "Oslo"]
