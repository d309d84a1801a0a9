"""Ollama's API over HTTP: lines of JSON, and a door that is shut unless it is opened."""

import base64
import json

import pytest

from grokdesk.domain.chat import Finish, FinishReason, Image, ReasoningDelta, Role, TextDelta
from grokdesk.domain.errors import ContentRefusedError, RateLimitedError
from grokdesk.domain.events import RequestFinished
from grokdesk.domain.tools import ToolCall
from tests.gateway.stand_in import fails, says, thinks

CALL = ToolCall("call_1", "weather", '{"city":"Oslo"}')
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "description": "Tells it.", "parameters": {"type": "object"}},
}


@pytest.fixture
async def gateway(start_gateway):
    return await start_gateway(settings={"gateway.ollama": True})


def chat_body(**fields):
    return {"model": "grok-fast", "messages": [{"role": "user", "content": "Hi"}], **fields}


async def post(http, gateway, path, body, *, headers=None):
    headers = gateway.headers if headers is None else headers
    async with http.post(gateway.origin + path, json=body, headers=headers) as response:
        return response.status, response.headers, await response.read()


async def get(http, gateway, path):
    async with http.get(gateway.origin + path, headers=gateway.headers) as response:
        assert response.status == 200
        return await response.json()


async def lines_of(http, gateway, path, body):
    status, headers, data = await post(http, gateway, path, body)
    assert status == 200, data
    assert headers["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in data.splitlines()]


async def chat_lines(http, gateway, **fields):
    return await lines_of(http, gateway, "/api/chat", chat_body(**fields))


async def whole_chat(http, gateway, **fields):
    body = chat_body(stream=False, **fields)
    status, _, data = await post(http, gateway, "/api/chat", body)
    assert status == 200, data
    return json.loads(data)


async def generate_lines(http, gateway, **fields):
    body = {"model": "grok-fast", "prompt": "Hi", **fields}
    return await lines_of(http, gateway, "/api/generate", body)


@pytest.mark.parametrize("path", ["/api/version", "/api/tags"])
async def test_it_is_off_and_says_which_setting_switches_it_on(http, start_gateway, path):
    gateway = await start_gateway()
    async with http.get(gateway.origin + path, headers=gateway.headers) as response:
        assert response.status == 404
        assert "gateway.ollama" in (await response.json())["error"]


async def test_a_key_is_needed(http, gateway):
    status, _, data = await post(http, gateway, "/api/chat", chat_body(), headers={})
    assert status == 401
    assert "API key" in json.loads(data)["error"]


async def test_programs_here_need_no_key_once_that_is_allowed(http, start_gateway):
    gateway = await start_gateway(settings={"gateway.ollama": True, "gateway.ollama_open": True})
    status, _, _ = await post(http, gateway, "/api/chat", chat_body(), headers={})
    assert status == 200
    status, _, _ = await post(http, gateway, "/v1/chat/completions", chat_body(), headers={})
    assert status == 401


async def test_a_key_that_is_sent_must_be_right_even_so(http, start_gateway):
    gateway = await start_gateway(settings={"gateway.ollama": True, "gateway.ollama_open": True})
    wrong = {"Authorization": "Bearer gd-wrong"}
    status, _, _ = await post(http, gateway, "/api/chat", chat_body(), headers=wrong)
    assert status == 401


async def test_the_open_door_alone_opens_nothing(http, start_gateway):
    gateway = await start_gateway(settings={"gateway.ollama_open": True})
    status, _, _ = await post(http, gateway, "/api/chat", chat_body(), headers={})
    assert status == 404


async def test_a_chat_comes_as_lines_unless_the_client_says_otherwise(http, gateway):
    lines = await chat_lines(http, gateway)
    assert [line["message"]["content"] for line in lines] == ["Hello", ", world.", ""]
    assert [line["done"] for line in lines] == [False, False, True]
    assert all(line["message"]["role"] == "assistant" for line in lines)
    assert all(line["model"] == "grok-fast" for line in lines)
    assert all(line["created_at"].endswith("Z") for line in lines)
    last = lines[-1]
    assert last["done_reason"] == "stop"
    assert last["prompt_eval_count"] > 0
    assert last["eval_count"] > 0
    assert last["total_duration"] >= last["prompt_eval_duration"] + last["eval_duration"] > 0


async def test_a_whole_chat(http, gateway):
    answer = await whole_chat(http, gateway)
    assert answer["message"] == {"role": "assistant", "content": "Hello, world."}
    assert answer["done"] is True


async def test_thinking_has_a_field_of_its_own(http, gateway):
    gateway.upstream.play = thinks("Hm.", "42")
    lines = await chat_lines(http, gateway, think=True)
    assert lines[0]["message"] == {"role": "assistant", "content": "", "thinking": "Hm."}
    assert (await whole_chat(http, gateway))["message"]["thinking"] == "Hm."
    assert "thinking" not in (await whole_chat(http, gateway, think=False))["message"]


async def test_the_level_of_thinking_is_the_effort(http, gateway):
    await whole_chat(http, gateway, think="high")
    assert gateway.upstream.requests[0].reasoning_effort == "high"


async def test_options_are_honoured(http, gateway):
    gateway.upstream.play = says("Alpha END Beta")
    answer = await whole_chat(
        http, gateway, options={"temperature": 0, "top_p": 0.5, "stop": ["END"], "num_ctx": 4096}
    )
    assert answer["message"]["content"] == "Alpha "
    prompt = gateway.upstream.requests[0]
    assert (prompt.temperature, prompt.top_p) == (0, 0.5)


@pytest.mark.parametrize("limit", [-2, -1, 0])
async def test_no_limit_has_several_numbers(http, gateway, limit):
    answer = await whole_chat(http, gateway, options={"num_predict": limit})
    assert answer["message"]["content"] == "Hello, world."


async def test_a_limit_ends_the_answer_and_is_told(http, gateway):
    gateway.upstream.play = says("one two three four ", "five six seven eight ", "nine ten")
    lines = await chat_lines(http, gateway, options={"num_predict": 5})
    assert lines[-1]["done_reason"] == "length"


async def test_calls_have_their_arguments_as_objects(http, gateway):
    gateway.upstream.play = says("Let me see.", CALL, Finish(FinishReason.TOOL_CALLS))
    expected = [{"id": "call_1", "function": {"name": "weather", "arguments": {"city": "Oslo"}}}]
    lines = await chat_lines(http, gateway)
    assert lines[1]["message"]["tool_calls"] == expected
    assert lines[-1]["done_reason"] == "stop"
    assert (await whole_chat(http, gateway))["message"]["tool_calls"] == expected


async def test_tools_and_results_reach_upstream_in_words(http, gateway):
    called = {"function": {"name": "weather", "arguments": {"city": "Oslo"}}}
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": "", "tool_calls": [called]},
        {"role": "tool", "tool_name": "weather", "content": "Rain"},
    ]
    await whole_chat(http, gateway, messages=messages, tools=[WEATHER])
    turns = gateway.upstream.requests[0].messages
    assert any("Rain" in turn.text and turn.role is Role.TOOL for turn in turns)
    assert all(turn.calls == () for turn in turns)
    assert any("Oslo" in turn.text for turn in turns)


