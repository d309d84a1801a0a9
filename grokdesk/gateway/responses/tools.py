"""The tools of a body, and which of them may or must be called, as a ToolUse."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.tools import Tool, ToolKind, ToolUse
from grokdesk.gateway.responses.hosted import HOSTED
from grokdesk.gateway.tools import CHOICES, ToolChoice, checked_name, each_once

_log = logging.getLogger(__name__)

_NAMESPACE = "namespace"
_SEARCH = ("web_search", "x_search")


@dataclass(frozen=True, slots=True)
class ToolPlan:
    """`hosted`: names of tools that are no functions to the client. `namespaces`: see `joined`."""

    use: ToolUse | None = None
    hosted: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    searches: bool = False
    """The client wants to see Grok's own searches, which happen wherever they make sense."""


def parse_tools(bodies: list[dict[str, Any]] | None, choice: Any, *, parallel: bool) -> ToolPlan:
    """Kinds that mean nothing here are left out. Raise InvalidRequestError."""
    tools = each_once(
        (f"tools[{index}]", tool)
        for index, body in enumerate(bodies or ())
        for tool in _tools_of(body, f"tools[{index}]")
    )
    return ToolPlan(
        _choice_of(choice).use(tools, "tool_choice", parallel=parallel),
        tuple(name for name in HOSTED if HOSTED[name].tool in tools),
        tuple(str(body["name"]) for body in bodies or () if body.get("type") == _NAMESPACE),
        any(str(body.get("type")).startswith(_SEARCH) for body in bodies or ()),
    )


def _tools_of(body: Mapping[str, Any], path: str) -> Iterator[Tool]:
    kind = body.get("type")
    if kind == "function":
        yield Tool(_name(body, path), _text(body, "description"), _schema(body, path))
    elif kind == "custom":
        yield Tool(_name(body, path), _text(body, "description"), kind=ToolKind.CUSTOM)
    elif isinstance(kind, str) and kind in HOSTED:
        yield HOSTED[kind].tool
    elif kind == _NAMESPACE:
        yield from _within(body, path)
    elif not isinstance(kind, str):
        raise InvalidRequestError("A tool has a type.", param=f"{path}.type")
    elif not kind.startswith(_SEARCH):
        _log.debug("a tool of the kind %.40r was left out", kind)


def _within(body: Mapping[str, Any], path: str) -> Iterator[Tool]:
    """The tools of a program's server or module, under its name."""
    space, about, members = _name(body, path), _text(body, "description"), body.get("tools")
    for index, member in enumerate(members if isinstance(members, list) else ()):
        if isinstance(member, dict) and member.get("type") in ("function", "custom"):
            for tool in _tools_of(member, f"{path}.tools[{index}]"):
                name, told = joined(space, tool.name), tool.description or about
                yield replace(tool, name=name, description=told)


def joined(namespace: str, name: str) -> str:
    """One name for the model, which knows no namespaces."""
    return f"{namespace}.{name}"


def parted(name: str, namespaces: tuple[str, ...]) -> tuple[str, str]:
    """Namespace, empty where there is none, and name."""
    for namespace in namespaces:
        if name.startswith(f"{namespace}."):
            return namespace, name[len(namespace) + 1 :]
    return "", name


def _name(body: Mapping[str, Any], path: str) -> str:
    name = body.get("name")
    return checked_name(name if isinstance(name, str) else "", path)


def _text(body: Mapping[str, Any], field: str) -> str:
    text = body.get(field)
    return text if isinstance(text, str) else ""


def _schema(body: Mapping[str, Any], path: str) -> str:
    schema = body.get("parameters")
    if schema is None:
        return ""
    if not isinstance(schema, dict):
        raise InvalidRequestError("A JSON schema is an object.", param=f"{path}.parameters")
    return msgspec.json.encode(schema).decode()


def _choice_of(value: Any) -> ToolChoice:
    match value:
        case None:
            return ToolChoice()
        case str() if value in CHOICES:
            return CHOICES[value]
        case {"type": "allowed_tools", "mode": "auto" | "required" as mode, "tools": list(tools)}:
            return CHOICES[mode].restricted_to(frozenset(map(_named, tools)))
        case {"type": "function" | "custom", "name": str(name)}:
            return ToolChoice(required=True, only=name)
        case {"type": str(kind)} if kind in HOSTED:
            return ToolChoice(required=True, only=kind)
        case {"type": str(kind)} if kind not in ("function", "custom", "allowed_tools"):
            return ToolChoice()
        case _:
            raise InvalidRequestError(
                "This must be none, auto, required, or an object that names tools.",
                param="tool_choice",
            )


def _named(tool: Any) -> str:
    match tool:
        case {"name": str(name)} | {"type": str(name)}:
            return name
        case _:
            raise InvalidRequestError("An allowed tool has a name.", param="tool_choice.tools")
