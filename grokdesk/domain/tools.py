"""Tools that a client offers, and the calls of them that a model makes."""

import enum
from dataclasses import dataclass


class ToolKind(enum.StrEnum):
    FUNCTION = "function"
    CUSTOM = "custom"
    """Takes free text instead of JSON arguments."""


@dataclass(frozen=True, slots=True)
class Tool:
    """`parameters` is a JSON schema as JSON text; empty: none is known."""

    name: str
    description: str = ""
    parameters: str = ""
    kind: ToolKind = ToolKind.FUNCTION


@dataclass(frozen=True, slots=True)
class ToolUse:
    """What may, or must, be called. `only` names the one tool that must be."""

    tools: tuple[Tool, ...]
    required: bool = False
    only: str = ""
    parallel: bool = True

    @property
    def must_call(self) -> bool:
        return self.required or bool(self.only)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One whole call: a chunk of a reply, and part of an assistant's turn in the history.

    `arguments` is the text of a JSON object, or free text for a custom tool.
    """

    id: str
    name: str
    arguments: str
    kind: ToolKind = ToolKind.FUNCTION
