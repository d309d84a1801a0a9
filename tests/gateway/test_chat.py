"""Chat completions over HTTP, with plain aiohttp: what the bytes and headers are."""

import asyncio
import json

import pytest

from grokdesk.domain.apikey import ReasoningFormat
from grokdesk.domain.chat import (
    Citation,
    Finish,
    Image,
    ReasoningDelta,
    Role,
    SearchSource,
    TextDelta,
)
from grokdesk.domain.errors import ContentRefusedError, RateLimitedError
from grokdesk.domain.events import RequestFinished
from tests.gateway.golden import record
from tests.gateway.stand_in import chat_body, fails, hangs, says, thinks

PATH = "/v1/chat/completions"
PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60"
    "e6kgAAAABJRU5ErkJggg=="
)
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


async def ask(http, gateway, **fields):
    async with http.post(
        gateway.origin + PATH, json=chat_body(**fields), headers=gateway.headers
    ) as response:
        return response.status, response.headers, await response.read()


def choices_of(body):
    """Of all events of a stream."""
    events = [event.removeprefix(b"data: ") for event in body.split(b"\n\n") if event]
    return [json.loads(event)["choices"][0] for event in events if event != b"[DONE]"]


async def test_a_whole_answer_has_text_model_and_usage(http, gateway):
    status, headers, body = await ask(http, gateway)
    answer = json.loads(body)
    assert status == 200
    assert headers["Content-Type"] == "application/json"
    assert answer["object"] == "chat.completion"
    assert answer["model"] == "grok-fast"
    assert answer["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello, world.", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ]
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["completion_tokens_details"] == {"reasoning_tokens": 0, "estimated": True}


async def test_every_answer_names_its_request_and_not_its_software(http, gateway):
    _, headers, body = await ask(http, gateway)
    assert headers["x-request-id"].startswith("req_")
    assert json.loads(body)["id"] == "chatcmpl-" + headers["x-request-id"].removeprefix("req_")
    assert headers["Server"] == "grokdesk"


async def test_reasoning_is_beside_the_text_and_never_in_it(http, gateway):
    gateway.upstream.play = thinks("Hm.", "42")
    _, _, body = await ask(http, gateway)
    message = json.loads(body)["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == ("42", "Hm.")


async def test_a_streamed_answer_to_the_byte(http, gateway):
    gateway.upstream.play = says(ReasoningDelta("Hm"), 'Say "hi"\n', "😀")
    status, headers, body = await ask(http, gateway, stream=True)
    assert status == 200
    assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert headers["Cache-Control"] == "no-cache"
    assert headers["X-Accel-Buffering"] == "no"
    assert "Content-Encoding" not in headers
    first = json.loads(body.split(b"\n\n")[0].removeprefix(b"data: "))
    head = (
        f'data: {{"id":"{first["id"]}","object":"chat.completion.chunk",'
        f'"created":{first["created"]},"model":"grok-fast","choices":[{{"index":0,"delta":{{'
    ).encode()
    end = b'},"finish_reason":null}]}\n\n'
    assert body == b"".join(
        (
            head + b'"role":"assistant","reasoning_content":"Hm"' + end,
            head + b'"content":"Say \\"hi\\"\\n"' + end,
            head + '"content":"😀"'.encode() + end,
            head + b'},"finish_reason":"stop"}]}\n\n',
            b"data: [DONE]\n\n",
        )
    )


async def test_usage_comes_in_one_extra_chunk_without_choices_when_asked_for(http, gateway):
    _, _, body = await ask(http, gateway, stream=True, stream_options={"include_usage": True})
    events = [event.removeprefix(b"data: ") for event in body.split(b"\n\n") if event]
    assert events[-1] == b"[DONE]"
    chunks = [json.loads(event) for event in events[:-1]]
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] > 0
    assert all("usage" not in chunk for chunk in chunks[:-1])


