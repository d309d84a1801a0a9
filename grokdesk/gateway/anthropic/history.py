"""Anthropic's messages to ours: blocks of content become turns, in their order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from grokdesk.domain.attachment import Attachment
from grokdesk.domain.chat import Message, Role
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.tools import ToolCall
from grokdesk.gateway.anthropic.body import MessageBody
from grokdesk.gateway.anthropic.media import parse_document, parse_image
from grokdesk.gateway.jsontext import json_of
from grokdesk.gateway.parts import without_inline_data

_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}
_SKIPPED = frozenset(
    {
        "thinking",
        "redacted_thinking",
        "server_tool_use",
        "mcp_tool_use",
        "mcp_tool_listing",
        "tool_addition",
        "tool_removal",
        "fallback",
    }
)
"""Thinking, ours or another's, is not shown to Grok again; servers' tools are not Grok's."""
_BILLING = "x-anthropic-billing-header:"
_CONTINUE = (
    "The assistant's last turn is unfinished. Go on exactly where it ends, and do not repeat it."
)


def parse_system(system: str | list[Any] | None) -> tuple[Message, ...]:
    """One SYSTEM turn, or none."""
    turn = _Turn(Role.SYSTEM, {})
    turn.read(system, "system")
    return tuple(turn.messages())


def parse_messages(bodies: list[MessageBody]) -> tuple[Message, ...]:
    """Raise InvalidRequestError; `param` is like `messages[2].content[0]`."""
    if not bodies:
        raise InvalidRequestError("At least one message is needed.", param="messages")
    tool_names: dict[str, str] = {}
    messages = [
        message
        for index, body in enumerate(bodies)
        for message in _parse_message(body, f"messages[{index}]", tool_names)
    ]
    last = messages[-1]
    if last.role is Role.ASSISTANT and not last.calls:
        # The client began the answer itself.
        messages.append(Message(Role.SYSTEM, _CONTINUE))
    return tuple(messages)


def _parse_message(body: MessageBody, path: str, tool_names: dict[str, str]) -> Iterator[Message]:
    role = _ROLES.get(body.role)
    if role is None:
        raise InvalidRequestError(
            f"'{body.role[:40]}' is no role; use one of {', '.join(_ROLES)}.", param=f"{path}.role"
        )
    if role is Role.USER and type(body.content) is str:  # most of them
        yield Message(role, body.content)
        return
    turn = _Turn(role, tool_names)
    turn.read(body.content, f"{path}.content")
    yield from turn.messages() or [Message(role, "")]


@dataclass(slots=True)
class _Turn:
    """One message of theirs, which is several of ours where it holds results of tools."""

    role: Role
    tool_names: dict[str, str]
    _done: list[Message] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list)
    _calls: list[ToolCall] = field(default_factory=list)
    _attachments: list[Attachment] = field(default_factory=list)

    def messages(self) -> list[Message]:
        self._close()
        return self._done

    def read(self, content: object, path: str) -> None:
        match content:
            case None:
                pass
            case str():
                self._add_text(content)
            case list():
                for index, block in enumerate(content):
                    self._read_block(block, f"{path}[{index}]")
            case _:
                raise InvalidRequestError("Content is text or a list of blocks.", param=path)

    def _read_block(self, block: object, path: str) -> None:
        if isinstance(block, str):
            self._add_text(block)
        elif isinstance(block, dict):
            self._read_typed(block, path)
        else:
            raise _unknown(path)

    def _read_typed(self, block: Mapping[str, Any], path: str) -> None:
        match block:
            case {"type": "text", "text": str(text)} | {"type": "compaction", "content": str(text)}:
                self._add_text(text)
            case {"type": "image"}:
                self._attachments.append(parse_image(block, path))
            case {"type": "document"}:
                self._add_document(block, path)
            case {"type": "search_result"}:
                self._add_text(_search_result(block))
            case {"type": "tool_use", "id": str(id), "name": str(name)}:
                self._calls.append(ToolCall(id, name, _arguments(block.get("input"))))
                self.tool_names[id] = name
            case {"type": "tool_result", "tool_use_id": str(id)}:
                self._add_result(block, id, path)
            case {"type": str(kind)} if kind in _SKIPPED or kind.endswith("_tool_result"):
                pass
            case _ if self.role is Role.TOOL:
                self._add_text(json_of(block))
            case _:
                raise _unknown(path)

    def _add_text(self, text: str) -> None:
        if self.role is Role.SYSTEM and text.startswith(_BILLING):
            return  # Claude Code's note to Anthropic's accounting; it differs every time
        if text:
            self._texts.append(text)

    def _add_document(self, block: Mapping[str, Any], path: str) -> None:
        document = parse_document(block, path)
        if isinstance(document, Attachment):
            self._attachments.append(document)
            return
        title = block.get("title")
        named = f' title="{title}"' if isinstance(title, str) and title else ""
        inner = _Turn(self.role, self.tool_names)
        inner.read(document, f"{path}.source.content")
        self._texts.append(f"<document{named}>\n{inner.text}\n</document>")
        self._attachments += inner._attachments

    def _add_result(self, block: Mapping[str, Any], id: str, path: str) -> None:
        self._close()
        inner = _Turn(Role.TOOL, self.tool_names)
        inner.read(block.get("content"), f"{path}.content")
        text = inner.text
        if block.get("is_error"):
            text = f"Error: {text}" if text else "The tool failed."
        self._done.append(
            Message(
                Role.TOOL,
                text,
                name=self.tool_names.get(id, ""),
                call_id=id,
                attachments=tuple(inner._attachments),
            )
        )

    @property
    def text(self) -> str:
        text = "\n".join(self._texts)
        return without_inline_data(text) if self.role is Role.ASSISTANT else text

    def _close(self) -> None:
        """What was read so far is a message."""
        if not (self._texts or self._calls or self._attachments):
            return
        self._done.append(
            Message(
                self.role,
                self.text,
                calls=tuple(self._calls),
                attachments=tuple(self._attachments),
            )
        )
        self._texts, self._calls, self._attachments = [], [], []


def _unknown(path: str) -> InvalidRequestError:
    return InvalidRequestError("This is no block that Grokdesk knows.", param=path)


def _search_result(block: Mapping[str, Any]) -> str:
    content = block.get("content")
    lines = [block.get("title"), block.get("source")]
    if isinstance(content, list):
        lines += [each.get("text") for each in content if isinstance(each, dict)]
    return "\n".join(line for line in lines if isinstance(line, str) and line)


def _arguments(given: object) -> str:
    return json_of(given if isinstance(given, dict) else {"input": given} if given else {})
