"""From what a model wrote to calls of declared tools; what does not become one stays text."""

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from grokdesk.domain.tools import Tool, ToolCall, ToolKind, ToolUse
from grokdesk.services.shaping.tool_repair import decode, decode_strictly, encode

_NAMES = ("name", "tool_name")
_ARGUMENTS = ("arguments", "input", "parameters")
_CALL_KEYS = {*_NAMES, *_ARGUMENTS, "function", "type", "id", "call_id", "index"}
_NAMESPACE = re.compile(r"[.:/]")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|\w+);")
_FIRST_BREAK = re.compile(r"[ \t]*\r?\n")
_LAST_BREAK = re.compile(r"\r?\n[ \t]*\Z")


@dataclass(slots=True)
class Written:
    """One call as it stands in the markup, piece by piece.

    `values` stand in the place of the arguments; without a name they are whole calls in JSON.
    `is_literal`: they are taken to the letter. Of duplicates the first counts.
    """

    name: str = ""
    values: list[str] = field(default_factory=list)
    is_literal: bool = False
    parameters: list[tuple[str, str]] = field(default_factory=list)

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""


class Declared:
    """The tools that may be called; when one must be, the others are none.

    Names are told apart by case, unless there is only one that is meant.
    """

    def __init__(self, use: ToolUse) -> None:
        tools = [tool for tool in use.tools if not use.only or tool.name == use.only]
        self._exact = {tool.name: tool for tool in tools}
        self._folded: dict[str, Tool | None] = {}
        for tool in tools:
            folded = tool.name.casefold()
            self._folded[folded] = None if folded in self._folded else tool

    def find(self, name: str) -> Tool | None:
        """Also without the namespace in front, as in `functions.get_weather`."""
        name = name.strip().strip("\"'`")
        for spelled in (name, _NAMESPACE.split(name)[-1]):
            if tool := self._exact.get(spelled) or self._folded.get(spelled.casefold()):
                return tool
        return None

    def calls_of(self, written: Written) -> tuple[ToolCall, ...]:
        """Nothing when it cannot become what it says."""
        if not written.name:
            found = [self.calls_in_json(value) for value in written.values]
            return tuple(call for calls in found for call in calls) if all(found) else ()
        tool = self.find(written.name)
        if tool is None:
            return ()
        try:
            arguments = _arguments(tool, written)
        except ValueError:
            return ()
        return (_call(tool, arguments),)

    def calls_in_json(self, text: str, *, alone: bool = False) -> tuple[ToolCall, ...]:
        """All calls that a JSON value stands for, or nothing when it is anything else.

        `alone`: without markup around it; then it must look like a call and like nothing else.
        """
        try:
            items = list(_items(decode(text)))
            calls = [self._item(item, is_sure=not alone) for item in items]
        except ValueError:
            return ()
        return tuple(calls)

    def _item(self, item: Any, *, is_sure: bool) -> ToolCall:
        if not isinstance(item, dict):
            raise ValueError("a call is an object")
        inner = item.get("function")
        source = inner if isinstance(inner, dict) else item
        name = next((source[key] for key in _NAMES if isinstance(source.get(key), str)), inner)
        tool = self.find(name) if isinstance(name, str) else None
        if tool is None:
            raise ValueError("no declared tool")
        given = [holder[key] for holder in (source, item) for key in _ARGUMENTS if key in holder]
        if not is_sure and (not given or (item.keys() | source.keys()) - _CALL_KEYS):
            raise ValueError("this may be any object with a name")
        value = given[0] if given else {}
        return _call(tool, _free_text(value) if _is_custom(tool) else _object(value))


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        value = value.get("tool_calls", value)
    if isinstance(value, dict):
        value = [value.get("function_call", value)]
    if not isinstance(value, list) or not value:
        raise ValueError("no list of calls")
    return value


def _arguments(tool: Tool, written: Written) -> str:
    if _is_custom(tool):
        return _custom_text(written)
    if written.parameters:
        return encode(_from_parameters(tool, written.parameters))
    text = written.value.strip()
    try:
        if isinstance(decode_strictly(text), dict):
            return text
    except ValueError:
        pass
    return _object(decode(text)) if text else "{}"


def _object(value: Any, *, may_be_text: bool = True) -> str:
    if isinstance(value, dict):
        return encode(value)
    if value is None or value == "":
        return "{}"
    if isinstance(value, str) and may_be_text:
        return _object(decode(value), may_be_text=False)
    raise ValueError("the arguments are no object")


def _custom_text(written: Written) -> str:
    if written.parameters:
        names = [name for name, _ in written.parameters]
        if len(names) != 1:
            raise ValueError("one text is wanted")
        return _without_outer_breaks(written.parameters[0][1])
    text = written.value
    if written.is_literal:
        return text
    if text.lstrip().startswith("{"):
        try:
            value = decode_strictly(text)
        except ValueError:
            value = None
        if isinstance(value, dict) and isinstance(value.get("input"), str):
            return str(value["input"])
    return _without_outer_breaks(text)


def _free_text(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("input", value or "")
    return value if isinstance(value, str) else encode(value)


def _from_parameters(tool: Tool, parameters: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The schema tells whether `5` is a number or a text; the first of a name counts."""
    types = _types(tool)
    given: dict[str, Any] = {}
    for name, text in parameters:
        if name not in given:
            given[name] = _typed(_without_outer_breaks(text), types.get(name))
    return given


def _types(tool: Tool) -> dict[str, Any]:
    try:
        properties = decode_strictly(tool.parameters or "{}").get("properties", {})
        return {
            name: schema.get("type")
            for name, schema in properties.items()
            if isinstance(schema, dict)
        }
    except (ValueError, AttributeError):
        return {}


def _typed(text: str, type_name: Any) -> Any:
    if type_name == "string" or (isinstance(type_name, list) and "string" in type_name):
        return _plain(text)
    try:
        return decode_strictly(text)
    except ValueError:
        return _plain(text)


def _plain(text: str) -> str:
    """Entities are read as such where the text is escaped all through; else it is literal."""
    if "&" not in text or "<" in text or "&" in _ENTITY.sub("", text):
        return text
    return unescape(text)


def _without_outer_breaks(text: str) -> str:
    """A value on lines of its own: those breaks belong to the markup."""
    first = _FIRST_BREAK.match(text)
    return _LAST_BREAK.sub("", text[first.end() :], count=1) if first else text


def _is_custom(tool: Tool) -> bool:
    return tool.kind is ToolKind.CUSTOM


def _call(tool: Tool, arguments: str) -> ToolCall:
    return ToolCall(f"call_{secrets.token_hex(12)}", tool.name, arguments, tool.kind)