async def test_no_usage_in_a_stream_unless_asked_for(http, gateway):
    _, _, body = await ask(http, gateway, stream=True)
    assert b"usage" not in body


async def test_sources_and_pictures_have_their_places_in_the_answer(http, gateway):
    gateway.upstream.play = says(
        SearchSource("https://a.example", "A"),
        "See [[1]](https://b.example).",
        Citation(1, "https://b.example"),
        Image("i", "https://c.example/p.png"),
    )
    _, _, body = await ask(http, gateway)
    answer = json.loads(body)
    message = answer["choices"][0]["message"]
    sources = [{"url": "https://a.example", "title": "A"}]
    assert message["content"].endswith(".![image](https://c.example/p.png)\n")
    assert message["search_sources"] == sources
    assert answer["citations"] == ["https://b.example"]
    _, _, body = await ask(http, gateway, stream=True)
    last = json.loads(body.split(b"\n\n")[-3].removeprefix(b"data: "))
    assert last["choices"][0]["delta"]["search_sources"] == sources
    assert last["citations"] == ["https://b.example"]


async def test_several_choices_are_as_many_calls_told_apart_by_index(http, gateway):  # H10
    words = iter(("one", "two", "three"))

    async def play(prompt, emit):
        text = next(words)
        await emit(TextDelta(text[:1]))
        await asyncio.sleep(0)
        await emit(TextDelta(text[1:]))
        await emit(Finish())

    gateway.upstream.play = play
    _, _, body = await ask(http, gateway, n=3)
    answer = json.loads(body)
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2]
    contents = [choice["message"]["content"] for choice in answer["choices"]]
    assert sorted(contents) == ["one", "three", "two"]
    assert len(gateway.upstream.requests) == 3


async def test_streamed_choices_come_as_they_are_said(http, gateway):  # H10
    turn = asyncio.Barrier(2)

    async def play(prompt, emit):
        for text in ("a", "b"):
            await turn.wait()  # neither goes on without the other
            await emit(TextDelta(text))
        await emit(Finish())

    gateway.upstream.play = play
    _, _, body = await ask(http, gateway, n=2, stream=True, stream_options={"include_usage": True})
    events = [event.removeprefix(b"data: ") for event in body.split(b"\n\n") if event]
    assert events.pop() == b"[DONE]"
    usage = json.loads(events.pop())
    assert usage["choices"] == []
    assert usage["usage"]["completion_tokens"] == 2
    choices = [json.loads(event)["choices"][0] for event in events]
    for index in (0, 1):
        mine = [choice for choice in choices if choice["index"] == index]
        assert [choice["delta"].get("content") for choice in mine] == ["a", "b", None]
        assert [choice["delta"].get("role") for choice in mine] == ["assistant", None, None]
        assert [choice["finish_reason"] for choice in mine] == [None, None, "stop"]
    assert {choice["index"] for choice in choices[:2]} == {0, 1}


@pytest.mark.parametrize("stream", [False, True])
async def test_one_failed_choice_fails_a_request_of_which_nothing_was_sent(http, gateway, stream):
    calls = iter(range(10))

    async def play(prompt, emit):
        if next(calls) == 1:
            raise ContentRefusedError("Grok declined this.")
        await asyncio.Event().wait()

    gateway.upstream.play = play
    status, _, body = await ask(http, gateway, n=3, stream=stream)
    assert (status, json.loads(body)["error"]["code"]) == (400, "content_policy_violation")
    assert (gateway.upstream.cancelled, gateway.upstream.running) == (2, 0)


async def test_one_failed_choice_breaks_off_a_stream_that_has_begun(http, gateway):
    begun = asyncio.Event()

    async def play(prompt, emit):
        if begun.is_set():
            raise ContentRefusedError("Grok declined this.")
        begun.set()
        await emit(TextDelta("Well"))
        await asyncio.Event().wait()

    gateway.upstream.play = play
    status, _, body = await ask(http, gateway, n=2, stream=True)
    assert status == 200
    assert b'"content":"Well"' in body
    assert b"content_policy_violation" in body
    assert b"[DONE]" not in body
    assert gateway.upstream.running == 0