@pytest.mark.parametrize("wanted", ["json", {"type": "object", "required": ["a"]}])
async def test_an_answer_of_json_may_be_demanded(http, gateway, wanted):
    gateway.upstream.play = says('```json\n{"a": 1}\n```')
    answer = await whole_chat(http, gateway, format=wanted)
    assert answer["message"]["content"] == '{"a": 1}'


async def test_pictures_come_as_base64(http, gateway):
    # A picture of one white dot.
    gif = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00"
    gif += b"\x01\x00\x00\x02\x02D\x01\x00;"
    image = base64.b64encode(gif).decode()
    messages = [{"role": "user", "content": "What is it?", "images": [image]}]
    await whole_chat(http, gateway, messages=messages)
    assert len(gateway.upstream.uploads) == 1


async def test_a_completion_comes_as_lines_too(http, gateway):
    lines = await generate_lines(http, gateway, system="Be brief.")
    assert [line["response"] for line in lines] == ["Hello", ", world.", ""]
    assert lines[-1]["done_reason"] == "stop"
    assert [turn.text for turn in gateway.upstream.requests[0].messages] == ["Be brief.", "Hi"]


async def test_a_whole_completion_with_thinking(http, gateway):
    gateway.upstream.play = says(ReasoningDelta("Hm."), "42", Image("i", "https://a.example/p"))
    body = {"model": "grok-fast", "prompt": "Hi", "stream": False}
    _, _, data = await post(http, gateway, "/api/generate", body)
    answer = json.loads(data)
    assert answer["response"] == "42![image](https://a.example/p)\n"
    assert answer["thinking"] == "Hm."
    lines = await generate_lines(http, gateway)
    assert lines[0]["thinking"] == "Hm."
    assert lines[0]["response"] == ""


async def test_a_gap_is_filled_by_instruction(http, gateway):
    await generate_lines(http, gateway, prompt="def f(", suffix="return 1")
    (told, asked) = gateway.upstream.requests[0].messages
    assert "gap" in told.text
    assert "<before>def f(</before>" in asked.text
    assert "<after>return 1</after>" in asked.text


async def test_a_gap_may_be_at_the_very_beginning(http, gateway):
    await generate_lines(http, gateway, prompt="", suffix="return 1", system="In Python.")
    turns = gateway.upstream.requests[0].messages
    assert turns[0].text == "In Python."
    assert "<before></before>" in turns[-1].text


