"""Chunks to the events of a chat stream, put together from ready-made bytes around the text."""

from collections.abc import Iterable
from typing import Any

import msgspec

from grokdesk.domain.chat import Chunk, Citation, Image, ReasoningDelta, SearchSource, TextDelta
from grokdesk.domain.tools import ToolCall
from grokdesk.domain.usage import TokenCount
from grokdesk.gateway.jsontext import json_object, json_text
from grokdesk.gateway.markdown import markdown_of
from grokdesk.gateway.openai.calls import call_deltas, older_call_deltas
from grokdesk.gateway.openai.heading import (
    Heading,
    render_close,
    render_stream_error,
)
from grokdesk.gateway.openai.sources import Sources
from grokdesk.gateway.openai.style import END_THINK, PLAIN, THINK, AnswerStyle
from grokdesk.services.calls import ChatResult

_encode = msgspec.json.encode
_END = b'},"finish_reason":null}]}\n\n'


class ChatStreamRenderer:
    """One choice of a stream: bytes for every chunk, then for the end."""

    __slots__ = (
        "_calls",
        "_choice",
        "_flows",
        "_fresh",
        "_head",
        "_length",
        "_sources",
        "_style",
        "_text_start",
        "_thinking",
        "_with_usage",
    )

    def __init__(
        self,
        heading: Heading,
        *,
        index: int = 0,
        with_usage: bool = False,
        style: AnswerStyle = PLAIN,
    ) -> None:
        self._style = style
        self._with_usage = with_usage
        self._head = b"data: %b" % heading.opened("chat.completion.chunk")
        self._choice = b'%b"choices":[{"index":%d,"delta":{' % (self._head, index)
        self._text_start = self._choice + b'"content":'
        self._fresh = True
        self._flows = False
        self._thinking = False
        self._length = 0
        self._calls = 0
        self._sources = Sources()

    render_error = staticmethod(render_stream_error)

    def render(self, chunk: Chunk) -> bytes:
        """Nothing for a chunk that OpenAI's format has no place for."""
        kind = type(chunk)
        if kind is TextDelta:
            return self._content(chunk.text)  # type: ignore[union-attr]
        if kind is ReasoningDelta:
            return self._reasoning(chunk.text)  # type: ignore[union-attr]
        match chunk:
            case ToolCall():
                return self._call(chunk)
            case Citation():
                self._sources.cite(chunk, self._length)
            case SearchSource():
                self._sources.found(chunk)
            case Image():
                return self._content(markdown_of(chunk))
            case _:
                pass
        return b""

    def render_finish(self, result: ChatResult) -> bytes:
        """The last event of this choice; others may still be under way."""
        data = self._closed_thinking()
        if self._fresh:
            data += self._delta(b'"content":""')
        cited = self._sources.cited
        return b'%b%b%b},"finish_reason":"%b"}]%b}\n\n' % (
            data,
            self._choice,
            json_object(self._sources.of_message())[1:-1],
            self._style.reason(result.reason).encode(),
            b',"citations":%b' % _encode(list(cited)) if cited else b"",
        )

    def render_end(self, result: ChatResult) -> bytes:
        return self.render_finish(result) + self.render_close(result.tokens)

    def render_close(self, tokens: TokenCount) -> bytes:
        """What follows when all choices are finished."""
        return render_close(self._head, tokens if self._with_usage else None)

    def _content(self, text: str) -> bytes:
        if not text:
            return b""
        if not self._flows:
            return self._first_content(text)
        self._length += len(text)
        return b"%b%b%b" % (self._text_start, json_text(text), _END)

    def _first_content(self, text: str) -> bytes:
        self._flows = True
        if self._thinking:
            self._thinking = False
            text = END_THINK + text
        self._length += len(text)
        return self._delta(b'"content":' + json_text(text))

    def _reasoning(self, text: str) -> bytes:
        if not text:
            return b""
        if not self._style.think_tags:
            return self._delta(b'"reasoning_content":' + json_text(text))
        if not self._thinking:
            self._thinking = True
            self._flows = False
            text = THINK + text
        self._length += len(text)
        return self._delta(b'"content":' + json_text(text))

    def _closed_thinking(self) -> bytes:
        return self._first_content("") if self._thinking else b""

    def _call(self, call: ToolCall) -> bytes:
        number, self._calls = self._calls, self._calls + 1
        if not self._style.older_calls:
            return self._deltas(call_deltas(call, number))
        # The older form has room for one.
        return self._deltas(older_call_deltas(call)) if number == 0 else b""

    def _deltas(self, deltas: Iterable[dict[str, Any]]) -> bytes:
        data = self._closed_thinking()
        if self._fresh:
            data += self._delta(b'"content":null')
        return data + b"".join(self._delta(json_object(delta)[1:-1]) for delta in deltas)

    def _delta(self, fields: bytes) -> bytes:
        role = b""
        if self._fresh:
            self._fresh = False
            role = b'"role":"assistant",'
        return b"".join((self._choice, role, fields, _END))
