"""The Messages API over HTTP, with plain aiohttp: what the bytes and headers are."""

import asyncio
import base64
import json

import pytest

from grokdesk.domain.chat import (
    Citation,
    Finish,
    FinishReason,
    Image,
    ReasoningDelta,
    Role,
    SearchSource,
    TextDelta,
)
from grokdesk.domain.errors import (
    ContentRefusedError,
    RateLimitedError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from grokdesk.domain.events import RequestFinished
from grokdesk.domain.tools import ToolCall
from tests.gateway.golden import events_of
from tests.gateway.stand_in import fails, says, thinks

PATH = "/v1/messages"
THINKING = {"type": "enabled", "budget_tokens": 1024}
CALL = ToolCall("call_0123", "weather", '{"city":"Oslo"}')


def message_body(**fields):
    return {
        "model": "grok-fast",
        "max_tokens": 1000,
        "messages": [{"role": "user", "content": "Hi"}],
        **fields,
    }


async def ask(http, gateway, *, path=PATH, headers=None, **fields):
    async with http.post(
        gateway.origin + path, json=message_body(**fields), headers=headers or gateway.headers
    ) as response:
        return response.status, response.headers, await response.read()


async def answer_of(http, gateway, **fields):
    status, _, body = await ask(http, gateway, **fields)
    assert status == 200, body
    return json.loads(body)


async def stream_of(http, gateway, **fields):
    status, headers, body = await ask(http, gateway, stream=True, **fields)
    assert status == 200, body
    assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
    events = events_of(body)
    assert all(event.name == event.data["type"] for event in events)
    return [event.data for event in events]


async def test_a_whole_message(http, gateway):
    message = await answer_of(http, gateway)
    assert message["id"].startswith("msg_")
    assert (message["type"], message["role"], message["model"]) == (
        "message",
        "assistant",
        "grok-fast",
    )
    assert message["content"] == [{"type": "text", "text": "Hello, world."}]
    assert (message["stop_reason"], message["stop_sequence"]) == ("end_turn", None)
    assert message["usage"]["input_tokens"] > 0
    assert message["usage"]["output_tokens"] > 0


@pytest.mark.parametrize("path", ["/messages", "/v1/messages?beta=true", "/v1/v1/messages/"])
async def test_every_path_that_clients_make_of_the_base_url_works(http, gateway, path):
    status, _, _ = await ask(http, gateway, path=path)
    assert status == 200


async def test_the_key_may_come_as_x_api_key(http, gateway):
    status, _, _ = await ask(http, gateway, headers={"x-api-key": gateway.key})
    assert status == 200


async def test_a_stream_to_the_byte(http, gateway):  # N1
    gateway.upstream.play = says('Say "hi"\n', "😀")
    _, _, body = await ask(http, gateway, stream=True)
    first, rest = body.split(b"\n\n", 1)
    assert first.startswith(b"event: message_start\ndata: {")
    assert (
        rest
        == (
            "event: content_block_start\n"
            'data: {"type":"content_block_start","index":0,'
            '"content_block":{"type":"text","text":""}}\n\n'
            "event: content_block_delta\n"
            'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":'
            '"Say \\"hi\\"\\n"}}\n\n'
            "event: content_block_delta\n"
            'data: {"type":"content_block_delta","index":0,'
            '"delta":{"type":"text_delta","text":"😀"}}\n\n'
            'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
            "event: message_delta\n"
            'data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},'
            '"usage":{"input_tokens":1,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,'
            '"output_tokens":5}}\n\n'
            'event: message_stop\ndata: {"type":"message_stop"}\n\n'
        ).encode()
    )


async def test_a_stream_starts_with_an_empty_message_and_an_estimate(http, gateway):
    message = (await stream_of(http, gateway))[0]["message"]
    assert message["content"] == []
    assert message["stop_reason"] is None
    assert message["usage"]["input_tokens"] > 0


async def test_thinking_comes_first_in_a_signed_block_of_its_own(http, gateway):  # N2, N11
    gateway.upstream.play = thinks("Hm.", "42")
    events = await stream_of(http, gateway, thinking=THINKING)
    told = [
        (event["type"], event.get("index"), event.get("delta", {}).get("type")) for event in events
    ]
    assert told == [
        ("message_start", None, None),
        ("content_block_start", 0, None),
        ("content_block_delta", 0, "thinking_delta"),
        ("content_block_delta", 0, "signature_delta"),
        ("content_block_stop", 0, None),
        ("content_block_start", 1, None),
        ("content_block_delta", 1, "text_delta"),
        ("content_block_stop", 1, None),
        ("message_delta", None, None),
        ("message_stop", None, None),
    ]
    assert events[3]["delta"]["signature"]
    message = await answer_of(http, gateway, thinking=THINKING)
    assert [block["type"] for block in message["content"]] == ["thinking", "text"]
    assert message["content"][0]["thinking"] == "Hm."
    assert message["content"][0]["signature"]


async def test_thinking_is_not_told_to_those_who_did_not_ask(http, gateway):
    gateway.upstream.play = thinks("Hm.", "42")
    message = await answer_of(http, gateway)
    assert message["content"] == [{"type": "text", "text": "42"}]
    events = await stream_of(http, gateway)
    assert "Hm." not in json.dumps(events)


async def test_thinking_may_be_signed_and_hidden(http, gateway):
    gateway.upstream.play = says(ReasoningDelta("Hm."), ReasoningDelta("So."), "42")
    hidden = {"type": "adaptive", "display": "omitted"}
    message = await answer_of(http, gateway, thinking=hidden)
    assert message["content"][0]["thinking"] == ""
    assert message["content"][0]["signature"]
    events = await stream_of(http, gateway, thinking=hidden)
    deltas = [event["delta"]["type"] for event in events if event["type"] == "content_block_delta"]
    assert deltas == ["signature_delta", "text_delta"]


async def test_our_thinking_is_taken_back(http, gateway):  # N11
    gateway.upstream.play = thinks("Hm.", "42")
    message = await answer_of(http, gateway, thinking=THINKING)
    user = {"role": "user", "content": "Hi"}
    assistant = {"role": "assistant", "content": message["content"]}
    await answer_of(http, gateway, thinking=THINKING, messages=[user, assistant, user])
    assert [turn.text for turn in gateway.upstream.requests[-1].messages] == ["Hi", "42", "Hi"]


async def test_a_call_starts_empty_and_is_filled_by_fragments(http, gateway):  # N2
    gateway.upstream.play = says("Let me see.", CALL, CALL, Finish(FinishReason.TOOL_CALLS))
    events = await stream_of(http, gateway)
    starts = [event for event in events if event["type"] == "content_block_start"]
    assert [start["index"] for start in starts] == [0, 1, 2]
    assert starts[1]["content_block"] == {
        "type": "tool_use",
        "id": "toolu_0123",
        "name": "weather",
        "input": {},
    }
    deltas = [event for event in events if event["type"] == "content_block_delta"]
    assert deltas[1]["delta"] == {"type": "input_json_delta", "partial_json": '{"city":"Oslo"}'}
    stops = [event["index"] for event in events if event["type"] == "content_block_stop"]
    assert stops == [0, 1, 2]


async def test_long_arguments_come_in_lines_that_every_client_can_read(http, gateway):
    long = ToolCall("call_1", "write", json.dumps({"text": "x" * 100_000}))
    gateway.upstream.play = says(long)
    events = await stream_of(http, gateway)
    pieces = [
        event["delta"]["partial_json"] for event in events if event["type"] == "content_block_delta"
    ]
    assert "".join(pieces) == long.arguments
    assert max(map(len, pieces)) < 20_000


async def test_a_call_in_a_whole_message_has_its_arguments_as_an_object(http, gateway):
    gateway.upstream.play = says("Let me see.", CALL)
    message = await answer_of(http, gateway)
    assert message["content"] == [
        {"type": "text", "text": "Let me see."},
        {"type": "tool_use", "id": "toolu_0123", "name": "weather", "input": {"city": "Oslo"}},
    ]


async def test_arguments_that_some_decoders_refuse_are_told_as_they_are(http, gateway):
    odd = '{"a": 1e999, "b": "\\ud83d", "c": "\ud83d"}'
    gateway.upstream.play = says(ToolCall("call_1", "weather", odd))
    message = await answer_of(http, gateway)
    expected = {"a": float("inf"), "b": "\ud83d", "c": "\ufffd"}
    assert message["content"][0]["input"] == expected
    events = await stream_of(http, gateway)
    assert json.loads(events[2]["delta"]["partial_json"]) == expected


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (FinishReason.STOP, "end_turn"),
        (FinishReason.LENGTH, "max_tokens"),
        (FinishReason.TOOL_CALLS, "tool_use"),
        (FinishReason.CONTENT_FILTER, "refusal"),
    ],
)
async def test_every_way_to_end_has_its_name(http, gateway, reason, told):  # N3
    async def play(_prompt, emit):
        await emit(TextDelta("Well"))
        await emit(Finish(reason))

    gateway.upstream.play = play
    assert (await answer_of(http, gateway))["stop_reason"] == told
    assert (await stream_of(http, gateway))[-2]["delta"]["stop_reason"] == told


