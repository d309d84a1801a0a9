"""Chunks to text completions, streamed and whole. There is no place for anything but the text."""

from collections.abc import Sequence
from typing import Any

from grokdesk.domain.chat import Chunk, Image, TextDelta
from grokdesk.domain.usage import TokenCount
from grokdesk.gateway.jsontext import json_object, json_text
from grokdesk.gateway.markdown import markdown_of
from grokdesk.gateway.openai.heading import (
    Heading,
    render_close,
    render_stream_error,
    render_usage,
)
from grokdesk.services.calls import ChatResult

_KIND = "text_completion"
_END = b',"logprobs":null,"finish_reason":null}]}\n\n'


class CompletionStreamRenderer:
    """One choice of a stream; `echo` is what its text begins with."""

    __slots__ = ("_choice", "_echo", "_head", "_with_usage")

    def __init__(
        self, heading: Heading, *, index: int = 0, echo: str = "", with_usage: bool = False
    ) -> None:
        self._with_usage = with_usage
        self._echo = echo
        self._head = b"data: %b" % heading.opened(_KIND)
        self._choice = b'%b"choices":[{"index":%d,"text":' % (self._head, index)

    render_error = staticmethod(render_stream_error)

    def render(self, chunk: Chunk) -> bytes:
        text = _text_of(chunk)
        if not text:
            return b""
        if self._echo:
            text, self._echo = self._echo + text, ""
        return b"%b%b%b" % (self._choice, json_text(text), _END)

    def render_finish(self, result: ChatResult) -> bytes:
        return b'%b%b,"logprobs":null,"finish_reason":"%b"}]}\n\n' % (
            self._choice,
            json_text(self._echo),
            result.reason.value.encode(),
        )

    def render_close(self, tokens: TokenCount) -> bytes:
        return render_close(self._head, tokens if self._with_usage else None)


class CompletionCollector:
    """One choice that is given whole."""

    def __init__(self, echo: str = "") -> None:
        self._text = [echo]

    async def emit(self, chunk: Chunk) -> None:
        self._text.append(_text_of(chunk))

    def choice(self, index: int, result: ChatResult) -> dict[str, Any]:
        return {
            "index": index,
            "text": "".join(self._text),
            "logprobs": None,
            "finish_reason": result.reason.value,
        }


def render_completion(
    heading: Heading,
    collectors: Sequence[CompletionCollector],
    results: Sequence[ChatResult],
    tokens: TokenCount,
) -> bytes:
    choices = [
        collector.choice(index, result)
        for index, (collector, result) in enumerate(zip(collectors, results, strict=True))
    ]
    fields = {"choices": choices, "usage": render_usage(tokens)}
    return heading.opened(_KIND) + json_object(fields)[1:]


def _text_of(chunk: Chunk) -> str:
    if isinstance(chunk, TextDelta):
        return chunk.text
    return markdown_of(chunk) if isinstance(chunk, Image) else ""
