"""Tools and the choice among them, in the forms in which clients send them."""

import json

import pytest

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.tools import Tool, ToolKind, ToolUse
from grokdesk.gateway.openai.parse import parse_chat

USER = {"role": "user", "content": "Hi"}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}
CLOCK = {"type": "function", "function": {"name": "clock", "description": "The time."}}
WEATHER_TOOL = Tool("weather", "", json.dumps(SCHEMA, separators=(",", ":")))
CLOCK_TOOL = Tool("clock", "The time.")
JUST_CLOCK = ToolUse((CLOCK_TOOL,))


def parse(**fields):
    body = {"model": "m", "messages": [USER], **fields}
    return parse_chat(json.dumps(body, indent=2).encode())


def use_of(**fields):
    return parse(**fields).request.tools


def refusal(**fields):
    with pytest.raises(InvalidRequestError) as caught:
        parse(**fields)
    return caught.value


def named(name):
    return {"type": "function", "function": {"name": name}}


def allowed(mode, *names):
    inner = {"mode": mode, "tools": [named(name) for name in names]}
    return {"type": "allowed_tools", "allowed_tools": inner}


def test_a_schema_goes_on_as_short_text():
    assert use_of(tools=[WEATHER]) == ToolUse((WEATHER_TOOL,))


@pytest.mark.parametrize(
    ("tool", "known_as"),
    [
        ({"type": "function", "name": "flat", "description": "d"}, Tool("flat", "d")),
        ({"function": {"name": "no_type", "parameters": None}}, Tool("no_type")),
        (
            {"type": "custom", "custom": {"name": "free", "format": {"type": "grammar"}}},
            Tool("free", kind=ToolKind.CUSTOM),
        ),
        ({"type": "custom", "name": "flat"}, Tool("flat", kind=ToolKind.CUSTOM)),
        ({"type": "function", "function": {"name": "mcp__a.b:c/d-e"}}, Tool("mcp__a.b:c/d-e")),
    ],
)
def test_every_form_of_a_tool_is_taken(tool, known_as):
    assert use_of(tools=[tool]).tools == (known_as,)


def test_searching_needs_no_tool_because_grok_does_it_anyway():
    assert use_of(tools=[{"type": "web_search"}, WEATHER]).tools == (WEATHER_TOOL,)
    assert use_of(tools=[{"type": "web_search_preview", "search_context_size": "low"}]) is None


def test_a_tool_that_is_named_twice_alike_counts_once():
    assert use_of(tools=[CLOCK, CLOCK]).tools == (CLOCK_TOOL,)


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        (None, ToolUse((WEATHER_TOOL, CLOCK_TOOL))),
        ("auto", ToolUse((WEATHER_TOOL, CLOCK_TOOL))),
        ({"type": "auto"}, ToolUse((WEATHER_TOOL, CLOCK_TOOL))),
        ("none", None),
        ("required", ToolUse((WEATHER_TOOL, CLOCK_TOOL), required=True)),
        ("any", ToolUse((WEATHER_TOOL, CLOCK_TOOL), required=True)),
        (named("clock"), ToolUse((WEATHER_TOOL, CLOCK_TOOL), required=True, only="clock")),
        (
            {"type": "function", "name": "clock"},
            ToolUse((WEATHER_TOOL, CLOCK_TOOL), required=True, only="clock"),
        ),
        (allowed("auto", "clock"), ToolUse((CLOCK_TOOL,))),
        (allowed("required", "clock", "weather"), ToolUse((WEATHER_TOOL, CLOCK_TOOL), True)),
        (allowed("auto", "else"), None),
        ({**allowed("auto", "clock")["allowed_tools"], "type": "allowed_tools"}, JUST_CLOCK),
        (
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "web_search"}]},
            None,
        ),
        ({"type": "web_search"}, ToolUse((WEATHER_TOOL, CLOCK_TOOL))),
    ],
)
def test_every_kind_of_choice(choice, wanted):  # H18
    assert use_of(tools=[WEATHER, CLOCK], tool_choice=choice) == wanted


def test_one_call_at_a_time_when_asked_for():  # H18
    assert use_of(tools=[WEATHER], parallel_tool_calls=False).parallel is False
    assert use_of(tools=[WEATHER], parallel_tool_calls=None).parallel is True


