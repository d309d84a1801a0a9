"""`tool_choice` and its older form: whether a tool may or must be called, and which."""

from typing import Any

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.tools import CHOICES, ToolChoice

HOSTED = frozenset({"web_search", "web_search_preview", "live_search", "x_search"})
"""What Grok does by itself wherever it makes sense: nothing to tell it."""


_WORDS = {**CHOICES, "any": CHOICES["required"]}


def parse_choice(value: Any, param: str) -> ToolChoice:
    match value:
        case None:
            return ToolChoice()
        case str() if value in _WORDS:
            return _WORDS[value]
        case {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": list(tools)}}:
            return _among(mode, tools, param)
        case {"type": "allowed_tools", "mode": mode, "tools": list(tools)}:
            return _among(mode, tools, param)
        case {"type": "auto" | "none" | "required" | "any" as word}:
            return _WORDS[word]
        case {"type": str(kind)} if kind in HOSTED:
            return ToolChoice()
        case dict() if name := _name_in(value):
            return ToolChoice(required=True, only=name)
    raise InvalidRequestError(
        "This must be none, auto, required, or an object that names a tool.", param=param
    )


def _among(mode: Any, tools: list[Any], param: str) -> ToolChoice:
    names = frozenset(_name_in(tool) for tool in tools if not _is_hosted(tool))
    if mode not in ("auto", "required") or "" in names:
        raise InvalidRequestError(
            "Allowed tools have the mode auto or required, and each names a tool.", param=param
        )
    return CHOICES[mode].restricted_to(names)


def _is_hosted(tool: Any) -> bool:
    match tool:
        case {"type": str(kind)}:
            return kind in HOSTED
        case _:
            return False


def _name_in(value: Any) -> str:
    match value:
        case {"function": {"name": str(name)}} | {"custom": {"name": str(name)}}:
            return name
        case {"name": str(name)}:
            return name
        case _:
            return ""
