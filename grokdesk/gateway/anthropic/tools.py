"""The tools of a message request, and which of them may or must be called, as a ToolUse."""

import logging
from collections.abc import Iterator

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.tools import Tool, ToolUse
from grokdesk.gateway.anthropic.body import RequestBody, ToolBody, ToolChoiceBody
from grokdesk.gateway.anthropic.known_tools import known_tool
from grokdesk.gateway.schemas import schema_text
from grokdesk.gateway.tools import checked_name, each_once

_log = logging.getLogger(__name__)

_GROKS_OWN = ("web_search", "web_fetch")
"""What Grok does by itself wherever it makes sense: nothing to tell it."""
_CHOICES = ("auto", "any", "tool", "none")


def parse_tools(body: RequestBody) -> ToolUse | None:
    """None when no tool may be called. Raise InvalidRequestError."""
    choice = body.tool_choice or ToolChoiceBody("auto")
    if choice.type not in _CHOICES:
        raise InvalidRequestError(
            f"This must be one of {', '.join(_CHOICES)}.", param="tool_choice.type"
        )
    tools = each_once(_tools_of(body.tools or []))
    if choice.type == "none":
        return None
    only = _only(choice, tools, body.tools or [])
    if not tools:
        return None
    return ToolUse(
        tools,
        required=choice.type == "any" or bool(only),
        only=only,
        parallel=not choice.disable_parallel_tool_use,
    )


def _only(choice: ToolChoiceBody, tools: tuple[Tool, ...], bodies: list[ToolBody]) -> str:
    """The one tool that must be called. A tool of the server's is used as Grok sees fit."""
    if choice.type != "tool":
        return ""
    if any(tool.name == choice.name for tool in tools):
        return choice.name
    if any(body.name == choice.name for body in bodies):
        return ""
    raise InvalidRequestError(
        "The tool to be called is not among the tools.", param="tool_choice.name"
    )


def _tools_of(bodies: list[ToolBody]) -> Iterator[tuple[str, Tool]]:
    for index, body in enumerate(bodies):
        kind, param = body.type or "custom", f"tools[{index}]"
        if kind == "custom":
            yield param, _own_tool(body, param)
        elif (known := known_tool(kind, body.name)) is not None:
            yield param, known
        elif not kind.startswith(_GROKS_OWN):
            _log.debug("left out %s: Grok does not have it", param)


def _own_tool(body: ToolBody, param: str) -> Tool:
    name = checked_name(body.name, param)
    schema = schema_text(body.input_schema, f"{param}.input_schema")
    return Tool(name, body.description or "", schema)
