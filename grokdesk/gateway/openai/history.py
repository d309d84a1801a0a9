"""OpenAI's messages to ours: every form of content, nothing silently lost."""

from collections.abc import Mapping
from typing import Any

from grokdesk.domain.attachment import Attachment
from grokdesk.domain.chat import Message, Role
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.tools import ToolCall, ToolKind
from grokdesk.gateway.jsontext import json_of
from grokdesk.gateway.media import MEDIA, parse_media
from grokdesk.gateway.openai.body import MessageBody
from grokdesk.gateway.parts import without_inline_data

_ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "tool": Role.TOOL,
    "function": Role.TOOL,
}
_TEXT_PARTS = frozenset({"text", "input_text", "output_text"})
_SKIPPED_PARTS = frozenset({"thinking", "redacted_thinking", "reasoning"})


def parse_messages(bodies: list[MessageBody]) -> tuple[Message, ...]:
    """Raise InvalidRequestError; `param` is like `messages[2].content[0]`."""
    tool_names: dict[str, str] = {}
    return tuple(
        _parse_message(body, f"messages[{index}]", tool_names) for index, body in enumerate(bodies)
    )


def _parse_message(body: MessageBody, path: str, tool_names: dict[str, str]) -> Message:
    role = _ROLES.get(body.role)
    if role is None:
        raise InvalidRequestError(
            f"'{body.role[:40]}' is no role; use one of {', '.join(_ROLES)}.", param=f"{path}.role"
        )
    attachments: list[Attachment] = []
    text = body.content
    if type(text) is not str:
        text = _flatten(text, f"{path}.content", role, attachments)
    call_id, name = "", ""
    calls: tuple[ToolCall, ...] = ()
    if role is Role.ASSISTANT:
        text = without_inline_data(text or body.refusal or "")
        calls = _calls_of(body, path)
        tool_names.update((call.id, call.name) for call in calls)
    elif role is Role.TOOL:
        call_id = body.tool_call_id or ""
        name = body.name or tool_names.get(call_id, "")
    return Message(role, text, name, call_id, calls, tuple(attachments))


def _flatten(content: object, path: str, role: Role, attachments: list[Attachment]) -> str:
    """All text in there, parts on lines of their own; the rest goes to `attachments`."""
    match content:
        case None:
            return ""
        case str():
            return content
        case list():
            parts = [
                _flatten(part, f"{path}[{index}]", role, attachments)
                for index, part in enumerate(content)
            ]
            return "\n".join(part for part in parts if part)
        case dict():
            return _part_text(content, path, role, attachments)
        case _ if role is Role.TOOL:
            return json_of(content)
        case _:
            raise InvalidRequestError("Content is text or a list of parts.", param=path)


def _part_text(
    part: Mapping[str, Any], path: str, role: Role, attachments: list[Attachment]
) -> str:
    kind = part.get("type", "text" if "text" in part else "")
    if not isinstance(kind, str):
        kind = ""
    if kind in _TEXT_PARTS and isinstance(part.get("text"), str):
        return str(part["text"])
    if kind == "refusal" and isinstance(part.get("refusal"), str):
        return str(part["refusal"])
    if kind in _SKIPPED_PARTS:
        return ""
    if kind in MEDIA:
        attachments.append(parse_media(part, kind, path))
        return ""
    if role is Role.TOOL:
        return json_of(part)
    raise InvalidRequestError("This is no part that Grokdesk knows.", param=path)


def _calls_of(body: MessageBody, path: str) -> tuple[ToolCall, ...]:
    if body.function_call is None and not body.tool_calls:
        return ()
    calls = [
        _call_of(call, f"{path}.tool_calls[{index}]")
        for index, call in enumerate(body.tool_calls or ())
    ]
    if body.function_call is not None:
        calls.append(_function_call("", body.function_call, f"{path}.function_call"))
    return tuple(calls)


def _call_of(call: object, path: str) -> ToolCall:
    if not isinstance(call, dict):
        raise InvalidRequestError("A tool call is an object.", param=path)
    id = call["id"] if isinstance(call.get("id"), str) else ""
    custom = call.get("custom")
    if isinstance(custom, dict) and isinstance(custom.get("name"), str):
        text = custom.get("input")
        return ToolCall(id, custom["name"], text if isinstance(text, str) else "", ToolKind.CUSTOM)
    return _function_call(id, call.get("function"), f"{path}.function")


def _function_call(id: str, function: object, path: str) -> ToolCall:
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise InvalidRequestError("A tool call names its function.", param=path)
    arguments = function.get("arguments")
    if arguments is None:
        arguments = "{}"
    text = arguments if isinstance(arguments, str) else json_of(arguments)
    return ToolCall(id, function["name"], text)
