"""Output items while they are being said: a message, thoughts, a search."""

import base64
from abc import ABC, abstractmethod
from typing import Any

from grokdesk.domain.chat import Citation, SearchSource, ToolActivity
from grokdesk.gateway.responses.events import Events, TextFrame

COMPLETED, INCOMPLETE, IN_PROGRESS = "completed", "incomplete", "in_progress"


class OpenItem(ABC):
    """Begins, grows and ends; between these, nothing else is said."""

    def __init__(self, events: Events, id: str, index: int) -> None:
        self.events = events
        self.id = id
        self.index = index

    @abstractmethod
    def whole(self, status: str) -> dict[str, Any]: ...

    @abstractmethod
    def begin(self) -> bytes: ...

    @abstractmethod
    def end(self, status: str) -> bytes: ...

    def event(self, kind: str, **fields: Any) -> bytes:
        place = {"item_id": self.id, "output_index": self.index}
        return self.events.render(kind, place | fields)

    def added(self, item: dict[str, Any]) -> bytes:
        return added(self.events, self.index, item)

    def done(self, status: str) -> bytes:
        return done(self.events, self.index, self.whole(status))


def added(events: Events, index: int, item: dict[str, Any]) -> bytes:
    return events.render("response.output_item.added", {"output_index": index, "item": item})


def done(events: Events, index: int, item: dict[str, Any]) -> bytes:
    return events.render("response.output_item.done", {"output_index": index, "item": item})


class MessageItem(OpenItem):
    """Offsets of citations are in code points."""

    def __init__(self, events: Events, id: str, index: int) -> None:
        super().__init__(events, id, index)
        self._texts: list[str] = []
        self._length = 0
        self._annotations: list[dict[str, Any]] = []
        place = {"item_id": id, "output_index": index, "content_index": 0, "logprobs": []}
        self._frame = TextFrame(events, "response.output_text.delta", place)

    def begin(self) -> bytes:
        item = self._item(IN_PROGRESS, [])
        part = {"type": "output_text", "annotations": [], "logprobs": [], "text": ""}
        return self.added(item) + self.event(
            "response.content_part.added", content_index=0, part=part
        )

    def add(self, text: str) -> bytes:
        self._texts.append(text)
        self._length += len(text)
        return self._frame.render(text)

    def cite(self, citation: Citation) -> bytes:
        """Its marker has just been said."""
        start = self._length - len(citation.marker)
        if start < 0:
            return b""
        annotation = {
            "type": "url_citation",
            "start_index": start,
            "end_index": self._length,
            "url": citation.url,
            "title": citation.title or citation.url,
        }
        self._annotations.append(annotation)
        return self.event(
            "response.output_text.annotation.added",
            content_index=0,
            annotation_index=len(self._annotations) - 1,
            annotation=annotation,
        )

    def end(self, status: str) -> bytes:
        part = self._part()
        return (
            self.event("response.output_text.done", content_index=0, text=part["text"], logprobs=[])
            + self.event("response.content_part.done", content_index=0, part=part)
            + self.done(status)
        )

    def whole(self, status: str) -> dict[str, Any]:
        return self._item(status, [self._part()])

    def _item(self, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": content,
        }

    def _part(self) -> dict[str, Any]:
        return {
            "type": "output_text",
            "annotations": self._annotations,
            "logprobs": [],
            "text": "".join(self._texts),
        }


class ReasoningItem(OpenItem):
    """`sealed`: a client that keeps the conversation itself gets a value to send back with it."""

    def __init__(self, events: Events, id: str, index: int, *, sealed: bool) -> None:
        super().__init__(events, id, index)
        self._sealed = sealed
        self._texts: list[str] = []
        place = {"item_id": id, "output_index": index, "summary_index": 0}
        self._frame = TextFrame(events, "response.reasoning_summary_text.delta", place)

    def begin(self) -> bytes:
        return self.added(self._item(IN_PROGRESS, [])) + self.event(
            "response.reasoning_summary_part.added",
            summary_index=0,
            part={"type": "summary_text", "text": ""},
        )

    def add(self, text: str) -> bytes:
        self._texts.append(text)
        return self._frame.render(text)

    def end(self, status: str) -> bytes:
        text = "".join(self._texts)
        part = {"type": "summary_text", "text": text}
        return (
            self.event("response.reasoning_summary_text.done", summary_index=0, text=text)
            + self.event("response.reasoning_summary_part.done", summary_index=0, part=part)
            + self.done(status)
        )

    def whole(self, status: str) -> dict[str, Any]:
        return self._item(status, [{"type": "summary_text", "text": "".join(self._texts)}])

    def _item(self, status: str, summary: list[dict[str, Any]]) -> dict[str, Any]:
        item = {"id": self.id, "type": "reasoning", "status": status, "summary": summary}
        if self._sealed:
            # Upstream takes no thoughts back, so there is nothing in there but whose it is.
            item["encrypted_content"] = base64.b64encode(b"grokdesk:" + self.id.encode()).decode()
        return item


class SearchItem(OpenItem):
    """One search of Grok's own, or a page that it opened."""

    def __init__(
        self, events: Events, id: str, index: int, activity: ToolActivity, *, with_sources: bool
    ) -> None:
        super().__init__(events, id, index)
        self._activity = activity
        self._sources: dict[str, None] = {}
        self._with_sources = with_sources

    def begin(self) -> bytes:
        return (
            self.added(self.whole(IN_PROGRESS))
            + self.event("response.web_search_call.in_progress")
            + self.event("response.web_search_call.searching")
        )

    def found(self, source: SearchSource) -> None:
        self._sources[source.url] = None

    def end(self, status: str) -> bytes:
        return self.event("response.web_search_call.completed") + self.done(status)

    def whole(self, status: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": "web_search_call",
            "status": status,
            "action": self._action(),
        }

    def _action(self) -> dict[str, Any]:
        detail = self._activity.detail
        if self._activity.name == "browse_page":
            return {"type": "open_page", "url": detail}
        action: dict[str, Any] = {"type": "search", "query": detail, "queries": [detail]}
        if self._with_sources:
            action["sources"] = [{"type": "url", "url": url} for url in self._sources]
        return action
