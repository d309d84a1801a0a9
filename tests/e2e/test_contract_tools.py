"""The API contract, rows H17 to H22: tools and formats in Chat Completions."""

import json
from typing import Any

import pytest

from tests.e2e.endpoint import Endpoint

pytestmark = pytest.mark.e2e

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
TWO_CALLS = '!say Let me look. !call get_weather {"city":"Rome"} !call get_weather {"city":"Oslo"}'
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "number",
        "schema": {
            "type": "object",
            "properties": {"a": {"type": "integer"}},
            "required": ["a"],
        },
    },
}


def test_calls_of_tools_are_streamed_piece_by_piece(endpoint: Endpoint) -> None:  # H17 H20
    reply = endpoint.chat(TWO_CALLS, tools=[WEATHER], stream=True)
    assert reply.text == "Let me look."
    assert b"null" not in reply.body.replace(b'"finish_reason":null', b"")
    pieces = [piece for delta in reply.deltas for piece in delta.get("tool_calls", ())]
    for index, city in enumerate(("Rome", "Oslo")):
        first, *rest = [piece for piece in pieces if piece["index"] == index]
        assert first["id"].startswith("call_")
        assert (first["type"], first["function"]["name"]) == ("function", "get_weather")
        assert not any("id" in piece for piece in rest)
        assert json.loads("".join(p["function"]["arguments"] for p in (first, *rest))) == {
            "city": city
        }
    assert reply.chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


NAMED = {"type": "function", "function": {"name": "get_weather"}}


@pytest.mark.parametrize(
    ("prompt", "fields", "calls"),
    [
        (TWO_CALLS, {"parallel_tool_calls": False}, 1),
        (TWO_CALLS, {"tool_choice": "auto", "n": 2}, 2),
        (TWO_CALLS, {"tool_choice": "none"}, 0),
        ("!latecall get_weather {}", {"tool_choice": "required"}, 1),
        ("!latecall get_weather {}", {"tool_choice": NAMED}, 1),
        ("!latecall get_weather {}", {}, 0),
        ("!call somebody_else {}", {}, 0),
        ("!callform hermes get_weather {}", {}, 1),
        ("!callform fenced get_weather {}", {}, 1),
    ],
)
def test_tools_are_called_as_chosen(  # H18
    endpoint: Endpoint, prompt: str, fields: dict[str, Any], calls: int
) -> None:
    for choice in endpoint.chat(prompt, tools=[WEATHER], **fields).json["choices"]:
        assert len(choice["message"].get("tool_calls", ())) == calls
        assert choice["finish_reason"] == ("tool_calls" if calls else "stop")
        assert choice["message"]["content"] or calls, "an empty answer must not claim success"


def test_two_hundred_tools_are_not_too_many(endpoint: Endpoint) -> None:
    tools = [
        {"type": "function", "function": WEATHER["function"] | {"name": f"tool_{number}"}}  # type: ignore[operator]
        for number in range(200)
    ]
    reply = endpoint.chat('!call tool_150 {"city":"Rome"}', tools=tools)
    assert reply.message["tool_calls"][0]["function"]["name"] == "tool_150"


def test_functions_of_old_are_answered_as_of_old(endpoint: Endpoint) -> None:  # H21
    reply = endpoint.chat('!call get_weather {"city":"Rome"}', functions=[WEATHER["function"]])
    assert json.loads(reply.message["function_call"]["arguments"]) == {"city": "Rome"}
    assert reply.json["choices"][0]["finish_reason"] == "function_call"


@pytest.mark.parametrize(
    ("prompt", "answer_format", "status", "text"),
    [
        ('!json {"a":1}', SCHEMA, 200, '{"a": 1}'),
        ('!badjson {"a":2}', SCHEMA, 200, '{"a": 2}'),
        ('!badjson {"z":1}', {"type": "json_object"}, 200, '{"z": 1}'),
        ('!json {"a":"x"}', SCHEMA, 422, ""),
        ("Hello", {"type": "json_object"}, 422, ""),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_format_is_kept_or_its_absence_is_told(  # H22
    endpoint: Endpoint,
    prompt: str,
    answer_format: dict[str, Any],
    status: int,
    text: str,
    stream: bool,
) -> None:
    reply = endpoint.chat(prompt, response_format=answer_format, stream=stream)
    assert reply.status == status
    if status == 200:
        assert reply.text == text
    else:
        assert reply.error["code"] == "answer_format_not_met"
