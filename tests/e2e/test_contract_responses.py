"""The API contract, rows R: Responses of the running program."""

from typing import Any

import pytest

from tests.e2e.conftest import Program, SimulatorProcess
from tests.e2e.endpoint import Endpoint, assert_in_order

pytestmark = pytest.mark.e2e

CITY = {"type": "object", "properties": {"city": {"type": "string"}}}
FUNCTION = {"type": "function", "name": "get_weather", "parameters": CITY}
TWO_CALLS = '!say Look. !call get_weather {"city":"Rome"} !call get_weather {"city":"Oslo"}'
MESSAGE = [
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
]
THOUGHT = [
    "response.output_item.added",
    "response.reasoning_summary_part.added",
    "response.reasoning_summary_text.delta",
    "response.reasoning_summary_text.done",
    "response.reasoning_summary_part.done",
    "response.output_item.done",
]
CALL = [
    "response.output_item.added",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.output_item.done",
]


@pytest.mark.parametrize(
    ("prompt", "fields", "items"),
    [
        ("Hello", {}, MESSAGE),
        ("!think", {"model": "grok-chat-expert"}, [*THOUGHT, *MESSAGE]),
        (TWO_CALLS, {"tools": [FUNCTION]}, [*MESSAGE, *CALL, *CALL]),
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
    assert_in_order(shared_simulator.last_prompt()["text"], words)


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
    assert_in_order(
        shared_simulator.last_prompt()["text"], ["name is Ada", "You asked", "And now?"]
    )
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
