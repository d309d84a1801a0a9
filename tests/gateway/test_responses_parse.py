"""Bodies of /v1/responses to requests, and the refusals that name what is wrong."""

import base64
import json
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grokdesk.domain.attachment import AttachmentKind
from grokdesk.domain.chat import AnswerFormat, Message, Role, TextDelta
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.tools import Tool, ToolCall, ToolKind
from grokdesk.gateway.responses.body import ResponseBody
from grokdesk.gateway.responses.history import History
from grokdesk.gateway.responses.parse import parse_response
from grokdesk.gateway.responses.render import items_of

PIXEL = base64.b64encode(b"pixel").decode()
WEATHER = {"type": "function", "name": "weather", "parameters": {"type": "object"}}


def parsed(**fields):
    return parse_response(json.dumps({"model": "grok-fast", "input": "Hi", **fields}).encode())


def request_of(**fields):
    return parsed(**fields).request(History(), {})


def messages_of(*items):
    return request_of(input=list(items)).messages


def refused(**fields):
    with pytest.raises(InvalidRequestError) as caught:
        request_of(**fields)
    return caught.value


def test_a_text_is_what_the_user_says():
    assert request_of().messages == (Message(Role.USER, "Hi"),)


def test_instructions_come_first():
    assert request_of(instructions="Be brief.").messages[0] == Message(Role.SYSTEM, "Be brief.")


def test_instructions_may_be_items():
    items = [{"role": "developer", "content": "Be brief."}]
    assert request_of(instructions=items).messages[0] == Message(Role.SYSTEM, "Be brief.")


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("system", Role.SYSTEM),
        ("developer", Role.SYSTEM),
        ("user", Role.USER),
        ("assistant", Role.ASSISTANT),
    ],
)
def test_messages_keep_their_roles(role, expected):
    assert messages_of({"role": role, "content": "x"}) == (Message(expected, "x"),)


@pytest.mark.parametrize("content", [None, "", []])
def test_a_message_may_be_empty(content):
    assert messages_of({"role": "user", "content": content}) == (Message(Role.USER, ""),)


def test_parts_of_text_are_joined():
    parts = [
        {"type": "input_text", "text": "a"},
        {"type": "output_text", "text": "b", "annotations": []},
        {"type": "refusal", "refusal": "c"},
    ]
    (message,) = messages_of({"type": "message", "role": "user", "content": parts})
    assert message.text == "a\nb\nc"


def test_pictures_and_files_are_attachments():
    parts = [
        {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}", "detail": "low"},
        {"type": "input_file", "filename": "a.pdf", "file_data": PIXEL},
        {"type": "input_file", "file_url": "https://a.example/b.pdf"},
    ]
    (message,) = messages_of({"role": "user", "content": parts})
    picture, file, remote = message.attachments
    assert (picture.kind, picture.data, picture.mime) == (
        AttachmentKind.IMAGE,
        b"pixel",
        "image/png",
    )
    assert picture.param == "input[0].content[0].image_url"
    assert (file.kind, file.data, file.name) == (AttachmentKind.FILE, b"pixel", "a.pdf")
    assert remote.url == "https://a.example/b.pdf"


def test_calls_belong_to_the_turn_that_they_follow():
    assert messages_of(
        {"role": "user", "content": "Weather?"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
        {"role": "assistant", "content": [{"type": "output_text", "text": "Let me see."}]},
        {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}"},
        {"type": "custom_tool_call", "call_id": "c2", "name": "patch", "input": "***"},
        {"type": "function_call_output", "call_id": "c1", "output": "rain"},
        {"type": "custom_tool_call_output", "call_id": "c2", "output": "done"},
    ) == (
        Message(Role.USER, "Weather?"),
        Message(
            Role.ASSISTANT,
            "Let me see.",
            calls=(
                ToolCall("c1", "weather", "{}"),
                ToolCall("c2", "patch", "***", ToolKind.CUSTOM),
            ),
        ),
        Message(Role.TOOL, "rain", name="weather", call_id="c1"),
        Message(Role.TOOL, "done", name="patch", call_id="c2"),
    )


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ("rain", "rain"),
        (None, ""),
        ([{"type": "input_text", "text": "a"}, {"type": "output_text", "text": "b"}], "a\nb"),
        ([{"type": "strange", "x": 1}], '[{"type":"strange","x":1}]'),
        ([1, 2], "[1,2]"),
        ({"content": "x", "success": True}, '{"content":"x","success":true}'),
    ],
)
def test_a_tool_may_return_anything(output, text):
    (message,) = messages_of({"type": "function_call_output", "call_id": "c", "output": output})
    assert message.text == text