def test_the_older_functions_are_tools_of_which_one_is_called():  # H21
    call = parse(functions=[WEATHER["function"]], function_call={"name": "weather"})
    assert call.older_calls
    assert call.request.tools == ToolUse((WEATHER_TOOL,), True, "weather", parallel=False)
    assert parse(functions=[WEATHER["function"]], function_call="none").request.tools is None
    both = parse(functions=[CLOCK["function"]], tools=[WEATHER])
    assert (both.older_calls, both.request.tools) == (False, ToolUse((WEATHER_TOOL,)))


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"tools": "x"}, "tools"),
        ({"tools": [1]}, "tools[0]"),
        ({"tools": [{}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        ({"tools": [named("two words")]}, "tools[0].name"),
        ({"tools": [named("")]}, "tools[0].name"),
        ({"tools": [{"type": "custom"}]}, "tools[0].custom"),
        ({"tools": [{"type": "code_interpreter"}]}, "tools[0].type"),
        ({"tools": [{"function": {"name": "f", "parameters": []}}]}, "tools[0].parameters"),
        ({"tools": [CLOCK, named("clock")]}, "tools[1].name"),
        ({"tools": [CLOCK], "tool_choice": named("weather")}, "tool_choice"),
        ({"tools": [CLOCK], "tool_choice": "sometimes"}, "tool_choice"),
        ({"tools": [CLOCK], "tool_choice": 5}, "tool_choice"),
        ({"tools": [CLOCK], "tool_choice": {"type": "function"}}, "tool_choice"),
        ({"tools": [CLOCK], "tool_choice": allowed("perhaps", "clock")}, "tool_choice"),
        ({"tools": [CLOCK], "tool_choice": allowed("required", "else")}, "tool_choice"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [{"type": "web_search"}], "tool_choice": "required"}, "tool_choice"),
        ({"functions": [{"description": "x"}]}, "functions[0].name"),
        ({"functions": [{"name": "f"}], "function_call": {"name": "g"}}, "function_call"),
    ],
)
def test_a_broken_tool_is_named(fields, param):
    assert refusal(**fields).param == param


def test_a_schema_that_is_no_text_is_refused():
    body = b'{"model":"m","messages":[{"role":"user"}],"functions":[{"name":"f","parameters":%b}]}'
    with pytest.raises(InvalidRequestError) as caught:
        parse_chat(body % b'{"a":"\xff"}')
    assert caught.value.param == "functions[0].parameters"


STRANGE = [None, True, 0, -1, 2**70, 0.5, "", "x", [], {}, [[]], {"type": []}, {"type": "x"}]
SHAPES = [
    lambda x: {"tools": x},
    lambda x: {"tools": [x]},
    lambda x: {"tools": [{"type": "function", "function": x}]},
    lambda x: {"tools": [{"type": x, "function": {"name": "f"}}]},
    lambda x: {"tools": [{"function": {"name": x}}]},
    lambda x: {"tools": [{"function": {"name": "f", "parameters": x}}]},
    lambda x: {"tools": [{"type": "custom", "custom": x}]},
    lambda x: {"tools": [CLOCK], "tool_choice": x},
    lambda x: {"tools": [CLOCK], "tool_choice": {"type": x}},
    lambda x: {"tools": [CLOCK], "tool_choice": {"type": "function", "function": x}},
    lambda x: {"tools": [CLOCK], "tool_choice": {"type": "allowed_tools", "allowed_tools": x}},
    lambda x: {"tools": [CLOCK], "tool_choice": allowed(x, "clock")},
    lambda x: {
        "tools": [CLOCK],
        "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [x]},
    },
    lambda x: {"functions": [x]},
    lambda x: {"functions": [CLOCK["function"]], "function_call": x},
    lambda x: {"response_format": x},
    lambda x: {"response_format": {"type": x}},
    lambda x: {"response_format": {"type": "json_schema", "json_schema": x}},
    lambda x: {"response_format": {"type": "json_schema", "json_schema": {"schema": x}}},
    lambda x: {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": x}]}]},
    lambda x: {"messages": [{"role": "user", "content": [{"type": "file", "file": x}]}]},
    lambda x: {"messages": [{"role": "user", "content": [{"type": "image", "source": x}]}]},
    lambda x: {"messages": [{"role": "user", "content": [{"type": x, "text": x}]}]},
    lambda x: {"messages": [{"role": "assistant", "tool_calls": [x]}]},
    lambda x: {"messages": [{"role": "assistant", "tool_calls": [{"id": x, "function": x}]}]},
    lambda x: {"messages": [{"role": "assistant", "tool_calls": [{"custom": {"name": x}}]}]},
    lambda x: {"messages": [{"role": "assistant", "function_call": x}]},
    lambda x: {"reasoning": x},
    lambda x: {"deepsearch": x},
    lambda x: {"stop": x},
]


@pytest.mark.parametrize("strange", STRANGE, ids=repr)
def test_whatever_a_field_holds_is_understood_or_refused_by_name(strange):
    nameless = []
    for shape in SHAPES:
        try:
            parse(**shape(strange))
        except InvalidRequestError as error:
            nameless += [] if error.param or error.code == "invalid_json" else [shape(strange)]
    assert nameless == []
