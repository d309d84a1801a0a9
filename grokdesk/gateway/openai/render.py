"""Chunks to OpenAI's JSON. Streams are put together from ready-made bytes around the text."""

from dataclasses import dataclass
from typing import Any

import msgspec

from grokdesk.domain.chat import (
    Chunk,
    Citation,
    Image,
    ReasoningDelta,
    TextDelta,
)
from grokdesk.domain.errors import GrokdeskError
from grokdesk.domain.usage import TokenCount
from grokdesk.gateway.errors import Verdict, render_error
from grokdesk.services.calls import ChatResult

DONE = b"data: [DONE]\n\n"

_encode = msgspec.json.encode
_CHUNK_END = b'},"finish_reason":null}]}\n\n'


@dataclass(frozen=True, slots=True)
class Heading:
    """What every piece of one answer repeats. `created` is Unix time."""

    id: str
    created: int
    model: str


class ChatStreamRenderer:
    """One stream: bytes for every chunk, then for the end."""

    __slots__ = ("_citations", "_fresh", "_head", "_with_usage")

    def __init__(self, heading: Heading, *, with_usage: bool = False) -> None:
        self._with_usage = with_usage
        self._head = b"data: %b" % _open_object("chat.completion.chunk", heading)
        self._fresh = True
        self._citations: dict[str, None] = {}

    def render(self, chunk: Chunk) -> bytes:
        """Nothing for a chunk that OpenAI's format has no place for."""
        kind = type(chunk)
        if kind is TextDelta:
            return self._delta(b'"content":', chunk.text)  # type: ignore[union-attr]
        if kind is ReasoningDelta:
            return self._delta(b'"reasoning_content":', chunk.text)  # type: ignore[union-attr]
        if isinstance(chunk, Image):
            return self._delta(b'"content":', _markdown(chunk))
        if isinstance(chunk, Citation):
            self._citations[chunk.url] = None
        return b""

    def render_end(self, result: ChatResult) -> bytes:
        start = self._delta(b'"content":', "", always=True) if self._fresh else b""
        sources = b',"citations":%b' % _encode(list(self._citations)) if self._citations else b""
        finish = b'%b"choices":[{"index":0,"delta":{},"finish_reason":%b}]%b}\n\n' % (
            self._head,
            _encode(result.reason.value),
            sources,
        )
        usage = b""
        if self._with_usage:
            usage = b'%b"choices":[],"usage":%b}\n\n' % (
                self._head,
                _encode(_usage(result.tokens)),
            )
        return start + finish + usage + DONE

    def render_error(self, error: GrokdeskError, verdict: Verdict, request_id: str) -> bytes:
        return b"data: %b\n\n" % render_error(error, verdict, request_id)

    def _delta(self, field: bytes, text: str, *, always: bool = False) -> bytes:
        if not text and not always:
            return b""
        role = b""
        if self._fresh:
            self._fresh = False
            role = b'"role":"assistant",'
        return b"".join(
            (
                self._head,
                b'"choices":[{"index":0,"delta":{',
                role,
                field,
                _text(text),
                _CHUNK_END,
            )
        )


class AnswerCollector:
    """A whole answer, for clients that do not stream."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._citations: dict[str, None] = {}

    async def emit(self, chunk: Chunk) -> None:
        if type(chunk) is TextDelta:  # nearly all of them
            self._text.append(chunk.text)
            return
        match chunk:
            case ReasoningDelta(text):
                self._reasoning.append(text)
            case Image():
                self._text.append(_markdown(chunk))
            case Citation(url=url):
                self._citations[url] = None
            case _:
                pass

    def render(self, heading: Heading, result: ChatResult) -> bytes:
        message: dict[str, str] = {"role": "assistant", "content": "".join(self._text)}
        if self._reasoning:
            message["reasoning_content"] = "".join(self._reasoning)
        answer: dict[str, Any] = {
            "choices": [{"index": 0, "message": message, "finish_reason": result.reason.value}],
            "usage": _usage(result.tokens),
        }
        if self._citations:
            answer["citations"] = list(self._citations)
        return _open_object("chat.completion", heading) + _encode_safely(answer)[1:]


def _open_object(kind: str, heading: Heading) -> bytes:
    """The fields that come first, ready for more: the object is not closed."""
    fields = {
        "id": heading.id,
        "object": kind,
        "created": heading.created,
        "model": heading.model,
    }
    return _encode(fields)[:-1] + b","


def _usage(tokens: TokenCount) -> dict[str, Any]:
    """`estimated` is ours: upstream reports no counts."""
    return {
        "prompt_tokens": tokens.prompt,
        "completion_tokens": tokens.completion,
        "total_tokens": tokens.total,
        "completion_tokens_details": {"reasoning_tokens": tokens.reasoning},
        "estimated": True,
    }


def _markdown(image: Image) -> str:
    return f"![image]({image.url})\n"


def _text(text: str) -> bytes:
    try:
        return _encode(text)
    except UnicodeEncodeError:
        return _encode(_mend(text))


def _encode_safely(answer: dict[str, Any]) -> bytes:
    try:
        return _encode(answer)
    except UnicodeEncodeError:
        message = answer["choices"][0]["message"]
        message.update({name: _mend(text) for name, text in message.items()})
        return _encode(answer)


def _mend(text: str) -> str:
    """Join halves of a character that came in two pieces, replace what is left alone."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
