"""Chunks to the events of a message stream, put together from ready-made bytes around the text."""

import base64
from dataclasses import dataclass
from typing import Any

import msgspec

from grokdesk.domain.chat import Chunk, FinishReason, Image, ReasoningDelta, TextDelta
from grokdesk.domain.tools import ToolCall
from grokdesk.gateway.anthropic.errors import render_error_event
from grokdesk.gateway.jsontext import fragments, json_text
from grokdesk.gateway.markdown import markdown_of
from grokdesk.services.calls import ChatResult

PING = b'event: ping\ndata: {"type":"ping"}\n\n'

_REASONS = {
    FinishReason.STOP: "end_turn",
    FinishReason.LENGTH: "max_tokens",
    FinishReason.TOOL_CALLS: "tool_use",
    FinishReason.CONTENT_FILTER: "refusal",
}
_TEXT, _THINKING = "text", "thinking"
_END = b"}}\n\n"

_encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class Heading:
    """What an answer says about itself. `input_tokens` is our estimate of the question."""

    id: str
    model: str
    input_tokens: int

    @property
    def signature(self) -> str:
        """Of thinking. Clients send it back and must not understand it; nor need we."""
        return base64.b64encode(f"grokdesk:{self.id}".encode()).decode()


class MessageStreamRenderer:
    """One stream. A block is opened by its first piece and closed by what is of another kind."""

    __slots__ = ("_delta", "_heading", "_hides_thinking", "_index", "_open", "_thinks")

    def __init__(
        self, heading: Heading, *, thinks: bool = False, hides_thinking: bool = False
    ) -> None:
        self._heading = heading
        self._thinks = thinks
        self._hides_thinking = hides_thinking
        self._index = -1
        self._open = ""
        self._delta = b""
        """What stands before a piece of the open block."""

    render_error = staticmethod(render_error_event)

    def render(self, chunk: Chunk) -> bytes:
        """Nothing for a chunk that Anthropic's format has no place for."""
        kind = type(chunk)
        if kind is TextDelta:
            return self._piece(_TEXT, chunk.text)  # type: ignore[union-attr]
        match chunk:
            case ReasoningDelta(text) if self._thinks:
                return self._thought(text)
            case ToolCall():
                return self._call(chunk)
            case Image():
                return self._piece(_TEXT, markdown_of(chunk))
            case _:
                return b""

    def render_end(self, result: ChatResult) -> bytes:
        # An answer without a block would surprise those who take the first one.
        empty = self._opened(_TEXT, {"type": _TEXT, "text": ""}) if self._index < 0 else b""
        delta = {
            "type": "message_delta",
            "delta": ending(result),
            "usage": usage(self._heading, result),
        }
        return b"".join(
            (
                empty,
                self._closed(),
                _event("message_delta", _encode(delta)),
                b'event: message_stop\ndata: {"type":"message_stop"}\n\n',
            )
        )

    def _piece(self, kind: str, text: str) -> bytes:
        if not text:
            return b""
        if self._open == kind:
            return b"%b%b%b" % (self._delta, json_text(text), _END)
        start = self._opened(kind, {"type": kind, kind: ""} | self._unsigned(kind))
        return b"%b%b%b%b" % (start, self._delta, json_text(text), _END)

    def _thought(self, text: str) -> bytes:
        if not self._hides_thinking:
            return self._piece(_THINKING, text)
        if not text or self._open == _THINKING:
            return b""
        return self._opened(_THINKING, {"type": _THINKING, _THINKING: "", "signature": ""})

    def _unsigned(self, kind: str) -> dict[str, str]:
        return {"signature": ""} if kind == _THINKING else {}

    def _call(self, call: ToolCall) -> bytes:
        block = {"type": "tool_use", "id": call_id(call), "name": call.name, "input": {}}
        start = self._opened("tool_use", block)
        pieces = (
            b"%b%b%b" % (self._delta, json_text(piece), _END) for piece in fragments(call.arguments)
        )
        return b"%b%b%b" % (start, b"".join(pieces), self._closed())

    def _opened(self, kind: str, block: dict[str, Any]) -> bytes:
        before = self._closed() if self._index >= 0 else self._message_start()
        self._index += 1
        self._open = kind
        self._delta = _DELTAS[kind] % self._index
        event = {"type": "content_block_start", "index": self._index, "content_block": block}
        return before + _event("content_block_start", _encode(event))

    def _closed(self) -> bytes:
        kind, self._open = self._open, ""
        if not kind:
            return b""
        signed = b""
        if kind == _THINKING:
            signature = json_text(self._heading.signature)
            signed = _SIGNATURE % self._index + signature + _END
        return signed + _event(
            "content_block_stop", b'{"type":"content_block_stop","index":%d}' % self._index
        )

    def _message_start(self) -> bytes:
        message = opened_message(self._heading) | {
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage(self._heading),
        }
        return _event("message_start", _encode({"type": "message_start", "message": message}))


def opened_message(heading: Heading) -> dict[str, Any]:
    return {
        "id": heading.id,
        "type": "message",
        "role": "assistant",
        "model": heading.model,
    }


def ending(result: ChatResult) -> dict[str, Any]:
    if result.stop_text and result.reason is FinishReason.STOP:
        return {"stop_reason": "stop_sequence", "stop_sequence": result.stop_text}
    return {"stop_reason": _REASONS[result.reason], "stop_sequence": None}


def usage(heading: Heading, result: ChatResult | None = None) -> dict[str, Any]:
    """By estimate: upstream reports no counts. Nothing is ever cached."""
    return {
        "input_tokens": heading.input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": result.tokens.completion if result is not None else 0,
    }


def call_id(call: ToolCall) -> str:
    return f"toolu_{call.id.removeprefix('call_')}"


def _event(name: str, data: bytes) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)


def _delta_start(kind: str, field: str) -> bytes:
    """Up to the value of `field`; `%d` is the block's index."""
    return (
        b"event: content_block_delta\n"
        b'data: {"type":"content_block_delta","index":%%d,"delta":{"type":"%b","%b":'
        % (kind.encode(), field.encode())
    )


_DELTAS = {
    _TEXT: _delta_start("text_delta", "text"),
    _THINKING: _delta_start("thinking_delta", "thinking"),
    "tool_use": _delta_start("input_json_delta", "partial_json"),
}
_SIGNATURE = _delta_start("signature_delta", "signature")
