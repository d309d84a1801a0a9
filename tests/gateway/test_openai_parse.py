"""From a client's JSON to a ChatRequest, or to a sentence that names the field."""

import json
import logging

import pytest

from grokdesk.domain.chat import AnswerFormat, Message, Role
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.tools import ToolCall, ToolKind
from grokdesk.gateway.notes import note_ignored
from grokdesk.gateway.openai.body import IGNORED
from grokdesk.gateway.openai.parse import parse_chat

USER = {"role": "user", "content": "Hi"}


def parse(**fields):
    return parse_chat(json.dumps({"model": "grok-fast", "messages": [USER], **fields}).encode())


def texts_of(*messages):
    return [message.text for message in parse(messages=list(messages)).request.messages]


def refusal(**fields):
    with pytest.raises(InvalidRequestError) as caught:
        parse(**fields)
    return caught.value


def test_a_plain_request():
    call = parse()
    assert call.request.model == "grok-fast"
    assert call.request.messages == (Message(Role.USER, "Hi"),)
    assert (call.wants_stream, call.wants_usage, call.choices) == (False, False, 1)
    assert call.request.tools is None
    assert call.request.answer_format is None
    assert (call.request.stop, call.request.deepsearch) == ((), "")
    assert call.request.temperature is None
    assert call.request.max_tokens is None


@pytest.mark.parametrize(("value", "wanted"), [(True, True), (False, False), (None, False)])
def test_stream_is_taken_as_it_is_said(value, wanted):  # H1
    assert parse(stream=value).wants_stream is wanted


def test_zero_and_one_are_taken_literally():  # H9
    request = parse(temperature=0, top_p=0, max_tokens=1).request
    assert (request.temperature, request.top_p, request.max_tokens) == (0, 0, 1)


def test_the_newer_name_of_max_tokens_wins():  # H10
    assert parse(max_tokens=5, max_completion_tokens=7.0).request.max_tokens == 7


def test_usage_is_wanted_only_when_asked_for():  # H5
    assert parse(stream_options={"include_usage": True}).wants_usage
    assert not parse(stream_options={"include_usage": False}).wants_usage
    assert not parse(stream_options=None).wants_usage
    assert not parse(stream_options={"else": 1}).wants_usage


def test_fields_that_nobody_knows_are_ignored():  # H15
    call = parse(min_p=0.1, logit_bias={"1": 2}, user="x", seed=1, store=False, metadata={"a": {}})
    assert call.request.messages[0].text == "Hi"


@pytest.mark.parametrize(
    ("role", "known_as"),
    [
        ("system", Role.SYSTEM),
        ("developer", Role.SYSTEM),
        ("user", Role.USER),
        ("assistant", Role.ASSISTANT),
        ("tool", Role.TOOL),
        ("function", Role.TOOL),
    ],
)
def test_all_roles_are_known_at_any_position(role, known_as):  # H12
    messages = [USER, {"role": role, "content": "x"}]
    assert parse(messages=messages).request.messages[1].role is known_as


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a", "a"),
        ("", ""),
        (None, ""),
        ([], ""),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "a\nb"),
        ([{"type": "input_text", "text": "a"}], "a"),
        ([{"text": "no type"}], "no type"),
        (["bare", "strings"], "bare\nstrings"),
        ([["nested", ["deeper"]]], "nested\ndeeper"),
        ({"type": "text", "text": "no list"}, "no list"),
        ([{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}], "a"),
        ([{"type": "refusal", "refusal": "No."}], "No."),
        ([{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "a"}], "a"),
    ],
)
def test_every_form_of_text_content_is_taken(content, text):  # H11
    assert texts_of({"role": "user", "content": content}) == [text]


def test_content_may_be_absent():  # H11
    assert texts_of({"role": "assistant"}, USER) == ["", "Hi"]