def test_a_tool_may_return_a_picture():
    part = {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}"}
    (message,) = messages_of({"type": "function_call_output", "call_id": "c", "output": [part]})
    assert message.attachments[0].data == b"pixel"


def test_a_local_shell_is_a_function_to_the_model():
    call, output = messages_of(
        {
            "type": "local_shell_call",
            "id": "lsh_1",
            "call_id": "c1",
            "status": "completed",
            "action": {"type": "exec", "command": ["ls"], "env": {}, "timeout_ms": 10},
        },
        {"type": "local_shell_call_output", "call_id": "c1", "output": "files"},
    )
    assert call.calls == (ToolCall("c1", "local_shell", '{"command":["ls"],"timeout_ms":10}'),)
    assert (output.name, output.text) == ("local_shell", "files")


def test_an_applied_patch_tells_whether_it_was():
    call, output = messages_of(
        {
            "type": "apply_patch_call",
            "call_id": "c1",
            "status": "completed",
            "operation": {"type": "delete_file", "path": "a"},
        },
        {"type": "apply_patch_call_output", "call_id": "c1", "status": "failed", "output": "no"},
    )
    assert call.calls[0].arguments == '{"type":"delete_file","path":"a"}'
    assert (output.name, output.text) == ("apply_patch", "failed: no")


def test_items_that_mean_nothing_to_grok_are_left_out_with_a_note(caplog):
    with caplog.at_level(logging.DEBUG, "grokdesk.gateway.responses"):
        messages = messages_of(
            {"role": "user", "content": "Hi"},
            {"type": "web_search_call", "id": "ws_1", "status": "completed"},
            {"type": "item_reference", "id": "msg_gone_0"},
            {"id": "msg_gone_1"},
            {"type": "mcp_list_tools", "id": "x", "tools": []},
        )
    assert messages == (Message(Role.USER, "Hi"),)
    assert "mcp_list_tools" in caplog.text


def test_where_nothing_is_left_of_the_input_grok_is_not_asked():
    with pytest.raises(InvalidRequestError) as refused:
        messages_of({"type": "item_reference", "id": "msg_gone_0"}, {"type": "of_next_year"})
    assert refused.value.param == "input"


def test_a_reference_is_replaced_by_what_it_stands_for():
    call = parsed(input=[{"type": "item_reference", "id": "msg_a_0"}, {"id": "fc_a_1"}])
    assert call.references() == ("msg_a_0", "fc_a_1")
    said = {"type": "message", "role": "assistant", "content": "Hello"}
    request = call.request(History(), {"msg_a_0": said})
    assert request.messages == (Message(Role.ASSISTANT, "Hello"),)


def test_functions_and_custom_tools_are_offered():
    use = request_of(
        tools=[WEATHER, {"type": "custom", "name": "patch", "format": {"type": "grammar"}}],
        parallel_tool_calls=False,
    ).tools
    assert use.tools == (
        Tool("weather", "", '{"type":"object"}'),
        Tool("patch", kind=ToolKind.CUSTOM),
    )
    assert not use.parallel
    assert not use.must_call


def test_tools_of_other_kinds_are_left_out_with_a_note(caplog):
    with caplog.at_level(logging.DEBUG, "grokdesk.gateway.responses"):
        call = parsed(tools=[{"type": "mcp", "server_label": "x"}, {"type": "web_search"}])
    assert call.plan.use is None
    assert call.plan.searches
    assert "'mcp'" in caplog.text
    assert "'web_search'" not in caplog.text


