"""Tool calls in OpenAI's JSON, whole and in the fragments of a stream."""

from collections.abc import Iterator
from typing import Any

from grokdesk.domain.tools import ToolCall, ToolKind
from grokdesk.gateway.jsontext import fragments


def whole_call(call: ToolCall) -> dict[str, Any]:
    if call.kind is ToolKind.CUSTOM:
        custom = {"name": call.name, "input": call.arguments}
        return {"id": call.id, "type": "custom", "custom": custom}
    return {"id": call.id, "type": "function", "function": older_call(call)}


def older_call(call: ToolCall) -> dict[str, Any]:
    """As `function_call`, the form before there were tools."""
    return {"name": call.name, "arguments": call.arguments}


def call_deltas(call: ToolCall, index: int) -> Iterator[dict[str, Any]]:
    """First the name, then the arguments; every delta says which call it belongs to."""
    kind, field = ("custom", "input") if call.kind is ToolKind.CUSTOM else ("function", "arguments")
    named = {"name": call.name, field: ""}
    yield {"tool_calls": [{"index": index, "id": call.id, "type": kind, kind: named}]}
    for fragment in fragments(call.arguments):
        yield {"tool_calls": [{"index": index, kind: {field: fragment}}]}


def older_call_deltas(call: ToolCall) -> Iterator[dict[str, Any]]:
    yield {"function_call": {"name": call.name, "arguments": ""}}
    for fragment in fragments(call.arguments):
        yield {"function_call": {"arguments": fragment}}
