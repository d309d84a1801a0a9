"""An answer as the server frames of the chat socket."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from grokdesk.simulator.answer import (
    Cite,
    Fault,
    Found,
    Page,
    Post,
    Say,
    Search,
    SearchedImage,
    Step,
    Think,
)

_encode: Final = msgspec.json.encode
_ANSWER_TAIL: Final = b',"channel":"CHANNEL_ASSISTANT_RESPONSE"}}}}'
_ANALYSIS_TAIL: Final = b',"channel":"CHANNEL_ANALYSIS"}}}}'
_TOOL_KEYS: Final = {"web_search": "web_search", "x_keyword_search": "x_search"}


class MgwFrames:
    """Renders the frames of one session, each ready to be written to the socket."""

    __slots__ = ("_answer_head", "_head", "session_id")

    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        self._head = b'{"session_id":' + _encode(session_id) + b',"event":'
        self._answer_head = self._head + b'{"type":"response.chunk","chunk":{"text":{"text":'

    def created(self, client_event_id: str) -> bytes:
        return self._event({"type": "session.created", "client_event_id": client_event_id})

    def attached(self) -> bytes:
        conversation = {"id": self.session_id}
        return self._event({"type": "conversation.attached", "conversation": conversation})

    def step(self, step: Step) -> Iterator[bytes]:
        match step:
            case Say(text):
                yield text_frame(self._answer_head + _encode(text) + _ANSWER_TAIL)
            case Think(text):
                yield text_frame(self._answer_head + _encode(text) + _ANALYSIS_TAIL)
            case Search():
                yield self._chunk({"tool_usage_card": _tool_card(step)})
            case Found():
                yield self._chunk({"tool_result": _tool_result(step)})
            case Cite():
                result = {"url": step.url, "title": step.title}
                yield self._event({"type": "response.search.result", "result": result})
                yield self._chunk({"render_citation": _citation(step)})
            case SearchedImage():
                pass  # the protocol text knows no such chunk

    def done(self, response_id: str, status: str = "completed") -> bytes:
        response = {"id": response_id, "status": status}
        return self._event({"type": "response.done", "response": response})

    def fault(self, fault: Fault) -> bytes:
        error = {"code": fault.word or fault.code, "message": fault.message}
        if fault.nested:
            return self._event({"type": "response.grok.output", "output": {"stream_error": error}})
        return self._event({"type": "error", "error": error})

    def ended(self) -> bytes:
        return self._event({"type": "session.ended", "reason": "idle"})

    def _chunk(self, chunk: dict[str, Any]) -> bytes:
        return self._event({"type": "response.chunk", "chunk": chunk})

    def _event(self, event: dict[str, Any]) -> bytes:
        return text_frame(self._head + _encode(event) + b"}")


def text_frame(payload: bytes) -> bytes:
    """A whole unmasked text message of RFC 6455, so that many go out in one write."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def _tool_card(step: Search) -> dict[str, Any]:
    return {
        "tool_usage_card_id": step.call_id,
        _TOOL_KEYS[step.tool]: {"args": {"query": step.query}},
    }


def _tool_result(step: Found) -> dict[str, Any]:
    result: dict[str, Any] = {"tool_call_id": step.call_id}
    if step.pages:
        result["web_search"] = {"webpages": [_page(page) for page in step.pages]}
    if step.posts:
        result["x_post"] = {"posts": [_post(post) for post in step.posts]}
    return result


def _citation(step: Cite) -> dict[str, Any]:
    return {
        "id": step.card_id,
        "kind": "CITATION_KIND_X_POST" if step.of_post else "CITATION_KIND_WEB_PAGE",
        "url": step.url,
        "citation_id": str(step.number),
    }


def _page(page: Page) -> dict[str, Any]:
    return {"url": page.url, "title": page.title, "snippet": page.preview}


def _post(post: Post) -> dict[str, Any]:
    return {
        "userhandle": post.username,
        "name": post.name,
        "text": post.text,
        "post_id": post.post_id,
    }


GARBAGE: Final = text_frame(b"<<< not a frame { ]]>")