def test_hosted_tools_are_offered_as_functions():
    plan = parsed(tools=[{"type": "local_shell"}, {"type": "apply_patch"}, WEATHER]).plan
    assert plan.hosted == ("local_shell", "apply_patch")
    assert [tool.name for tool in plan.use.tools] == ["local_shell", "apply_patch", "weather"]


def test_tools_of_a_namespace_are_offered_under_its_name():
    space = {
        "type": "namespace",
        "name": "mcp__files",
        "description": "Files.",
        "tools": [{**WEATHER, "description": "Rain."}, {"type": "custom", "name": "patch"}],
    }
    plan = parsed(tools=[space]).plan
    assert plan.namespaces == ("mcp__files",)
    assert plan.use.tools == (
        Tool("mcp__files.weather", "Rain.", '{"type":"object"}'),
        Tool("mcp__files.patch", "Files.", kind=ToolKind.CUSTOM),
    )
    (told,) = messages_of(
        {"type": "function_call", "call_id": "c", "namespace": "mcp__files", "name": "weather"}
    )
    assert told.calls[0].name == "mcp__files.weather"


def test_a_function_that_is_named_like_a_hosted_tool_stays_a_function():
    tools = [{"type": "function", "name": "shell", "parameters": {"type": "object"}}]
    assert parsed(tools=tools).plan.hosted == ()


@pytest.mark.parametrize(
    ("choice", "required", "only", "names"),
    [
        ("auto", False, "", ["weather", "patch"]),
        ("required", True, "", ["weather", "patch"]),
        ({"type": "function", "name": "weather"}, True, "weather", ["weather", "patch"]),
        ({"type": "custom", "name": "patch"}, True, "patch", ["weather", "patch"]),
        (
            {
                "type": "allowed_tools",
                "mode": "auto",
                "tools": [{"type": "custom", "name": "patch"}],
            },
            False,
            "",
            ["patch"],
        ),
        ({"type": "web_search_preview"}, False, "", ["weather", "patch"]),
        ({"type": "mcp", "server_label": "x"}, False, "", ["weather", "patch"]),
    ],
)
def test_the_choice_of_tools(choice, required, only, names):
    use = request_of(tools=[WEATHER, {"type": "custom", "name": "patch"}], tool_choice=choice).tools
    assert (use.required, use.only) == (required, only)
    assert [tool.name for tool in use.tools] == names


def test_no_tool_is_offered_when_none_may_be_called():
    assert request_of(tools=[WEATHER], tool_choice="none").tools is None


def test_the_format_of_the_answer():
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    told = {"format": {"type": "json_schema", "name": "x", "schema": schema, "strict": True}}
    assert request_of(text=told).answer_format == AnswerFormat(schema, "x")
    assert request_of(text={"format": {"type": "json_object"}}).answer_format == AnswerFormat()
    assert request_of(text={"verbosity": "low"}).answer_format is None


def test_numbers_are_taken_literally():
    request = request_of(
        temperature=0, top_p=0, max_output_tokens=1, reasoning={"effort": "high", "summary": "auto"}
    )
    assert (request.temperature, request.top_p) == (0, 0)
    assert (request.max_tokens, request.reasoning_effort) == (1, "high")