async def test_a_client_that_leaves_ends_all_choices(http, gateway):
    gateway.upstream.play = hangs("Well")
    recording = await record(
        http, gateway, PATH, chat_body(n=4, stream=True), leave_after=b'"content":"Well"'
    )
    assert recording.status == 200
    assert gateway.upstream.cancelled == 4


@pytest.mark.parametrize("stream", [False, True])
async def test_a_gateway_that_stops_ends_all_choices_with_one_error(http, gateway, stream):
    gateway.upstream.play = hangs()

    async def stop_later():
        while gateway.upstream.running < 3:
            await asyncio.sleep(0.005)
        await gateway.server.stop(grace_s=0.1)

    (status, _, body), _ = await asyncio.gather(
        ask(http, gateway, n=3, stream=stream), stop_later()
    )
    assert (status, json.loads(body)["error"]["code"]) == (503, "gateway_stopping")
    assert gateway.upstream.running == 0


async def test_a_key_may_want_thinking_in_the_text(http, gateway):  # H16
    (key,) = gateway.services.keys.list()
    await gateway.services.keys.configure(key.id, reasoning_format=ReasoningFormat.THINK)
    gateway.upstream.play = thinks("Hm.", "42")
    _, _, body = await ask(http, gateway)
    message = json.loads(body)["choices"][0]["message"]
    assert message["content"] == "<think>Hm.</think>\n\n42"
    assert "reasoning_content" not in message
    _, _, body = await ask(http, gateway, stream=True)
    assert b"reasoning_content" not in body
    assert b'"content":"<think>Hm."' in body


@pytest.mark.parametrize("stream", [False, True])
async def test_the_answer_ends_where_it_may_be_no_longer(http, gateway, stream):  # H9, H10
    gateway.upstream.play = says("one two three four five six")
    for limit in ("max_tokens", "max_completion_tokens"):
        _, _, body = await ask(http, gateway, stream=stream, **{limit: 1})
        assert b'"finish_reason":"length"' in body
        assert b"four" not in body


async def test_json_is_asked_for_in_words_and_checked(http, gateway):  # H22
    gateway.upstream.play = says('```json\n{"a": 1}\n```')
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"required": ["a"]}}}
    _, _, body = await ask(http, gateway, response_format=wanted)
    assert json.loads(body)["choices"][0]["message"]["content"] == '{"a": 1}'
    assert '"required":["a"]' in gateway.upstream.requests[0].messages[0].text


async def test_json_that_is_wrong_twice_is_the_callers_to_know(http, gateway):  # H22
    gateway.upstream.play = says('{"b": 1}')
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"required": ["a"]}}}
    status, _, body = await ask(http, gateway, response_format=wanted)
    assert (status, json.loads(body)["error"]["code"]) == (422, "answer_format_not_met")
    assert len(gateway.upstream.requests) == 2


async def test_a_call_that_comes_letter_by_letter_leaks_nothing(http, gateway):  # H17, H20
    call = '<tool_call><tool_name>f</tool_name><parameters>{"a":"<b>"}</parameters></tool_call>'
    gateway.upstream.play = says(*f"Let me see.\n<tool_calls>{call}</tool_calls>")
    _, _, body = await ask(http, gateway, stream=True, tools=[FUNCTION])
    deltas = [choice["delta"] for choice in choices_of(body)]
    assert "".join(delta.get("content") or "" for delta in deltas).strip() == "Let me see."
    calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
    assert "".join(call["function"]["arguments"] for call in calls) == '{"a":"<b>"}'
    assert choices_of(body)[-1]["finish_reason"] == "tool_calls"