@pytest.mark.parametrize("kind", ["input_audio", "audio", "video_url"])
@pytest.mark.parametrize("role", ["user", "tool"])
def test_sound_and_film_are_refused_by_place(kind, role):  # H14
    content = [{"type": "text", "text": "look"}, {"type": kind, kind: {}}]
    error = refusal(messages=[USER, {"role": role, "content": content}])
    assert (error.param, error.code) == ("messages[1].content[1]", "unsupported_content")


def test_a_tool_result_may_hold_anything_that_json_can_say():  # H11, H19
    messages = [
        USER,
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": [["a", {"t": 1}], 5, True]},
        {"role": "tool", "tool_call_id": "call_2", "content": {"ok": True}},
    ]
    answers = parse(messages=messages).request.messages[2:]
    assert answers == (
        Message(Role.TOOL, 'a\n{"t":1}\n5\ntrue', name="weather", call_id="call_1"),
        Message(Role.TOOL, '{"ok":true}', name="", call_id="call_2"),
    )


def test_tool_calls_of_the_past_stay_calls():
    calls = [
        {"id": "1", "type": "function", "function": {"name": "a", "arguments": '{"x":1}'}},
        {"id": None, "function": {"name": "c", "arguments": {"y": 2}}},
        {"id": "3", "function": {"name": "d"}},
        {"id": "4", "type": "custom", "custom": {"name": "e", "input": "free <text>"}},
    ]
    message = {"role": "assistant", "content": "Let me see.", "tool_calls": calls}
    (parsed,) = parse(messages=[message]).request.messages
    assert parsed.text == "Let me see."
    assert parsed.calls == (
        ToolCall("1", "a", '{"x":1}'),
        ToolCall("", "c", '{"y":2}'),
        ToolCall("3", "d", "{}"),
        ToolCall("4", "e", "free <text>", ToolKind.CUSTOM),
    )


def test_the_older_function_call_and_its_result_are_calls_too():  # H21
    messages = parse(
        messages=[
            {"role": "assistant", "content": None, "function_call": {"name": "f"}},
            {"role": "function", "name": "f", "content": "5"},
        ]
    ).request.messages
    assert messages == (
        Message(Role.ASSISTANT, "", calls=(ToolCall("", "f", "{}"),)),
        Message(Role.TOOL, "5", name="f"),
    )


def test_thinking_of_earlier_answers_is_left_out():  # H16
    message = {"role": "assistant", "content": "42", "reasoning_content": "Hm.", "reasoning": "Hm."}
    assert texts_of(message) == ["42"]


def test_pictures_in_the_text_of_earlier_answers_lose_their_data():  # H24
    data = "data:image/png;base64," + "A" * 5000
    user, assistant = texts_of(
        {"role": "user", "content": data}, {"role": "assistant", "content": f"![x]({data}) done"}
    )
    assert user == data
    assert assistant == "![x](data:image/png;base64,…) done"


@pytest.mark.parametrize(
    ("calls", "param"),
    [
        ("x", "messages[0].tool_calls"),
        ([1], "messages[0].tool_calls[0]"),
        ([{}], "messages[0].tool_calls[0].function"),
        ([{"function": {"name": 1}}], "messages[0].tool_calls[0].function"),
    ],
)
def test_a_broken_tool_call_is_named(calls, param):
    assert refusal(messages=[{"role": "assistant", "tool_calls": calls}]).param == param


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": ""}, "model"),
        ({"model": 1}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": "Hi"}, "messages"),
        ({"messages": [{"content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
        ({"messages": [USER, 5]}, "messages[1]"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [5]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"type": "x"}]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"type": 1}]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0]"),
        ({"stream": "yes"}, "stream"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": 2.1}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"max_completion_tokens": -1}, "max_completion_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"n": 9}, "n"),
        ({"n": 0}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"reasoning_effort": "gigantic"}, "reasoning_effort"),
        ({"reasoning": {"effort": "gigantic"}}, "reasoning.effort"),
        ({"deepsearch": "deepest"}, "deepsearch"),
        ({"response_format": "json"}, "response_format"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"stop": ["x"] * 5 + [f"{n}" for n in range(70)]}, "stop"),
        ({"stop": "x" * 5000}, "stop"),
        ({"stop": [1]}, "stop[0]"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
    ],
)
def test_every_refusal_names_its_parameter(fields, param):
    assert refusal(**fields).param == param


