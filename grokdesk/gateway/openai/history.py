"""OpenAI's messages to ours: text from every form of content, nothing silently lost."""

from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

import msgspec

from grokdesk.domain.chat import Message, Role
from grokdesk.domain.errors import InvalidRequestError

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
_NOT_TAKEN = {
    "image_url": "images",
    "input_image": "images",
    "image": "images",
    "input_audio": "audio",
    "audio": "audio",
    "file": "files",
    "input_file": "files",
    "document": "files",
    "video_url": "videos",
}


class MessageBody(msgspec.Struct):
    """One message as clients send it; `content` has too many forms for a type."""

    role: str
    content: Any = None
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: Any = None
    function_call: Any = None
    refusal: str | None = None


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
    content = body.content
    text = content if type(content) is str else _flatten(content, f"{path}.content", role)
    if role is Role.ASSISTANT:
        text = _with_calls(text or body.refusal or "", body, path, tool_names)
    if role is not Role.TOOL:
        return Message(role, text)
    call_id = body.tool_call_id or ""
    return Message(role, text, name=body.name or tool_names.get(call_id, ""), call_id=call_id)


def _flatten(content: object, path: str, role: Role) -> str:
    """All text in there, parts on lines of their own."""
    match content:
        case None:
            return ""
        case str():
            return content
        case list():
            parts = (_flatten(part, f"{path}[{index}]", role) for index, part in enumerate(content))
            return "\n".join(part for part in parts if part)
        case dict():
            return _part_text(content, path, role)
        case _ if role is Role.TOOL:
            return _json(content)
        case _:
            raise InvalidRequestError("Content is text or a list of parts.", param=path)


def _part_text(part: Mapping[str, Any], path: str, role: Role) -> str:
    kind = part.get("type", "text" if "text" in part else "")
    if not isinstance(kind, str):
        kind = ""
    if kind in _TEXT_PARTS and isinstance(part.get("text"), str):
        return str(part["text"])
    if kind == "refusal" and isinstance(part.get("refusal"), str):
        return str(part["refusal"])
    if kind in _SKIPPED_PARTS:
        return ""
    if kind in _NOT_TAKEN:
        raise InvalidRequestError(
            f"This version of Grokdesk cannot take {_NOT_TAKEN[kind]} yet.",
            param=path,
            code="unsupported_content",
        )
    if role is Role.TOOL:
        return _json(part)
    raise InvalidRequestError("This is no part that Grokdesk knows.", param=path)


def _with_calls(text: str, body: MessageBody, path: str, tool_names: dict[str, str]) -> str:
    """Upstream knows only text, so an assistant's tool calls are written out (protocol 12.1)."""
    calls = list(_calls_of(body, path, tool_names))
    if not calls:
        return text
    block = "\n".join(("<tool_calls>", *calls, "</tool_calls>"))
    return f"{text}\n{block}" if text else block


def _calls_of(body: MessageBody, path: str, tool_names: dict[str, str]) -> Iterator[str]:
    if body.function_call is not None:
        yield _call_text(body.function_call, f"{path}.function_call")[1]
    if body.tool_calls is None:
        return
    if not isinstance(body.tool_calls, list):
        raise InvalidRequestError("Tool calls are a list.", param=f"{path}.tool_calls")
    for index, call in enumerate(body.tool_calls):
        where = f"{path}.tool_calls[{index}]"
        if not isinstance(call, dict):
            raise InvalidRequestError("A tool call is an object.", param=where)
        name, text = _call_text(call.get("function") or call.get("custom"), f"{where}.function")
        tool_names[str(call.get("id"))] = name
        yield text


def _call_text(function: object, path: str) -> tuple[str, str]:
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise InvalidRequestError("A tool call names its function.", param=path)
    name = function["name"]
    arguments = function.get("arguments", function.get("input"))
    if arguments is None:
        arguments = "{}"
    text = arguments if isinstance(arguments, str) else _json(arguments)
    return name, (
        f"  <tool_call>\n    <tool_name>{escape(name)}</tool_name>\n"
        f"    <parameters>{text}</parameters>\n  </tool_call>"
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
