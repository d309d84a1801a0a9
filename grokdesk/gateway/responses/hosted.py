"""Tools whose description this API takes for granted: to the model they are functions like others.

Their calls have items of their own kinds, in both directions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import msgspec

from grokdesk.domain.tools import Tool


@dataclass(frozen=True, slots=True)
class HostedTool:
    """`body_of` makes the item's own fields of the model's arguments; None: they do not fit."""

    tool: Tool
    item_type: str
    prefix: str
    member: str
    body_of: Callable[[dict[str, Any]], dict[str, Any] | None]

    def item_of(self, arguments: str) -> dict[str, Any] | None:
        try:
            given = msgspec.json.decode(arguments)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return None
        body = self.body_of(given) if isinstance(given, dict) else None
        return None if body is None else {self.member: body}

    def arguments_of(self, item: Mapping[str, Any]) -> str:
        """What the model said, from an item that a client sends back."""
        body = item.get(self.member)
        given = dict(body) if isinstance(body, dict) else {}
        if given.get("type") == "exec":
            del given["type"]
        return msgspec.json.encode(
            {name: value for name, value in given.items() if value not in (None, {})}
        ).decode()


def _exec(given: dict[str, Any]) -> dict[str, Any] | None:
    command = _words(given.get("command"))
    if command is None:
        return None
    return {
        "type": "exec",
        "command": ["bash", "-lc", command[0]] if isinstance(given["command"], str) else command,
        "env": _environment(given.get("env")),
        "timeout_ms": _number(given.get("timeout_ms")),
        "working_directory": _text(given.get("working_directory")),
        "user": None,
    }


def _commands(given: dict[str, Any]) -> dict[str, Any] | None:
    commands = _words(given.get("commands", given.get("command")))
    if commands is None:
        return None
    return {
        "commands": commands,
        "timeout_ms": _number(given.get("timeout_ms")),
        "max_output_length": _number(given.get("max_output_length")),
    }


def _operation(given: dict[str, Any]) -> dict[str, Any] | None:
    match given:
        case {"type": "create_file" | "update_file" as kind, "path": str(path), "diff": str(diff)}:
            return {"type": kind, "path": path, "diff": diff}
        case {"type": "delete_file", "path": str(path)}:
            return {"type": "delete_file", "path": path}
        case _:
            return None


def _words(value: object) -> list[str] | None:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not words:
        return None
    return words if all(isinstance(word, str) for word in words) else None


def _environment(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {name: text for name, text in value.items() if isinstance(text, str)}


def _number(value: object) -> int | None:
    return value if type(value) is int else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _schema(required: list[str], **properties: Any) -> str:
    return msgspec.json.encode(
        {"type": "object", "properties": properties, "required": required}
    ).decode()


_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_WHOLE = {"type": "integer"}

HOSTED: Mapping[str, HostedTool] = MappingProxyType(
    {
        "local_shell": HostedTool(
            Tool(
                "local_shell",
                "Run a program on the user's computer; returns its output. `command` is the "
                "program and its arguments.",
                _schema(["command"], command=_TEXTS, working_directory=_TEXT, timeout_ms=_WHOLE),
            ),
            "local_shell_call",
            "lsh",
            "action",
            _exec,
        ),
        "shell": HostedTool(
            Tool(
                "shell",
                "Run shell commands on the user's computer; returns the output of each.",
                _schema(["commands"], commands=_TEXTS, timeout_ms=_WHOLE),
            ),
            "shell_call",
            "sh",
            "action",
            _commands,
        ),
        "apply_patch": HostedTool(
            Tool(
                "apply_patch",
                "Create, change or delete a file. `diff` is a unified diff in V4A form; "
                "leave it out to delete.",
                _schema(
                    ["type", "path"],
                    type={"enum": ["create_file", "update_file", "delete_file"]},
                    path=_TEXT,
                    diff=_TEXT,
                ),
            ),
            "apply_patch_call",
            "apc",
            "operation",
            _operation,
        ),
    }
)
"""By the type of the tool, which is also its name."""