@pytest.mark.parametrize(
    "fields",
    [
        {"top_logprobs": 0},
        {"deepsearch": False},
        {"reasoning": True},
        {"audio": {"voice": "alloy"}},
        {"prediction": {"type": "content", "content": "x"}},
        {"tool_choice": "auto"},
        {"tools": []},
        {"tools": None},
        {"tools": [{"type": "function"}], "tool_choice": "none"},
        {"functions": [{"name": "f"}], "function_call": "none"},
        {"n": 1},
        {"n": None},
        {"logprobs": False},
        {"response_format": {"type": "text"}},
        {"response_format": None},
        {"modalities": ["text"]},
        {"parallel_tool_calls": True},
    ],
)
def test_what_asks_for_nothing_special_passes(fields):
    assert parse(**fields).request.messages[0].text == "Hi"


@pytest.mark.parametrize(
    ("stop", "stops"),
    [("END", ("END",)), (["a", "b", "a"], ("a", "b")), (None, ()), ([], ()), ("", ()), ([""], ())],
)
def test_stop_is_a_text_or_a_list(stop, stops):  # H10
    assert parse(stop=stop).request.stop == stops


def test_a_missing_field_is_named():
    with pytest.raises(InvalidRequestError, match="'model' is missing") as caught:
        parse_chat(b'{"messages":[]}')
    assert caught.value.param == "model"


@pytest.mark.parametrize(
    ("fields", "effort"),
    [
        ({"reasoning_effort": "high"}, "high"),
        ({"reasoning": {"effort": "minimal", "summary": "auto"}}, "minimal"),
        ({"reasoning_effort": "low", "reasoning": {"effort": "high"}}, "low"),
        ({"reasoning_effort": ""}, None),
    ],
)
def test_effort_is_said_in_either_form(fields, effort):
    assert parse(**fields).request.reasoning_effort == effort


@pytest.mark.parametrize(
    ("value", "preset"), [(True, "default"), ("default", "default"), ("deeper", "deeper"), ("", "")]
)
def test_deepsearch_is_a_preset_or_simply_on(value, preset):
    assert parse(deepsearch=value).request.deepsearch == preset


def test_up_to_eight_choices():  # H10
    assert parse(n=8).choices == 8


SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({"type": "json_object"}, AnswerFormat()),
        (
            {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": True}},
            AnswerFormat(SCHEMA, "x"),
        ),
        ({"type": "json_schema", "schema": SCHEMA}, AnswerFormat(SCHEMA)),
    ],
)
def test_an_answer_can_be_asked_for_as_json(value, wanted):  # H22
    assert parse(response_format=value).request.answer_format == wanted


@pytest.mark.parametrize(
    ("value", "param"),
    [
        ({"type": "grammar"}, "response_format"),
        ({}, "response_format"),
        ({"type": "json_schema"}, "response_format.schema"),
        ({"type": "json_schema", "json_schema": {}}, "response_format.json_schema.schema"),
        (
            {"type": "json_schema", "json_schema": {"schema": {"type": "banana"}}},
            "response_format.json_schema.schema",
        ),
    ],
)
def test_a_format_that_is_none_is_refused(value, param):
    assert refusal(response_format=value).param == param


def test_ignored_parameters_are_noted_by_name_for_those_who_look(caplog):
    body = json.dumps({"model": "m", "seed": 1, "user": "secret", "evil\n": 1, "n": 1}).encode()
    note_ignored(body, IGNORED, "req_1")
    assert caplog.messages == []
    with caplog.at_level(logging.DEBUG, "grokdesk.gateway.notes"):
        note_ignored(body, IGNORED, "req_1")
        note_ignored(b'{"model":"m"}', IGNORED, "req_2")
        note_ignored(b"[]", IGNORED, "req_3")
    assert caplog.messages == ["req_1: ignored seed, user"]