async def test_a_stop_text_that_ended_the_answer_is_told(http, gateway):  # N3
    gateway.upstream.play = says("Alpha EN", "D Beta")
    ending = {"stop_reason": "stop_sequence", "stop_sequence": "END"}
    message = await answer_of(http, gateway, stop_sequences=["END", "STOP"])
    assert message.items() >= ending.items()
    assert message["content"][0]["text"] == "Alpha "
    events = await stream_of(http, gateway, stop_sequences=["END"])
    assert events[-2]["delta"] == ending


async def test_the_limit_of_tokens_is_kept(http, gateway):  # N3
    gateway.upstream.play = says("one two three four ", "five six seven eight ", "nine ten")
    message = await answer_of(http, gateway, max_tokens=5)
    assert message["stop_reason"] == "max_tokens"
    assert "nine" not in message["content"][0]["text"]


async def test_an_empty_answer_still_has_a_block(http, gateway):
    gateway.upstream.play = says("END")
    empty = [{"type": "text", "text": ""}]
    assert (await answer_of(http, gateway, stop_sequences=["END"]))["content"] == empty
    events = await stream_of(http, gateway, stop_sequences=["END"])
    assert [event["type"] for event in events] == [
        "message_start",
        "content_block_start",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


async def test_pictures_stand_in_the_text_and_sources_nowhere(http, gateway):
    gateway.upstream.play = says(
        SearchSource("https://a.example"),
        "See [[1]](https://b.example).",
        Citation(1, "https://b.example"),
        Image("i", "https://c.example/p.png"),
    )
    message = await answer_of(http, gateway)
    assert message["content"][0]["text"] == (
        "See [[1]](https://b.example).![image](https://c.example/p.png)\n"
    )


async def test_halves_of_a_character_do_not_break_the_answer(http, gateway):
    gateway.upstream.play = says("a\ud83d", "b")
    assert (await answer_of(http, gateway))["content"][0]["text"] == "a\ufffdb"
    events = await stream_of(http, gateway)
    assert events[2]["delta"]["text"] == "a\ufffd"


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (ContentRefusedError("Declined."), 400, "invalid_request_error"),
        (RateLimitedError("Used up.", retry_after=60), 429, "rate_limit_error"),
        (UpstreamUnavailableError("Overloaded.", status=503), 529, "overloaded_error"),
        (UpstreamTimeoutError("Silent."), 504, "timeout_error"),
        (ZeroDivisionError("secret"), 500, "api_error"),
    ],
)
async def test_errors_have_anthropics_shape_and_numbers(
    http, start_gateway, caplog, error, status, kind
):  # N4
    gateway = await start_gateway(
        settings={"pool.retry_budget_s": 1.0, "pool.tries_per_account": 1}
    )
    gateway.upstream.play = fails(error)
    got, headers, body = await ask(http, gateway, stream=True)
    told = json.loads(body)
    assert (got, told["type"], told["error"]["type"]) == (status, "error", kind)
    assert told["request_id"] == headers["request-id"] == headers["x-request-id"]
    assert "secret" not in told["error"]["message"]
    assert ("Retry-After" in headers) == (status in (429, 529))


