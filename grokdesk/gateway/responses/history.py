"""Items of a conversation to messages: what a client sends, and what it had been answered."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from grokdesk.domain.attachment import Attachment
from grokdesk.domain.chat import Message, Role
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.tools import ToolCall, ToolKind
from grokdesk.gateway.jsontext import json_of
from grokdesk.gateway.media import MEDIA, parse_media
from grokdesk.gateway.responses.hosted import HOSTED
from grokdesk.gateway.responses.tools import joined

_log = logging.getLogger(__name__)

_ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
}
_TEXT_PARTS = frozenset({"text", "input_text", "output_text", "summary_text"})
_SKIPPED_PARTS = frozenset({"reasoning", "reasoning_text", "thinking"})
_HOSTED_CALLS = {hosted.item_type: name for name, hosted in HOSTED.items()}
_OUTPUTS = frozenset(
    {
        "function_call_output",
        "custom_tool_call_output",
        *(f"{kind}_output" for kind in _HOSTED_CALLS),
    }
)
_UNSPOKEN = frozenset({"reasoning", "item_reference", "web_search_call"})
"""What Grok is not told again: its thoughts, its own searches, and what was resolved before."""


class History:
    """Grows item by item. Calls belong to the turn of the assistant that they follow."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._calls: list[ToolCall] = []
        """Of the last message, which does not have them yet."""
        self._names: dict[str, str] = {}

    @property
    def messages(self) -> list[Message]:
        self._join_calls()
        return self._messages

    def add(self, message: Message) -> None:
        self._join_calls()
        self._messages.append(message)

    def add_items(self, items: Iterable[Any], path: str) -> None:
        """Raise InvalidRequestError; `param` is like `input[2].content[0]`."""
        for index, item in enumerate(items):
            where = f"{path}[{index}]"
            if not isinstance(item, dict):
                raise InvalidRequestError("An item is an object.", param=where)
            self._add(item, where)

    def _add(self, item: Mapping[str, Any], path: str) -> None:
        kind = item.get("type")
        if kind is None and "role" not in item and "id" in item:
            kind = "item_reference"  # its type may be left out
        if not isinstance(kind, str | None):
            raise InvalidRequestError("An item's type is a text.", param=f"{path}.type")
        if kind is None or kind == "message":
            self._add_message(item, path)
        elif kind == "function_call":
            self._add_call(item, path, "arguments", ToolKind.FUNCTION)
        elif kind == "custom_tool_call":
            self._add_call(item, path, "input", ToolKind.CUSTOM)
        elif kind in _HOSTED_CALLS:
            name = _HOSTED_CALLS[kind]
            arguments = HOSTED[name].arguments_of(item)
            self._call(ToolCall(_call_id(item), name, arguments))
        elif kind in _OUTPUTS:
            self._add_output(item, path)
        elif kind not in _UNSPOKEN:
            _log.debug("an item of the kind %.40r was left out", kind)

    def _add_message(self, item: Mapping[str, Any], path: str) -> None:
        role = _ROLES.get(str(item.get("role")))
        if role is None:
            raise InvalidRequestError(
                f"A message has one of the roles {', '.join(_ROLES)}.", param=f"{path}.role"
            )
        text, attachments = _read(item.get("content"), f"{path}.content")
        self.add(Message(role, text, attachments=attachments))

    def _add_call(self, item: Mapping[str, Any], path: str, member: str, kind: ToolKind) -> None:
        name, arguments = item.get("name"), item.get(member)
        if not isinstance(name, str) or not name:
            raise InvalidRequestError("A call names its tool.", param=f"{path}.name")
        if arguments is None:
            arguments = "{}" if kind is ToolKind.FUNCTION else ""
        text = arguments if isinstance(arguments, str) else json_of(arguments)
        namespace = item.get("namespace")
        if isinstance(namespace, str) and namespace:
            name = joined(namespace, name)
        self._call(ToolCall(_call_id(item), name, text, kind))

    def _call(self, call: ToolCall) -> None:
        self._names[call.id] = call.name
        if not self._messages or self._messages[-1].role is not Role.ASSISTANT:
            self.add(Message(Role.ASSISTANT, ""))
        self._calls.append(call)

    def _join_calls(self) -> None:
        """All at once: agents make thousands in a row."""
        if self._calls:
            last = self._messages[-1]
            self._messages[-1] = replace(last, calls=(*last.calls, *self._calls))
            self._calls = []

    def _add_output(self, item: Mapping[str, Any], path: str) -> None:
        text, attachments = _read_output(item.get("output"), f"{path}.output")
        if item.get("type") == "apply_patch_call_output":
            text = f"{item.get('status', 'completed')}: {text}"
        call_id = _call_id(item)
        name = item.get("name")
        self.add(
            Message(
                Role.TOOL,
                text,
                name=name if isinstance(name, str) else self._names.get(call_id, ""),
                call_id=call_id,
                attachments=attachments,
            )
        )


def _call_id(item: Mapping[str, Any]) -> str:
    call_id = item.get("call_id") or item.get("id")
    return call_id if isinstance(call_id, str) else ""


def _read(content: Any, path: str) -> tuple[str, tuple[Attachment, ...]]:
    """The text, parts on lines of their own, and what is no text."""
    if content is None or isinstance(content, str):
        return content or "", ()
    if not isinstance(content, list):
        raise InvalidRequestError("Content is text or a list of parts.", param=path)
    texts: list[str] = []
    attachments: list[Attachment] = []
    for index, part in enumerate(content):
        read = _read_part(part, f"{path}[{index}]")
        if isinstance(read, Attachment):
            attachments.append(read)
        elif read:
            texts.append(read)
    return "\n".join(texts), tuple(attachments)


def _read_part(part: Any, path: str) -> str | Attachment:
    match part:
        case str():
            return part
        case {"type": str(kind), "text": str(text)} if kind in _TEXT_PARTS:
            return text
        case {"type": "refusal", "refusal": str(text)}:
            return text
        case {"type": str(kind)} if kind in _SKIPPED_PARTS:
            return ""
        case {"type": str(kind)} if kind in MEDIA:
            return parse_media(part, kind, path)
        case {"text": str(text)}:
            return text
        case _:
            raise InvalidRequestError("This is no part that Grokdesk knows.", param=path)


def _read_output(output: Any, path: str) -> tuple[str, tuple[Attachment, ...]]:
    """A tool may have returned anything; parts that are none of ours are told as JSON."""
    if isinstance(output, list) and all(_is_part(part) for part in output):
        return _read(output, path)
    if output is None or isinstance(output, str):
        return output or "", ()
    return json_of(output), ()


def _is_part(part: Any) -> bool:
    kind = part.get("type") if isinstance(part, dict) else None
    return isinstance(kind, str) and (kind in _TEXT_PARTS or kind in MEDIA)
