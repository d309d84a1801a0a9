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
        ({"tools": [CLOCK, named("clock")]}, "tools"),
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
