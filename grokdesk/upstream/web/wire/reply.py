"""One reply in the making: what REST and the socket mean, turned into chunks by the same rules."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from grokdesk.domain.chat import (
    Chunk,
    ConversationRef,
    Finish,
    Image,
    ImageProgress,
    ReasoningDelta,
    TextDelta,
)
from grokdesk.domain.errors import (
    ContentRefusedError,
    IncompleteReplyError,
    ProtocolChangedError,
    UpstreamError,
)
from grokdesk.upstream.web.wire.cards import CITATION, SEARCHED_IMAGE, Card, card_of
from grokdesk.upstream.web.wire.citations import TRACKED, Citations, posts, web_pages
from grokdesk.upstream.web.wire.excerpts import excerpt
from grokdesk.upstream.web.wire.lenient import list_of, text_of
from grokdesk.upstream.web.wire.markup import MarkupFilter, Piece, Render
from grokdesk.upstream.web.wire.pictures import Pictures
from grokdesk.upstream.web.wire.thinking import Thinking
from grokdesk.upstream.web.wire.tools import Tools

Part: TypeAlias = Chunk | UpstreamError


class Reply:
    """Collects parts; `take` hands them out. After `finish` or `fail` there are no more."""

    def __init__(self, asset_url: Callable[[str], str | None]) -> None:
        self.over = False
        self._parts: list[Part] = []
        self._ref = ConversationRef()
        self._streamed = bytearray()  # UTF-8; a list of pieces needs 60 bytes more for each
        self._markup = MarkupFilter()
        self._line_ends = ""  # held back: a citation takes their place
        self._last_cited = ""
        self._produced = False
        self._cards: dict[str, Card] = {}
        self._citations = Citations()
        self._thinking = Thinking()
        self._tools = Tools()
        self._pictures = Pictures(asset_url)

    @property
    def answering(self) -> bool:
        """A piece of the answer has arrived."""
        return bool(self._streamed)

    def take(self) -> list[Part]:
        parts, self._parts = self._parts, []
        return parts

    def attached(self, conversation_id: str) -> None:
        if conversation_id and conversation_id != self._ref.conversation_id:
            self._ref = ConversationRef(conversation_id)
            self._parts.append(self._ref)

    def answered_as(self, response_id: str) -> None:
        """The response got its id: what a continuation has to name as its parent."""
        if response_id and response_id != self._ref.response_id:
            self._ref = ConversationRef(self._ref.conversation_id, response_id)

    def answer(self, text: str) -> None:
        if not text:
            return
        self._streamed += text.encode("utf-8", "surrogatepass")
        if "<" in text or text[-1] == "\n" or self._line_ends or self._markup.holding:
            self._show(self._markup.feed(text))
        else:
            self._emit(text)

    def complete(self, message: str) -> None:
        """The whole text as upstream keeps it: add what was not streamed, never take back."""
        whole = message.encode("utf-8", "surrogatepass")
        if whole.startswith(self._streamed):
            self.answer(whole[len(self._streamed) :].decode("utf-8", "surrogatepass"))

    def think(self, text: str, agent: str = "", step: object = None) -> None:
        """Dropped once the answer has begun: nobody shows thoughts in the midst of an answer."""
        if text and not self.answering:
            self._parts.append(ReasoningDelta(self._thinking.add(text, agent, step)))

    def tool_card(self, card: object) -> None:
        self._append(self._tools.from_card(card))

    def tool_markup(self, text: str) -> None:
        self._append(self._tools.from_markup(text))

    def pages(self, listed: object) -> None:
        self._sources(web_pages(listed))

    def posts(self, listed: object) -> None:
        self._sources(posts(listed))

    def card(self, json_data: object) -> None:
        card = card_of(json_data)
        if card.drawing:
            self.drawing(card.drawing)
        if card.id and len(self._cards) < TRACKED:
            self._cards[card.id] = card

    def drawing(self, state: Mapping[str, Any]) -> None:
        self._picture(self._pictures.observe(state))

    def drawn(self, urls: object) -> None:
        """The final list of addresses."""
        for url in list_of(urls):
            self._picture(self._pictures.listed(text_of(url)))

    def cite(self, url: str) -> None:
        """A citation at the current place; a second one in a row for the same page is dropped."""
        citation = self._citations.cite(url)
        if citation is None:
            return
        self._line_ends = ""
        if citation.url != self._last_cited:
            self._text(f" {citation.marker}")
            self._append(citation)
            self._last_cited = citation.url

    def fail(self, error: UpstreamError) -> None:
        self._parts.append(error)
        self.over = True

    def finish(self) -> None:
        """Upstream is done; a reply without text and picture is an error all the same."""
        self._show(self._markup.flush())
        if not self._produced:
            self.fail(self._nothing())
            return
        self._text("", hold=False)
        if self._ref.response_id:
            self._parts.append(self._ref)
        self._parts.append(Finish())
        self.over = True

    def _show(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            if isinstance(piece, str):
                self._text(piece)
            else:
                self._render(piece)

    def _text(self, text: str, *, hold: bool = True) -> None:
        whole = self._line_ends + text
        shown = whole.rstrip("\n") if hold else whole
        self._line_ends = whole[len(shown) :]
        if shown:
            self._emit(shown)

    def _emit(self, text: str) -> None:
        self._parts.append(TextDelta(text))
        if not text.isspace():
            self._produced = True
            self._last_cited = ""

    def _render(self, place: Render) -> None:
        card = self._cards.get(place.card_id)
        if card is None:
            return
        kind = place.kind or card.kind
        if kind == CITATION:
            self.cite(card.url)
        elif kind == SEARCHED_IMAGE:
            self._text(card.searched_image())

    def _sources(self, found: Iterable[tuple[str, str]]) -> None:
        for url, title in found:
            self._append(self._citations.read(url, title))

    def _picture(self, picture: ImageProgress | Image | None) -> None:
        self._append(picture)
        self._produced = self._produced or isinstance(picture, Image)

    def _append(self, chunk: Chunk | None) -> None:
        if chunk is not None:
            self._parts.append(chunk)

    def _nothing(self) -> UpstreamError:
        if self._pictures.withheld:
            return ContentRefusedError(
                "grok.com withheld the picture because of its content rules. Change the prompt."
            )
        if self._pictures.foreign:
            return ProtocolChangedError(
                "grok.com keeps its pictures at a place that Grokdesk does not know. "
                "Look for an update.",
                excerpt=excerpt(self._pictures.foreign),
            )
        return IncompleteReplyError("grok.com ended the reply without an answer. Try again.")