@pytest.mark.parametrize(
    ("path", "fields"), [("/api/chat", {"messages": []}), ("/api/generate", {"prompt": ""})]
)
async def test_a_call_without_a_question_only_loads_the_model(http, gateway, path, fields):
    status, _, data = await post(http, gateway, path, {"model": "grok-fast", **fields})
    answer = json.loads(data)
    assert status == 200
    assert (answer["done"], answer["done_reason"]) == (True, "load")
    assert gateway.upstream.requests == []


async def test_an_error_before_the_first_line_has_its_status(http, gateway):
    gateway.upstream.play = fails(RateLimitedError("Used up.", retry_after=60))
    status, headers, data = await post(http, gateway, "/api/chat", chat_body())
    assert status == 429
    assert isinstance(json.loads(data)["error"], str)
    assert int(headers["Retry-After"]) > 0


async def test_an_error_in_the_middle_is_the_last_line(http, gateway):
    gateway.upstream.play = fails(ContentRefusedError("Grok declined this."), "Well")
    lines = await chat_lines(http, gateway)
    assert lines[0]["message"]["content"] == "Well"
    assert lines[1:] == [{"error": "Grok declined this."}]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"model": ""}, "model"),
        ({"messages": [{"role": "robot"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "images": ["!"]}]}, "messages[0].images[0]"),
        ({"tools": [{"function": {"name": ""}}]}, "tools[0].function.name"),
        ({"format": 7}, "format"),
        ({"think": "hard"}, "think"),
        ({"options": {"temperature": 9}}, "options.temperature"),
        ({"options": {"stop": ["x" * 2000]}}, "options.stop"),
    ],
)
async def test_what_is_wrong_is_named(http, gateway, fields, named):
    status, _, data = await post(http, gateway, "/api/chat", chat_body(**fields))
    assert status == 400
    assert named in json.loads(data)["error"]


async def test_an_unknown_model_is_not_found(http, gateway):
    status, _, _ = await post(http, gateway, "/api/chat", chat_body(model="llama3"))
    assert status == 404
    status, _, _ = await post(http, gateway, "/api/show", {"model": "grok-picture"})
    assert status == 404


async def test_models_are_listed_and_described(http, gateway):
    listed = (await get(http, gateway, "/api/tags"))["models"]
    assert [model["name"] for model in listed] == ["grok-fast", "vendor/grok-slash", "grok-heavy"]
    assert len({model["digest"] for model in listed}) == 3
    for field in ("model", "name"):
        status, _, data = await post(http, gateway, "/api/show", {field: "grok-fast:latest"})
        assert status == 200
    description = json.loads(data)
    assert description["model_info"]["grok.context_length"] == 131_072
    assert {"completion", "tools", "vision", "thinking"} == set(description["capabilities"])


async def test_probes_are_answered(http, gateway):
    assert (await get(http, gateway, "/api/version"))["version"].count(".") == 2
    assert (await get(http, gateway, "/api/ps")) == {"models": []}


@pytest.mark.parametrize("path", ["/api/pull", "/api/embed"])
async def test_upkeep_of_models_is_refused_in_a_sentence(http, gateway, path):
    status, _, data = await post(http, gateway, path, {"model": "grok-fast"})
    assert status == 501
    assert "cannot" in json.loads(data)["error"]


async def test_halves_of_a_character_do_not_break_a_line(http, gateway):
    gateway.upstream.play = says(TextDelta("a\ud83d"), "b")
    lines = await chat_lines(http, gateway)
    assert lines[0]["message"]["content"] == "a\ufffd"


@pytest.mark.parametrize("stream", [True, False])
async def test_arguments_stay_in_one_line_whatever_is_in_them(http, gateway, stream):
    odd = '{"a": 1e999,\n"b": "\\ud83d", "c": "\ud83d"}'
    gateway.upstream.play = says(ToolCall("call_1", "weather", odd))
    _, _, data = await post(http, gateway, "/api/chat", chat_body(stream=stream))
    first = json.loads(data.splitlines()[0])
    (call,) = first["message"]["tool_calls"]
    expected = {"a": float("inf"), "b": "\ud83d", "c": "\ufffd"}
    assert call["function"]["arguments"] == expected


async def test_the_key_and_the_route_reach_the_usage_row(http, gateway):
    rows = []
    gateway.services.bus.subscribe(RequestFinished, lambda event: rows.append(event.row))
    await chat_lines(http, gateway)
    await generate_lines(http, gateway)
    assert [row.route for row in rows] == ["ollama.chat", "ollama.generate"]
    assert {row.key_id for row in rows} == {gateway.services.keys.list()[0].id}
