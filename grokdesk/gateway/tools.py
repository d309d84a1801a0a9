"""What all dialects have of tools: their names, the choice among them, and both as a ToolUse."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.tools import Tool, ToolUse

_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,128}")


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """Whether tools may or must be called, and which.

    `among`: the names that a client allows for this call; None: all.
    """

    allowed: bool = True
    required: bool = False
    only: str = ""
    among: frozenset[str] | None = None

    def use(self, tools: tuple[Tool, ...], param: str, *, parallel: bool) -> ToolUse | None:
        """None when there is nothing to be called.

        Raise InvalidRequestError about `param` when the one to be called is missing.
        """
        if not self.allowed:
            return None
        if self.among is not None:
            tools = tuple(tool for tool in tools if tool.name in self.among)
        if self.only and all(tool.name != self.only for tool in tools):
            raise InvalidRequestError("The tool to be called is not among the tools.", param=param)
        return ToolUse(tools, self.required, self.only, parallel) if tools else None

    def restricted_to(self, names: frozenset[str]) -> "ToolChoice":
        return replace(self, among=names)


CHOICES: Mapping[str, ToolChoice] = MappingProxyType(
    {
        "auto": ToolChoice(),
        "none": ToolChoice(allowed=False),
        "required": ToolChoice(required=True),
    }
)
"""By the words that clients have for them."""


def checked_name(name: str, param: str) -> str:
    """Raise InvalidRequestError about the name of the tool that stands at `param`."""
    if _NAME.fullmatch(name) is None:
        raise InvalidRequestError(
            "A tool's name is up to 128 letters, digits and _.:/- without spaces.",
            param=f"{param}.name",
        )
    return name


def each_once(placed: Iterable[tuple[str, Tool]]) -> tuple[Tool, ...]:
    """Of tools and where they stand. Raise InvalidRequestError about two that differ in all but
    their name."""
    named: dict[str, Tool] = {}
    for param, tool in placed:
        if named.setdefault(tool.name, tool) != tool:
            raise InvalidRequestError(f"Two tools are named '{tool.name}'.", param=f"{param}.name")
    return tuple(named.values())
