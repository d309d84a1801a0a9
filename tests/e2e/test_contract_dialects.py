"""The API contract, rows R and N: Responses and Messages of the running program."""

import json
from typing import Any

import pytest

from tests.e2e.conftest import Program, SimulatorProcess
from tests.e2e.endpoint import MODEL, Endpoint

pytestmark = pytest.mark.e2e

CITY = {"type": "object", "properties": {"city": {"type": "string"}}}
FUNCTION = {"type": "function", "name": "get_weather", "parameters": CITY}
TOOL = {"name": "get_weather", "input_schema": CITY}
TWO_CALLS = '!say Look. !call get_weather {"city":"Rome"} !call get_weather {"city":"Oslo"}'


def last_prompt(simulator: SimulatorProcess) -> str:
    text: str = simulator.stats()["prompts"][-1]["text"]
    return text


def assert_in_order(text: str, words: list[str]) -> None:
    at = 0
    for word in words:
        at = text.index(word, at) + len(word)


MESSAGE_EVENTS = [
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
]
THOUGHT_EVENTS = [
    "response.output_item.added",
    "response.reasoning_summary_part.added",
    "response.reasoning_summary_text.delta",
    "response.reasoning_summary_text.done",
    "response.reasoning_summary_part.done",
    "response.output_item.done",
]
CALL_EVENTS = [
    "response.output_item.added",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.output_item.done",
]


@pytest.mark.parametrize(
    ("prompt", "fields", "items"),
    [
        ("Hello", {}, MESSAGE_EVENTS),
        ("!think", {"model": "grok-chat-expert"}, [*THOUGHT_EVENTS, *MESSAGE_EVENTS]),
        (TWO_CALLS, {"tools": [FUNCTION]}, [*MESSAGE_EVENTS, *CALL_EVENTS, *CALL_EVENTS]),
    ],
    ids=["plain", "reasoning", "calls"],
)
def test_a_response_lives_from_created_to_completed(  # R1 R2 R3
    endpoint: Endpoint, prompt: str, fields: dict[str, Any], items: list[str]
) -> None:
    events = endpoint.respond(prompt, stream=True, **fields).events
    assert [data["sequence_number"] for _, data in events] == list(range(len(events)))
    assert all(name == data["type"] for name, data in events)
    names = [name for name, _ in events]
    once = [name for name, before in zip(names, ["", *names], strict=False) if name != before]
    assert once == ["response.created", "response.in_progress", *items, "response.completed"]
    output = events[-1][1]["response"]["output"]
    assert [data["item"] for name, data in events if name.endswith("item.done")] == output


@pytest.mark.parametrize(
    ("prompt", "fields", "end"),
    [
        ("!long 40", {"max_output_tokens": 20}, "response.incomplete"),
        ("!error-mid", {}, "response.failed"),
    ],
)
def test_a_response_that_is_not_completed_says_so(  # R4
    endpoint: Endpoint, prompt: str, fields: dict[str, Any], end: str
) -> None:
    assert endpoint.respond(prompt, stream=True, **fields).events[-1][0] == end


def test_a_response_tells_usage_and_echoes_what_was_asked(endpoint: Endpoint) -> None:  # R5 R10
    asked = {
        "instructions": "Be terse.",
        "max_tool_calls": 3,
        "metadata": {"a": "b"},
        "parallel_tool_calls": False,
        "prompt_cache_key": "k",
        "safety_identifier": "s",
        "store": False,
        "temperature": 0.0,
        "top_p": 0.0,
        "truncation": "auto",
    }
    others = {
        "include": ["reasoning.encrypted_content", "something.new"],
        "reasoning": {"effort": "low", "summary": "auto"},
        "service_tier": "auto",
        "text": {"format": {"type": "text"}, "verbosity": "low"},
    }
    response = endpoint.respond(**asked, **others).json
    assert {name: response[name] for name in asked} == asked
    usage = response["usage"]
    assert usage["input_tokens"] + usage["output_tokens"] == usage["total_tokens"]
    assert usage["input_tokens_details"]["cached_tokens"] == 0
    assert usage["output_tokens_details"]["reasoning_tokens"] == 0


