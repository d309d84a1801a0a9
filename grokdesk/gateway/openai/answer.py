"""A whole chat answer, for clients that do not stream."""

from collections.abc import Sequence
from typing import Any

from grokdesk.domain.chat import Chunk, Citation, Image, ReasoningDelta, SearchSource, TextDelta
from grokdesk.domain.tools import ToolCall
from grokdesk.domain.usage import TokenCount
from grokdesk.gateway.jsontext import json_object
from grokdesk.gateway.markdown import markdown_of
from grokdesk.gateway.openai.calls import older_call, whole_call
from grokdesk.gateway.openai.heading import (
    Heading,
    render_usage,
)
from grokdesk.gateway.openai.sources import Sources
from grokdesk.gateway.openai.style import END_THINK, PLAIN, THINK, AnswerStyle
from grokdesk.services.calls import ChatResult


class AnswerCollector:
    """One choice."""

    def __init__(self, style: AnswerStyle = PLAIN) -> None:
        self.sources = Sources()
        self._style = style
        self._text: list[str] = []
        self._length = 0
        self._reasoning: list[str] = []
        self._thinking = False
        self._calls: list[ToolCall] = []

    async def emit(self, chunk: Chunk) -> None:
        if type(chunk) is TextDelta and not self._thinking:  # nearly all of them
            text = chunk.text
            self._text.append(text)
            self._length += len(text)
            return
        match chunk:
            case TextDelta(text):
                self._add(text)
            case ReasoningDelta(text):
                self._think(text)
            case ToolCall():
                self._calls.append(chunk)
            case Citation():
                self.sources.cite(chunk, self._length)
            case SearchSource():
                self.sources.found(chunk)
            case Image():
                self._add(markdown_of(chunk))
            case _:
                pass

    def choice(self, index: int, result: ChatResult) -> dict[str, Any]:
        return {
            "index": index,
            "message": self._message(),
            "logprobs": None,
            "finish_reason": self._style.reason(result.reason),
        }

    def _message(self) -> dict[str, Any]:
        if self._thinking:
            self._add("")
        text = "".join(self._text)
        message: dict[str, Any] = {
            "role": "assistant",
            "content": text or (None if self._calls else ""),
            "refusal": None,
        }
        if self._reasoning:
            message["reasoning_content"] = "".join(self._reasoning)
        if self._calls and self._style.older_calls:
            message["function_call"] = older_call(self._calls[0])
        elif self._calls:
            message["tool_calls"] = [whole_call(call) for call in self._calls]
        return message | self.sources.of_message()

    def _add(self, text: str) -> None:
        if self._thinking:
            self._thinking = False
            text = END_THINK + text
        self._text.append(text)
        self._length += len(text)

    def _think(self, text: str) -> None:
        if not self._style.think_tags:
            self._reasoning.append(text)
            return
        if not self._thinking:
            text = THINK + text
        self._text.append(text)
        self._length += len(text)
        self._thinking = True


def render_answer(
    heading: Heading,
    collectors: Sequence[AnswerCollector],
    results: Sequence[ChatResult],
    tokens: TokenCount,
) -> bytes:
    """`tokens` are those of all choices together."""
    answer: dict[str, Any] = {
        "choices": [
            collector.choice(index, result)
            for index, (collector, result) in enumerate(zip(collectors, results, strict=True))
        ],
        "usage": render_usage(tokens),
    }
    cited = [url for collector in collectors for url in collector.sources.cited]
    if cited:
        answer["citations"] = list(dict.fromkeys(cited))
    return heading.opened("chat.completion") + json_object(answer)[1:]
