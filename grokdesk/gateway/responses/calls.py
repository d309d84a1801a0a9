"""Calls of the client's tools as output items; each comes whole."""

from typing import Any

from grokdesk.domain.tools import ToolCall, ToolKind
from grokdesk.gateway.responses.events import Events
from grokdesk.gateway.responses.hosted import HOSTED
from grokdesk.gateway.responses.items import COMPLETED, IN_PROGRESS, added, done
from grokdesk.gateway.responses.outline import Outline
from grokdesk.gateway.responses.tools import parted


def render_call(
    events: Events, outline: Outline, index: int, call: ToolCall
) -> tuple[bytes, dict[str, Any]]:
    """The events of its life, and the item that is left."""
    if call.name in outline.hosted:
        tool = HOSTED[call.name]
        item = tool.item_of(call.arguments)
        if item is not None:
            whole = {"id": outline.item_id(tool.prefix, index), "type": tool.item_type}
            whole |= {"status": COMPLETED, "call_id": call.id, **item}
            begun = added(events, index, whole | {"status": IN_PROGRESS})
            return begun + done(events, index, whole), whole
    if call.kind is ToolKind.CUSTOM:
        return _custom(events, outline, index, call)
    return _function(events, outline, index, call)


def _function(
    events: Events, outline: Outline, index: int, call: ToolCall
) -> tuple[bytes, dict[str, Any]]:
    id = outline.item_id("fc", index)
    item = {
        "id": id,
        "type": "function_call",
        "status": COMPLETED,
        "call_id": call.id,
        **_named(outline, call),
        "arguments": call.arguments,
    }
    place = {"item_id": id, "output_index": index}
    kind = "response.function_call_arguments"
    told = (
        added(events, index, item | {"status": IN_PROGRESS, "arguments": ""})
        + events.render(f"{kind}.delta", place | {"delta": call.arguments})
        + events.render(f"{kind}.done", place | {"name": item["name"], "arguments": call.arguments})
        + done(events, index, item)
    )
    return told, item


def _custom(
    events: Events, outline: Outline, index: int, call: ToolCall
) -> tuple[bytes, dict[str, Any]]:
    id = outline.item_id("ctc", index)
    item = {
        "id": id,
        "type": "custom_tool_call",
        "status": COMPLETED,
        "call_id": call.id,
        **_named(outline, call),
        "input": call.arguments,
    }
    place = {"item_id": id, "output_index": index}
    kind = "response.custom_tool_call_input"
    told = (
        added(events, index, item | {"status": IN_PROGRESS, "input": ""})
        + events.render(f"{kind}.delta", place | {"delta": call.arguments})
        + events.render(f"{kind}.done", place | {"input": call.arguments})
        + done(events, index, item)
    )
    return told, item


def _named(outline: Outline, call: ToolCall) -> dict[str, str]:
    namespace, name = parted(call.name, outline.namespaces)
    return {"name": name, "namespace": namespace} if namespace else {"name": name}