async def test_the_gateways_own_refusals_have_that_shape_too(http, start_gateway):  # N4
    gateway = await start_gateway(accounts=0)
    status, headers, body = await ask(http, gateway)
    assert (status, json.loads(body)["error"]["type"]) == (529, "overloaded_error")
    assert headers["x-should-retry"] == "false"
    status, _, body = await ask(http, gateway, headers={"x-api-key": "gd-wrong"})
    assert (status, json.loads(body)["error"]["type"]) == (401, "authentication_error")
    status, _, body = await ask(http, gateway, model="claude-opus-9")
    assert (status, json.loads(body)["error"]["type"]) == (404, "not_found_error")
    status, _, body = await ask(http, gateway, model="grok-picture")
    assert (status, json.loads(body)["error"]["type"]) == (400, "invalid_request_error")


async def test_the_message_of_an_error_names_the_field(http, gateway):
    _, _, body = await ask(http, gateway, temperature=9)
    assert json.loads(body)["error"]["message"] == "temperature: This must be from 0 to 2."
    _, _, body = await ask(http, gateway, max_tokens=None)
    assert json.loads(body)["error"]["message"] == "max_tokens is missing."


async def test_an_error_in_the_middle_is_the_last_event(http, gateway):  # N4
    gateway.upstream.play = fails(ContentRefusedError("Declined."), "Well")
    events = await stream_of(http, gateway)
    assert events[-1]["type"] == "error"
    assert events[-1]["error"] == {"type": "invalid_request_error", "message": "Declined."}
    assert "message_stop" not in [event["type"] for event in events]


async def test_silence_is_broken_by_pings_that_are_events(http, start_gateway):  # N1
    gateway = await start_gateway(settings={"gateway.heartbeat_s": 1.0})

    async def play(_prompt, emit):
        await asyncio.sleep(1.6)
        await emit(TextDelta("Well"))
        await emit(Finish())

    gateway.upstream.play = play
    events = await stream_of(http, gateway)
    assert events[0] == {"type": "ping"}
    assert events[-1] == {"type": "message_stop"}