def test_known_fields_that_change_nothing_are_accepted():
    request = request_of(
        truncation="auto",
        metadata={"a": "b"},
        include=["reasoning.encrypted_content", "unknown"],
        prompt_cache_key="k",
        service_tier="flex",
        safety_identifier="s",
        user="u",
        store=False,
        max_tool_calls=3,
        stream_options={"include_obfuscation": False},
        client_metadata={"x": 1},
        text={"format": None, "verbosity": "low"},
    )
    assert request.messages == (Message(Role.USER, "Hi"),)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": " "}, "model"),
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"input": 5}, "input"),
        ({"input": ["Hi"]}, "input[0]"),
        ({"input": [{"role": "robot", "content": "x"}]}, "input[0].role"),
        ({"input": [{"type": "message", "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": 5}]}, "input[0].content"),
        ({"input": [{"role": "user", "content": [{"type": "x"}]}]}, "input[0].content[0]"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_audio"}]}]},
            "input[0].content[0]",
        ),
        ({"input": [{"type": "function_call", "call_id": "c"}]}, "input[0].name"),
        ({"temperature": 3}, "temperature"),
        ({"top_p": -1}, "top_p"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"prompt": {"id": "p"}}, "prompt"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"background": True, "store": False}, "store"),
        ({"reasoning": {"effort": "much"}}, "reasoning.effort"),
        ({"reasoning": {"effort": 3}}, "reasoning.effort"),
        ({"text": {"format": {"type": "xml"}}}, "text.format"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format.schema"),
        (
            {"text": {"format": {"type": "json_schema", "schema": {"type": "nonsense"}}}},
            "text.format.schema",
        ),
        ({"tools": [{"name": "x"}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tools": [{"type": "function", "name": "a b"}]}, "tools[0].name"),
        (
            {"tools": [{"type": "function", "name": "a", "parameters": []}]},
            "tools[0].parameters",
        ),
        ({"tools": [WEATHER, {"type": "custom", "name": "weather"}]}, "tools[1].name"),
        ({"tools": [WEATHER], "tool_choice": "sometimes"}, "tool_choice"),
        (
            {"tools": [WEATHER], "tool_choice": {"type": "function", "name": "other"}},
            "tool_choice",
        ),
        ({"stream": "yes"}, "stream"),
        ({"instructions": 5}, "instructions"),
    ],
)
def test_what_is_wrong_is_named(fields, param):
    assert refused(**fields).param == param


def test_an_answer_becomes_a_turn_of_the_conversation_again():
    outline = parsed(tools=[WEATHER]).outline("resp_abc", "grok-fast", 0)
    chunks = (TextDelta("Let me"), TextDelta(" see."), ToolCall("c1", "weather", "{}"))
    history = History()
    history.add_items(items_of(outline, chunks), "output")
    assert history.messages == [
        Message(Role.ASSISTANT, "Let me see.", calls=(ToolCall("c1", "weather", "{}"),))
    ]


NAMES = st.sampled_from(
    [
        "type",
        "role",
        "content",
        "text",
        "name",
        "call_id",
        "id",
        "output",
        "input",
        "arguments",
        "action",
        "operation",
        "tools",
        "mode",
        "parameters",
        "schema",
        "format",
        "effort",
        "image_url",
        "file_data",
        "namespace",
        "status",
        "summary",
    ]
)
WORDS = st.sampled_from(
    [
        "message",
        "user",
        "assistant",
        "function",
        "function_call",
        "function_call_output",
        "custom",
        "custom_tool_call",
        "local_shell",
        "local_shell_call",
        "apply_patch",
        "apply_patch_call",
        "input_text",
        "input_image",
        "input_file",
        "namespace",
        "allowed_tools",
        "required",
        "json_schema",
        "item_reference",
        "reasoning",
        "data:,",
        "Hi",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text()
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(sorted(ResponseBody.__struct_fields__))
OBJECTS = st.lists(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4), max_size=3)
BODIES = st.dictionaries(FIELDS, VALUES, max_size=3) | st.fixed_dictionaries(
    {},
    optional={"input": OBJECTS, "tools": OBJECTS, "tool_choice": VALUES, "instructions": OBJECTS},
)


@settings(max_examples=150, deadline=None)
@given(BODIES)
def test_a_body_is_understood_or_refused_whatever_is_in_it(fields):
    try:
        call = parsed(**fields)
        call.outline("resp_1", "grok-fast", 0)
        call.input_items()
        call.request(History(), {})
    except InvalidRequestError:
        pass
