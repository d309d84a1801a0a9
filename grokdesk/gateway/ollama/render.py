"""Chunks to Ollama's lines of JSON, and to whole answers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from grokdesk.domain.chat import Chunk, FinishReason, Image, ReasoningDelta, TextDelta
from grokdesk.domain.tools import ToolCall
from grokdesk.gateway.jsontext import json_object, json_text, raw_json
from grokdesk.gateway.markdown import markdown_of
from grokdesk.gateway.ollama.errors import render_error_line
from grokdesk.services.calls import ChatResult

_encode = msgspec.json.encode
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Shape:
    """How one of the two APIs holds an answer, or a piece of it.

    `before_text` and `before_thinking` open what `behind` closes; `hold` takes the text and what
    stands beside it.
    """

    route: str
    before_text: bytes
    before_thinking: bytes
    behind: bytes
    hold: Callable[[str, dict[str, Any]], dict[str, Any]]


def _as_message(text: str, beside: dict[str, Any]) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": text, **beside}}


def _as_response(text: str, beside: dict[str, Any]) -> dict[str, Any]:
    return {"response": text, **beside}


CHAT = Shape(
    "ollama.chat",
    b'"message":{"role":"assistant","content":',
    b'"message":{"role":"assistant","content":"","thinking":',
    b"}",
    _as_message,
)
GENERATE = Shape("ollama.generate", b'"response":', b'"response":"","thinking":', b"", _as_response)


@dataclass(frozen=True, slots=True)
class Heading:
    """What every piece of one answer repeats. `created` is Unix time."""

    model: str
    created: float

    def fields(self) -> dict[str, Any]:
        created = datetime.fromtimestamp(self.created, UTC)
        return {"model": self.model, "created_at": created.isoformat().replace("+00:00", "Z")}


class LineRenderer:
    """One stream: a line for every chunk."""

    __slots__ = ("_after", "_head", "_shape", "_text_start", "_thinks")

    def __init__(self, heading: Heading, shape: Shape, *, thinks: bool) -> None:
        self._shape = shape
        self._thinks = thinks
        self._head = _encode(heading.fields())[:-1] + b","
        self._text_start = self._head + shape.before_text
        self._after = shape.behind + b',"done":false}\n'

    render_error = staticmethod(render_error_line)

    def render(self, chunk: Chunk) -> bytes:
        """Nothing for a chunk that Ollama's format has no place for."""
        if type(chunk) is TextDelta:  # nearly all of them
            return self._text(chunk.text)
        match chunk:
            case ReasoningDelta(text) if text and self._thinks:
                start = self._head + self._shape.before_thinking
                return b"%b%b%b" % (start, json_text(text), self._after)
            case ToolCall():
                held = self._shape.hold("", {"tool_calls": [_call(chunk)]})
                return b'%b%b,"done":false}\n' % (self._head, json_object(held)[1:-1])
            case Image():
                return self._text(markdown_of(chunk))
            case _:
                return b""

    def render_end(self, result: ChatResult) -> bytes:
        ending = _encode(_ending(result))[1:]
        return b'%b""%b,%b\n' % (self._text_start, self._shape.behind, ending)

    def _text(self, text: str) -> bytes:
        return b"%b%b%b" % (self._text_start, json_text(text), self._after) if text else b""


class LineCollector:
    """A whole answer, for clients that do not stream."""

    def __init__(self, *, thinks: bool) -> None:
        self._thinks = thinks
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._calls: list[dict[str, Any]] = []

    async def emit(self, chunk: Chunk) -> None:
        match chunk:
            case TextDelta(text):
                self._text.append(text)
            case ReasoningDelta(text) if self._thinks:
                self._thinking.append(text)
            case ToolCall():
                self._calls.append(_call(chunk))
            case Image():
                self._text.append(markdown_of(chunk))
            case _:
                pass

    def render(self, heading: Heading, shape: Shape, result: ChatResult) -> bytes:
        beside: dict[str, Any] = {}
        if self._thinking:
            beside["thinking"] = "".join(self._thinking)
        if self._calls:
            beside["tool_calls"] = self._calls
        held = shape.hold("".join(self._text), beside)
        return json_object(heading.fields() | held | _ending(result))


def render_loaded(heading: Heading, shape: Shape) -> bytes:
    """The answer to a call that asks nothing."""
    ending = {"done": True, "done_reason": "load"}
    return _encode(heading.fields() | shape.hold("", {}) | ending)


def _call(call: ToolCall) -> dict[str, Any]:
    arguments = raw_json(call.arguments)
    return {"id": call.id, "function": {"name": call.name, "arguments": arguments}}


def _ending(result: ChatResult) -> dict[str, Any]:
    """Times in nanoseconds; a call is an end like any other to Ollama."""
    total = int(result.total_s * _NS)
    first = int((result.first_chunk_s or 0.0) * _NS)
    return {
        "done": True,
        "done_reason": "length" if result.reason is FinishReason.LENGTH else "stop",
        "total_duration": total,
        "load_duration": 0,
        "prompt_eval_count": result.tokens.prompt,
        "prompt_eval_duration": first,
        "eval_count": result.tokens.completion,
        "eval_duration": total - first,
    }
