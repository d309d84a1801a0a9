"""Tools in words: what may be called and how, and the calls and results of the history."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape

import msgspec

from grokdesk.domain.chat import Message, Role
from grokdesk.domain.tools import Tool, ToolCall, ToolKind, ToolUse

_INTRODUCTION = """\
You can call the tools listed below. They run on the user's side: you write down a call, and its \
result comes back to you in a later turn."""

_FORM = """\
To call, end your answer with this block, in exactly this form, and write nothing after it:

<tool_calls>
<tool_call>
<tool_name>NAME</tool_name>
<parameters>{"key": "value"}</parameters>
</tool_call>
</tool_calls>

- NAME is one of the names listed above, letter for letter.
- <parameters> holds one valid JSON object that fits the schema of the tool, or {} when there is \
nothing to say. It is plain JSON: a line break in a string is \\n, and < > & stay as they are.
- No code fence around the block.
- Do not write the result of a call yourself, nor any further turn: stop after the block and wait \
for the results."""

_SEVERAL = "- Several calls at once are several <tool_call> elements in the one <tool_calls> block."
_ONE = "- One call only: never more than one <tool_call> in an answer."
_CUSTOM = """\
- A tool with "input": "text" takes free text in place of JSON, written as \
<parameters><![CDATA[the text]]></parameters>."""

_MAY = "When to call: when it helps with the request. Otherwise just answer, without the block."
_MUST = "When to call: now. This answer must contain a call of at least one of the tools."
_MUST_THIS = "When to call: now. This answer must contain a call of the tool {name}."


def written_out(messages: tuple[Message, ...], use: ToolUse | None) -> tuple[Message, ...]:
    """Messages of text alone, without `calls`; the tools of `use` stand in a SYSTEM turn."""
    names = {call.id: call.name for message in messages for call in message.calls}
    written = tuple(_written(message, names) for message in messages)
    if use is None or not use.tools:
        return written
    return (Message(Role.SYSTEM, manual(use)), *written)


def manual(use: ToolUse) -> str:
    """What the model is told of the tools: the same text for the same tools, always."""
    listed = "\n".join(map(_listed, use.tools))
    rules = [_FORM, _SEVERAL if use.parallel else _ONE]
    if any(tool.kind is ToolKind.CUSTOM for tool in use.tools):
        rules.append(_CUSTOM)
    return "\n\n".join(
        (_INTRODUCTION, f"<tools>\n{listed}\n</tools>", "\n".join(rules), when_to_call(use))
    )


def when_to_call(use: ToolUse) -> str:
    if use.only:
        return _MUST_THIS.format(name=use.only)
    return _MUST if use.required else _MAY


def block(calls: Sequence[ToolCall]) -> str:
    """Calls in the form that the model is asked for; our parser reads it back."""
    return "\n".join(_block_lines(calls))


def _block_lines(calls: Sequence[ToolCall]) -> Iterator[str]:
    yield "<tool_calls>"
    for call in calls:
        yield f'<tool_call id="{escape(call.id)}">' if call.id else "<tool_call>"
        yield f"<tool_name>{escape(call.name)}</tool_name>"
        yield f"<parameters>{_parameters(call)}</parameters>"
        yield "</tool_call>"
    yield "</tool_calls>"


def _parameters(call: ToolCall) -> str:
    if call.kind is ToolKind.CUSTOM:
        # The end of the section is the one thing that cannot stand in it.
        return f"<![CDATA[{call.arguments.replace(']]>', ']]]]><![CDATA[>')}]]>"
    return call.arguments.strip() or "{}"


def _listed(tool: Tool) -> str:
    line = f'{{"name":{_json(tool.name)}'
    if tool.description:
        line += f',"description":{_json(tool.description)}'
    if tool.kind is ToolKind.CUSTOM:
        line += ',"input":"text"'
    elif tool.parameters:
        line += f',"parameters":{tool.parameters}'
    return line + "}"


def _json(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _written(message: Message, names: dict[str, str]) -> Message:
    if message.calls:
        calls = block(message.calls)
        return replace(
            message, text=f"{message.text}\n\n{calls}" if message.text else calls, calls=()
        )
    if message.role is Role.TOOL:
        return replace(message, text=_result(message, names))
    return message


def _result(message: Message, names: dict[str, str]) -> str:
    name = message.name or names.get(message.call_id, "")
    text = message.text or "(nothing)"
    return f"{name} returned:\n{text}" if name else text
