"""Calls of the client's tools as output items; each comes whole."""

from typing import Any

from grokdesk.domain.tools import ToolCall, ToolKind
from grokdesk.gateway.responses.events import Events
from grokdesk.gateway.responses.hosted import HOSTED
from grokdesk.gateway.responses.items import COMPLETED, IN_PROGRESS, added, done
from grokdesk.gateway.responses.outline import Outline
from grokdesk.gateway.responses.tools import parted

# The prefix of their ids, their type, and the field that holds what they are called with.
_FUNCTION = ("fc", "function_call", "arguments")
_CUSTOM = ("ctc", "custom_tool_call", "input")


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
    custom = call.kind is ToolKind.CUSTOM
    prefix, kind, field = _CUSTOM if custom else _FUNCTION
    name = _named(outline, call)
    item = {
        "id": outline.item_id(prefix, index),
        "type": kind,
        "status": COMPLETED,
        "call_id": call.id,
        **name,
        field: call.arguments,
    }
    place = {"item_id": item["id"], "output_index": index}
    event = f"response.{kind}_{field}"
    # Only a function's end repeats its name.
    end = place if custom else place | {"name": name["name"]}
    told = (
        added(events, index, item | {"status": IN_PROGRESS, field: ""})
        + events.render(f"{event}.delta", place | {"delta": call.arguments})
        + events.render(f"{event}.done", end | {field: call.arguments})
        + done(events, index, item)
    )
    return told, item


def _named(outline: Outline, call: ToolCall) -> dict[str, str]:
    namespace, name = parted(call.name, outline.namespaces)
    return {"name": name, "namespace": namespace} if namespace else {"name": name}