ITEMS = [
    {"role": "user", "content": "FIRST"},
    {"type": "reasoning", "id": "rs_x", "summary": [], "encrypted_content": "of somebody else"},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "YES"}]},
    {"type": "function_call", "call_id": "c1", "name": "get_weather", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c1", "output": "SUNNY"},
    {"type": "custom_tool_call", "call_id": "c2", "name": "patch", "input": "*** Begin"},
    {
        "type": "custom_tool_call_output",
        "call_id": "c2",
        "output": [{"type": "input_text", "text": "PATCHED"}],
    },
    {"type": "local_shell_call", "call_id": "c3", "action": {"type": "exec", "command": ["ls"]}},
    {"type": "local_shell_call_output", "id": "c3", "output": "FILES"},
    {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "DEV"}]},
]


def test_every_kind_of_item_is_told(  # R6
    endpoint: Endpoint, shared_simulator: SimulatorProcess
) -> None:
    assert endpoint.respond(ITEMS).status == 200
    words = ["FIRST", "YES", "c1", "SUNNY", "*** Begin", "PATCHED", "ls", "FILES", "DEV"]
    assert_in_order(last_prompt(shared_simulator), words)


@pytest.mark.parametrize(
    ("tool", "prompt", "item"),
    [
        ({"type": "custom", "name": "patch"}, '!call patch "*** Begin"', "custom_tool_call"),
        ({"type": "local_shell"}, '!call local_shell {"command":["ls"]}', "local_shell_call"),
        ({"type": "web_search"}, "Hello", "message"),
        ({"type": "file_search", "vector_store_ids": ["x"]}, "Hello", "message"),
        ({"type": "a_kind_of_next_year"}, "Hello", "message"),
    ],
)
def test_tools_of_every_kind_are_taken(  # R7
    endpoint: Endpoint, tool: dict[str, Any], prompt: str, item: str
) -> None:
    output = endpoint.respond(prompt, tools=[tool]).json["output"]
    assert [each["type"] for each in output] == [item]


def test_a_stored_response_can_be_continued_read_and_deleted(  # R8 R9
    endpoint: Endpoint, shared_simulator: SimulatorProcess
) -> None:
    first = endpoint.respond("My name is Ada").json["id"]
    assert endpoint.respond("And now?", previous_response_id=first).status == 200
    assert_in_order(last_prompt(shared_simulator), ["name is Ada", "You asked", "And now?"])
    path = f"/v1/responses/{first}"
    assert endpoint.ask("GET", path).json["id"] == first
    (item,) = endpoint.ask("GET", f"{path}/input_items").json["data"]
    assert item["content"][0]["text"] == "My name is Ada"
    assert endpoint.ask("DELETE", path).json["deleted"] is True
    for gone in (
        endpoint.ask("GET", path),
        endpoint.respond(previous_response_id=first, stream=True),
        endpoint.respond(previous_response_id=endpoint.respond(store=False).json["id"]),
    ):
        assert gone.status == 404
        assert "kept no longer" in gone.error["message"]


def test_a_job_is_followed_and_cancelled(endpoint: Endpoint) -> None:  # R11
    job = endpoint.respond("!long 5 !slow 20", background=True).json
    assert job["status"] in ("queued", "in_progress")
    path = f"/v1/responses/{job['id']}"
    assert endpoint.ask("GET", f"{path}?stream=true").events[-1][0] == "response.completed"
    assert endpoint.ask("GET", path).json["status"] == "completed"
    endless = endpoint.respond("!stall", background=True).json["id"]
    cancelled = endpoint.post(f"/v1/responses/{endless}/cancel", {})
    assert cancelled.json["status"] == "cancelled"


def test_only_what_is_stored_can_be_continued_after_a_crash(program: Program) -> None:  # R8
    program.run("accounts", "import", "-", stdin="crashing-account-token-super\n")
    process = program.serve()
    key = program.key()
    before = Endpoint.at(program.base_url, key)
    stored = before.respond("Keep this", store=True).json["id"]
    passing = before.respond("Forget this").json["id"]
    process.kill()
    process.wait(10)
    program.serve()
    after = Endpoint.at(program.base_url, key)
    assert after.respond("Go on", previous_response_id=stored).status == 200
    lost = after.respond("Go on", previous_response_id=passing)
    assert (lost.status, lost.error["code"]) == (404, "previous_response_not_found")


def test_codex_learns_that_there_is_no_socket(endpoint: Endpoint) -> None:  # R12 R13
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    assert endpoint.ask("GET", "/v1/responses", headers=upgrade).status == 426
    assert endpoint.post("/v1/responses/compact", {}).status == 501


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
    assert_in_order(last_prompt(shared_simulator), words)


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
