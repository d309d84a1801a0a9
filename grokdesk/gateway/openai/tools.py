"""The tools of a chat body, and the choice among them, as a ToolUse."""

from collections.abc import Iterable, Iterator

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.tools import Tool, ToolKind, ToolUse
from grokdesk.gateway.openai.body import ChatBody, FunctionBody, ToolBody
from grokdesk.gateway.openai.tool_choice import HOSTED, parse_choice
from grokdesk.gateway.schemas import schema_text
from grokdesk.gateway.tools import ToolChoice, checked_name, each_once
from grokdesk.gateway.values import unsupported


def parse_tools(body: ChatBody) -> ToolUse | None:
    """None when no tool may be called. Raise InvalidRequestError."""
    if body.tools:
        return _use_of_tools(body)
    if body.functions:
        return _use_of_functions(body)
    if body.tool_choice is not None and parse_choice(body.tool_choice, "tool_choice").required:
        raise InvalidRequestError("There are no tools to be called.", param="tool_choice")
    return None


def _use_of_tools(body: ChatBody) -> ToolUse | None:
    choice = parse_choice(body.tool_choice, "tool_choice")
    if not choice.allowed:
        return None
    tools = each_once(_tools_of(body.tools or ()))
    return _use(tools, choice, "tool_choice", parallel=body.parallel_tool_calls is not False)


def _use_of_functions(body: ChatBody) -> ToolUse | None:
    choice = parse_choice(body.function_call, "function_call")
    if not choice.allowed:
        return None
    functions = each_once(
        (f"functions[{index}]", _function(function, f"functions[{index}]"))
        for index, function in enumerate(body.functions or ())
    )
    # An answer of this older form has room for one call.
    return _use(functions, choice, "function_call", parallel=False)


def _use(
    tools: tuple[Tool, ...], choice: ToolChoice, param: str, *, parallel: bool
) -> ToolUse | None:
    use = choice.use(tools, param, parallel=parallel)
    if use is None and choice.required:
        raise InvalidRequestError("There are no tools to be called.", param=param)
    return use


def _tools_of(bodies: Iterable[ToolBody]) -> Iterator[tuple[str, Tool]]:
    for index, body in enumerate(bodies):
        param = f"tools[{index}]"
        if body.type == "function":
            yield param, _function(_function_body(body, param), param)
        elif body.type == "custom":
            yield param, _custom(body, param)
        elif body.type not in HOSTED:
            raise unsupported(f"{param}.type", "Tools are of the type 'function' or 'custom'.")


def _function_body(body: ToolBody, param: str) -> FunctionBody:
    if body.function is not None:
        return body.function
    if body.name is None:
        raise InvalidRequestError("This tool has no function.", param=f"{param}.function")
    return FunctionBody(body.name, body.description, body.parameters)


def _function(body: FunctionBody, param: str) -> Tool:
    return Tool(
        checked_name(body.name, param),
        body.description or "",
        schema_text(body.parameters, f"{param}.parameters"),
    )


def _custom(body: ToolBody, param: str) -> Tool:
    custom = body.custom
    name, description = (
        (custom.name, custom.description) if custom is not None else (body.name, body.description)
    )
    if name is None:
        raise InvalidRequestError("This tool has no name.", param=f"{param}.custom")
    return Tool(checked_name(name, param), description or "", kind=ToolKind.CUSTOM)
