"""Chunks to the events of a response and to its items: the same way, streamed or whole."""

from collections.abc import Callable, Iterable
from typing import Any

from grokdesk.domain.chat import (
    Chunk,
    Citation,
    FinishReason,
    Image,
    ReasoningDelta,
    SearchSource,
    TextDelta,
    ToolActivity,
)
from grokdesk.domain.errors import GrokdeskError
from grokdesk.domain.tools import ToolCall
from grokdesk.domain.usage import TokenCount
from grokdesk.gateway.errors import Verdict
from grokdesk.gateway.markdown import markdown_of
from grokdesk.gateway.responses.calls import render_call
from grokdesk.gateway.responses.events import Events
from grokdesk.gateway.responses.items import (
    COMPLETED,
    IN_PROGRESS,
    INCOMPLETE,
    MessageItem,
    OpenItem,
    ReasoningItem,
    SearchItem,
)
from grokdesk.gateway.responses.outline import Outline, render_failure
from grokdesk.services.calls import ChatResult
from grokdesk.services.response_record import Answer, ResponseState, merged

_SEARCHES = frozenset(
    {"web_search", "x_search", "x_keyword_search", "x_semantic_search", "browse_page"}
)
_CUT = {
    FinishReason.LENGTH: "max_output_tokens",
    FinishReason.CONTENT_FILTER: "content_filter",
}


class ResponseStreamRenderer:
    """One response: bytes for every chunk, then for the end. `said` is what it was made of."""

    __slots__ = (
        "_events",
        "_fresh",
        "_message",
        "_now",
        "_open",
        "_outline",
        "body",
        "ended_at",
        "items",
        "said",
    )

    def __init__(self, outline: Outline, now: Callable[[], float]) -> None:
        self.items: list[dict[str, Any]] = []
        """Those that are complete."""
        self.said: list[Chunk] = []
        self.body = b""
        """The whole response, once it has ended."""
        self.ended_at = 0.0
        self._outline = outline
        self._now = now
        self._events = Events()
        self._fresh = True
        self._open: OpenItem | None = None
        self._message: MessageItem | None = None

    def begin(self) -> bytes:
        """Only the first time."""
        if not self._fresh:
            return b""
        self._fresh = False
        body = self._outline.render(IN_PROGRESS)
        return self._state("response.created", body) + self._state("response.in_progress", body)

    def render(self, chunk: Chunk) -> bytes:
        self.said.append(chunk)
        if type(chunk) is TextDelta:  # nearly all of them
            message = self._message
            if message is not None and chunk.text:
                return message.add(chunk.text)
            return self._text(chunk.text)
        match chunk:
            case ReasoningDelta(text):
                return self._reasoning(text)
            case ToolCall():
                return self._call(chunk)
            case Citation():
                return self._message.cite(chunk) if self._message is not None else b""
            case ToolActivity():
                return self._search(chunk)
            case SearchSource():
                if isinstance(self._open, SearchItem):
                    self._open.found(chunk)
                return b""
            case Image():
                return self._text(markdown_of(chunk))
            case _:
                return b""

    def render_end(self, result: ChatResult) -> bytes:
        return self.render_finish(result.reason, result.tokens)

    def render_finish(self, reason: FinishReason, tokens: TokenCount) -> bytes:
        cut = _CUT.get(reason, "")
        status = INCOMPLETE if cut else COMPLETED
        data = self.begin()
        if not self.items and self._open is None and not cut:
            data += self._opened_message().begin()
        data += self._closed(status)
        self.ended_at = self._now()
        self.body = self._outline.render(
            status, self.items, tokens=tokens, incomplete=cut, completed_at=self.ended_at
        )
        return data + self._state(f"response.{status}", self.body)

    def render_error(self, error: GrokdeskError, _verdict: Verdict, _request_id: str) -> bytes:
        return self.render_failure(render_failure(type(error).__name__, str(error)))

    def render_failure(self, error: dict[str, str] | None, status: str = "failed") -> bytes:
        """What there is stays as it is; an item in the middle of its life is not ended."""
        begun = self.begin()
        output = self.items if self._open is None else [*self.items, self._open.whole(INCOMPLETE)]
        self.body = self._outline.render(status, output, error=error)
        return begun + self._state("response.failed", self.body)

    def _state(self, kind: str, body: bytes) -> bytes:
        return self._events.render_ready(kind, b'"response":%b}' % body)

    def _text(self, text: str) -> bytes:
        if not text:
            return b""
        if self._message is not None:
            return self._message.add(text)
        start = self.begin() + self._closed(COMPLETED)
        message = self._opened_message()
        return start + message.begin() + message.add(text)

    def _reasoning(self, text: str) -> bytes:
        if not text:
            return b""
        if isinstance(self._open, ReasoningItem):
            return self._open.add(text)
        start = self.begin() + self._closed(COMPLETED)
        item = ReasoningItem(
            self._events,
            *self._place("rs"),
            sealed=self._outline.seals_reasoning,
        )
        self._open = item
        return start + item.begin() + item.add(text)

    def _search(self, activity: ToolActivity) -> bytes:
        if not self._outline.shows_searches or activity.name not in _SEARCHES:
            return b""
        start = self.begin() + self._closed(COMPLETED)
        item = SearchItem(
            self._events,
            *self._place("ws"),
            activity,
            with_sources=self._outline.shows_sources,
        )
        self._open = item
        return start + item.begin()

    def _call(self, call: ToolCall) -> bytes:
        start = self.begin() + self._closed(COMPLETED)
        told, item = render_call(self._events, self._outline, len(self.items), call)
        self.items.append(item)
        return start + told

    def _opened_message(self) -> MessageItem:
        self._open = self._message = MessageItem(self._events, *self._place("msg"))
        return self._message

    def _place(self, prefix: str) -> tuple[str, int]:
        index = len(self.items)
        return self._outline.item_id(prefix, index), index

    def _closed(self, status: str) -> bytes:
        item = self._open
        if item is None:
            return b""
        self._open = self._message = None
        self.items.append(item.whole(status))
        return item.end(status)


def render_response(outline: Outline, state: ResponseState, answer: Answer) -> bytes:
    """The whole object, in whatever state it is."""
    if state is ResponseState.QUEUED:
        return outline.render("queued")
    if state is ResponseState.RUNNING:
        return outline.render(IN_PROGRESS)
    renderer = ResponseStreamRenderer(outline, lambda: answer.ended_at)
    _replay(renderer, merged(answer.chunks))
    render_last(renderer, state, answer)
    return renderer.body


def items_of(outline: Outline, chunks: Iterable[Chunk]) -> list[dict[str, Any]]:
    """The output items of an answer that is complete."""
    renderer = ResponseStreamRenderer(outline, lambda: 0.0)
    _replay(renderer, merged(chunks))
    renderer.render_finish(FinishReason.STOP, TokenCount(0, 0))
    return renderer.items


def render_last(renderer: ResponseStreamRenderer, state: ResponseState, answer: Answer) -> bytes:
    """The event that ends a response which is over."""
    if state is ResponseState.DONE:
        return renderer.render_finish(answer.reason, answer.tokens)
    if state is ResponseState.CANCELLED:
        return renderer.render_failure(None, "cancelled")
    return renderer.render_failure(render_failure(answer.error, answer.problem))


def _replay(renderer: ResponseStreamRenderer, chunks: Iterable[Chunk]) -> None:
    for chunk in chunks:
        renderer.render(chunk)
