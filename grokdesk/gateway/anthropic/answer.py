"""A whole message, for clients that do not stream."""

from typing import Any

from grokdesk.domain.chat import Chunk, Image, ReasoningDelta, TextDelta
from grokdesk.domain.tools import ToolCall
from grokdesk.gateway.anthropic.render import (
    Heading,
    call_id,
    ending,
    opened_message,
    usage,
)
from grokdesk.gateway.jsontext import json_object, raw_json
from grokdesk.gateway.markdown import markdown_of
from grokdesk.services.calls import ChatResult


class MessageCollector:
    """The blocks of an answer, in the order in which they came."""

    def __init__(self, *, thinks: bool = False, hides_thinking: bool = False) -> None:
        self._thinks = thinks
        self._hides_thinking = hides_thinking
        self._blocks: list[dict[str, Any]] = []
        self._pieces: list[str] = []
        """Of the last block, where that is one of text or of thinking."""

    async def emit(self, chunk: Chunk) -> None:
        match chunk:
            case TextDelta(text):
                self._add("text", text)
            case ReasoningDelta(text) if self._thinks:
                self._add("thinking", text)
            case Image():
                self._add("text", markdown_of(chunk))
            case ToolCall():
                self._close()
                self._blocks.append(_tool_use(chunk))
            case _:
                pass

    def render(self, heading: Heading, result: ChatResult) -> bytes:
        self._close()
        message = opened_message(heading) | {
            "content": self._blocks or [{"type": "text", "text": ""}],
            **ending(result),
            "usage": usage(heading, result),
        }
        for block in self._blocks:
            if block["type"] == "thinking":
                block["signature"] = heading.signature
                if self._hides_thinking:
                    block["thinking"] = ""
        return json_object(message)

    def _add(self, kind: str, text: str) -> None:
        if not text:
            return
        if not self._pieces or self._blocks[-1]["type"] != kind:
            self._close()
            self._blocks.append({"type": kind, kind: ""})
        self._pieces.append(text)

    def _close(self) -> None:
        if self._pieces:
            block = self._blocks[-1]
            block[block["type"]] = "".join(self._pieces)
            self._pieces = []


def _tool_use(call: ToolCall) -> dict[str, Any]:
    arguments = raw_json(call.arguments)
    return {"type": "tool_use", "id": call_id(call), "name": call.name, "input": arguments}