async def test_an_error_after_pings_alone_is_an_event_too(http, start_gateway):  # N4
    gateway = await start_gateway(settings={"gateway.heartbeat_s": 1.0})

    async def play(_prompt, _emit):
        await asyncio.sleep(1.6)
        raise ContentRefusedError("Declined.")

    gateway.upstream.play = play
    events = await stream_of(http, gateway)
    assert {event["type"] for event in events[:-1]} == {"ping"}
    assert events[-1]["type"] == "error"


async def test_tokens_are_counted_without_asking_anybody(http, gateway):  # N8
    body = message_body(max_tokens=None)
    path = "/v1/messages/count_tokens?beta=true"
    status, _, counted = await ask(http, gateway, path=path, **body)
    assert (status, json.loads(counted)) == (200, {"input_tokens": 1})
    status, _, _ = await ask(http, gateway, path=path, model="claude-opus-9")
    assert status == 404
    assert gateway.upstream.requests == []


@pytest.mark.parametrize("path", ["/api/event_logging/batch", "/v1/api/event_logging/batch"])
async def test_what_claude_code_reports_about_itself_is_forgotten(http, gateway, path):  # N9
    async with http.post(gateway.origin + path, json={"events": [1]}) as response:
        assert (response.status, await response.json()) == (200, {})


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/messages/batches"), ("GET", "/v1/messages/batches/b_1/results")],
)
async def test_batches_are_refused_in_a_sentence(http, gateway, method, path):
    async with http.request(method, gateway.origin + path, headers=gateway.headers) as response:
        told = await response.json()
        assert (response.status, told["type"]) == (501, "error")
        assert response.headers["x-should-retry"] == "false"


async def test_the_root_answers_a_probe(http, gateway):
    async with http.head(gateway.origin + "/") as response:
        assert response.status == 200


async def test_names_of_claude_are_mapped_by_the_setting(http, start_gateway):  # N10
    gateway = await start_gateway(settings={"models.aliases": "claude-opus-*=grok-fast"})
    message = await answer_of(http, gateway, model="claude-opus-4-6-20260101")
    assert message["model"] == "grok-fast"
    status, _, body = await ask(http, gateway, model="claude-haiku-9")
    assert status == 404
    assert "aliases" in json.loads(body)["error"]["message"]


async def test_a_limited_key_is_told_what_it_has_left(http, gateway):
    _, limited = await gateway.services.keys.create("Limited", requests_per_minute=2)
    _, headers, _ = await ask(http, gateway, headers={"x-api-key": limited})
    assert headers["anthropic-ratelimit-requests-limit"] == "2"
    assert headers["anthropic-ratelimit-requests-remaining"] == "1"
    assert headers["anthropic-ratelimit-requests-reset"].endswith("Z")
    assert headers["x-ratelimit-limit-requests"] == "2"


async def test_system_and_tools_reach_upstream_in_words(http, gateway):  # N5
    tool = {"name": "weather", "input_schema": {"type": "object"}}
    system = [{"type": "text", "text": "Be brief."}]
    await answer_of(http, gateway, system=system, tools=[tool])
    turns = gateway.upstream.requests[0].messages
    assert all(turn.attachments == () and turn.calls == () for turn in turns)
    assert "Be brief." in [turn.text for turn in turns if turn.role is Role.SYSTEM]
    assert any("weather" in turn.text for turn in turns)


async def test_pictures_and_documents_are_left_with_the_account(http, gateway):  # N7
    dot = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01"
    dot += b"\x00\x01\x00\x00\x02\x02D\x01\x00;"
    blocks = [
        {"type": "text", "text": "What is this?"},
        {"type": "image", "source": base64_source("image/gif", dot)},
        {
            "type": "document",
            "title": "a.pdf",
            "source": base64_source("application/pdf", b"%PDF-1.4\n%%EOF\n"),
        },
    ]
    message = await answer_of(http, gateway, messages=[{"role": "user", "content": blocks}])
    assert message["usage"]["input_tokens"] > 4000
    assert sorted(file.mime for _, file in gateway.upstream.uploads) == [
        "application/pdf",
        "image/gif",
    ]
    assert len(gateway.upstream.requests[0].file_ids) == 2


def base64_source(mime, data):
    return {"type": "base64", "media_type": mime, "data": base64.b64encode(data).decode()}


async def test_the_key_and_the_route_reach_the_usage_row(http, gateway):
    rows = []
    gateway.services.bus.subscribe(RequestFinished, lambda event: rows.append(event.row))
    message = await answer_of(http, gateway)
    (row,) = rows
    assert (row.route, row.streamed) == ("messages", False)
    assert row.key_id == gateway.services.keys.list()[0].id
    assert message["usage"]["output_tokens"] == row.tokens.completion