async def test_tool_results_go_back_in_order_with_what_was_called(http, gateway):  # H19
    calls = [
        {"id": f"call_{n}", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        for n in (1, 2)
    ]
    results = [{"role": "tool", "tool_call_id": f"call_{n}", "content": f"r{n}"} for n in (1, 2)]
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": None, "tool_calls": calls},
        *results,
    ]
    await ask(http, gateway, messages=messages, tools=[FUNCTION])
    turns = [turn for turn in gateway.upstream.requests[0].messages if turn.role is Role.TOOL]
    assert [(turn.name, turn.call_id) for turn in turns] == [("f", "call_1"), ("f", "call_2")]
    assert [turn.text.splitlines()[-1] for turn in turns] == ["r1", "r2"]


async def test_a_picture_is_left_upstream_and_named_in_the_text(http, gateway):  # H13
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": PNG, "detail": "high"}},
    ]
    status, _, _ = await ask(http, gateway, messages=[{"role": "user", "content": parts}])
    assert status == 200
    (prompt,) = gateway.upstream.requests
    assert prompt.file_ids == ("file-1",)
    assert prompt.messages[0].text.startswith("What is this?")
    assert [file.mime for _, file in gateway.upstream.uploads] == ["image/png"]


async def test_a_client_of_the_older_functions_gets_a_function_call(http, gateway):  # H21
    gateway.upstream.play = says(
        "<tool_call><tool_name>f</tool_name><parameters>{}</parameters></tool_call>"
    )
    _, _, body = await ask(http, gateway, functions=[FUNCTION["function"]])
    (choice,) = json.loads(body)["choices"]
    assert choice["message"]["function_call"] == {"name": "f", "arguments": "{}"}
    assert choice["finish_reason"] == "function_call"


async def test_a_custom_tool_gets_free_text(http, gateway):
    gateway.upstream.play = says(
        "<tool_call><tool_name>patch</tool_name><parameters>*** Begin</parameters></tool_call>"
    )
    tool = {"type": "custom", "custom": {"name": "patch"}}
    _, _, body = await ask(http, gateway, tools=[tool])
    (call,) = json.loads(body)["choices"][0]["message"]["tool_calls"]
    assert (call["type"], call["custom"]) == ("custom", {"name": "patch", "input": "*** Begin"})


async def test_sampling_and_effort_reach_upstream_as_they_were_said(http, gateway):  # H9
    await ask(http, gateway, temperature=0, top_p=0, reasoning_effort="high", deepsearch=True)
    (prompt,) = gateway.upstream.requests
    assert (prompt.temperature, prompt.top_p) == (0, 0)
    assert (prompt.reasoning_effort, prompt.deepsearch) == ("high", "default")


async def test_an_error_before_the_first_chunk_is_a_plain_json_answer(http, gateway):
    gateway.upstream.play = fails(ContentRefusedError("Grok declined this."))
    for stream in (False, True):
        status, headers, body = await ask(http, gateway, stream=stream)
        assert status == 400
        assert headers["Content-Type"] == "application/json"
        assert json.loads(body)["error"] == {
            "message": "Grok declined this.",
            "type": "invalid_request_error",
            "param": None,
            "code": "content_policy_violation",
            "request_id": headers["x-request-id"],
        }


async def test_an_error_after_the_first_chunk_ends_the_stream_without_done(http, gateway):
    gateway.upstream.play = fails(ContentRefusedError("Grok declined this."), "Well")
    status, headers, body = await ask(http, gateway, stream=True)
    assert status == 200
    events = [event for event in body.split(b"\n\n") if event]
    assert b'"content":"Well"' in events[0]
    error = json.loads(events[1].removeprefix(b"data: "))["error"]
    assert error["code"] == "content_policy_violation"
    assert error["request_id"] == headers["x-request-id"]
    assert len(events) == 2


async def test_a_used_up_quota_says_when_to_come_back(http, gateway):
    gateway.upstream.play = fails(RateLimitedError("Used up.", retry_after=77))
    status, headers, body = await ask(http, gateway)
    assert status == 429
    assert json.loads(body)["error"]["code"] == "quota_exhausted"
    assert 70 <= int(headers["Retry-After"]) <= 78


async def test_no_account_is_told_without_inviting_retries(http, start_gateway):
    gateway = await start_gateway(accounts=0)
    status, headers, body = await ask(http, gateway)
    assert status == 503
    assert json.loads(body)["error"]["code"] == "no_account"
    assert headers["x-should-retry"] == "false"
    assert int(headers["Retry-After"]) > 0


async def test_a_paused_gateway_refuses_for_half_a_minute(http, gateway):
    gateway.services.gateway.pause()
    status, headers, body = await ask(http, gateway)
    assert (status, headers["Retry-After"]) == (503, "30")
    assert json.loads(body)["error"]["code"] == "gateway_paused"


async def test_an_unknown_model_is_told_with_the_nearest_name(http, gateway):
    status, _, body = await ask(http, gateway, model="grok-fasst")
    error = json.loads(body)["error"]
    assert (status, error["code"], error["param"]) == (404, "model_not_found", "model")
    assert "grok-fast" in error["message"]
    assert gateway.upstream.requests == []


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: x", "\x1b[31m", "\u202egnp", "x" * 100_000])
async def test_a_strange_model_name_stays_in_the_json_message(http, gateway, name):
    status, headers, body = await ask(http, gateway, model=name)
    assert status == 404
    assert "Set-Cookie" not in headers
    assert len(body) < 3000


async def test_a_model_of_another_kind_is_refused(http, gateway):
    status, _, body = await ask(http, gateway, model="grok-picture")
    assert (status, json.loads(body)["error"]["param"]) == (400, "model")


async def test_model_names_ignore_case_and_provider_prefixes(http, gateway):
    for name in ("GROK-Fast", "xai/grok-fast", "openai/grok-fast", "grok-fast-alias"):
        status, _, body = await ask(http, gateway, model=name)
        assert (status, json.loads(body)["model"]) == (200, "grok-fast")


async def test_our_own_mistake_is_a_500_without_details(http, gateway, caplog):
    gateway.upstream.play = fails(ZeroDivisionError("secret detail"))
    status, headers, body = await ask(http, gateway)
    assert status == 500
    assert json.loads(body)["error"]["code"] == "internal_error"
    assert b"secret" not in body
    records = [record for record in caplog.records if headers["x-request-id"] in record.message]
    assert len(records) == 1
    assert records[0].exc_info is not None


async def test_our_own_mistake_in_a_stream_is_an_event(http, gateway, caplog):
    gateway.upstream.play = fails(ZeroDivisionError("secret detail"), "Well")
    status, _, body = await ask(http, gateway, stream=True)
    assert status == 200
    assert b'"code":"internal_error"' in body
    assert b"secret" not in body
    assert not body.endswith(b"[DONE]\n\n")


async def test_demo_answers_say_so(http, gateway):
    gateway.services.gateway.change(demo=True)
    for stream in (False, True):
        _, headers, _ = await ask(http, gateway, stream=stream)
        assert headers["x-grokdesk-mode"] == "demo"


async def test_the_clients_own_request_id_is_echoed_only_when_harmless(http, gateway):
    for text, echoed in (("abc-1", "abc-1"), ("x" * 65, None), ("é", None)):
        async with http.get(gateway.origin + "/health", headers={"X-Request-Id": text}) as response:
            assert response.headers.get("x-client-request-id") == echoed


async def test_the_key_and_the_route_reach_the_usage_row(http, gateway):
    rows = []
    gateway.services.bus.subscribe(RequestFinished, lambda event: rows.append(event.row))
    _, headers, _ = await ask(http, gateway, stream=True)
    (row,) = rows
    assert row.key_id == gateway.services.keys.list()[0].id
    assert (row.route, row.streamed) == ("chat.completions", True)
    assert row.request_id == headers["x-request-id"]
