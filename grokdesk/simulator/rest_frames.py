"""An answer as the JSON frames of the REST stream."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from grokdesk.simulator import rest_cards as cards
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
_ROLLOUT: Final = "Grok"
_FINAL_METADATA: Final[dict[str, object]] = {
    "followUpSuggestions": [],
    "feedbackLabels": [],
    "toolsUsed": {},
    "disclaimer": "",
}
_LLM_INFO: Final = {"modelHash": "simulated+model+hash=="}


class RestFrames:
    """Renders one turn; remembers what was said for the closing snapshot."""

    __slots__ = (
        "_cited",
        "_conversation_id",
        "_found",
        "_prompt",
        "_response_id",
        "_said",
        "_token_tail",
        "_user_id",
    )

    def __init__(
        self, prompt: str, *, conversation_id: str, user_id: str, response_id: str
    ) -> None:
        self._prompt = prompt
        self._conversation_id = conversation_id
        self._user_id = user_id
        self._response_id = response_id
        self._said: list[str] = []
        self._found: list[Page | Post] = []
        self._cited: set[str] = set()
        self._token_tail = (
            b',"isThinking":false,"isSoftStop":false,"messageTag":"final","responseId":"'
            + response_id.encode()
            + b'"}}}'
        )

    def conversation(self) -> bytes:
        now = _now()
        return _encode(
            {
                "result": {
                    "conversation": {
                        "conversationId": self._conversation_id,
                        "title": "New conversation",
                        "starred": False,
                        "createTime": now,
                        "modifyTime": now,
                        "temporary": True,
                        "mediaTypes": [],
                    }
                }
            }
        )

    def opening(self) -> Iterator[bytes]:
        yield self.conversation()
        user_response = {
            "responseId": self._user_id,
            "message": self._prompt,
            "sender": "human",
            "createTime": _now(),
            "parentResponseId": "",
            "manual": False,
            "partial": False,
            "fileAttachments": [],
            "imageAttachments": [],
        }
        yield self._response({"userResponse": user_response}, response_id=self._user_id)
        yield self._response({"llmInfo": _LLM_INFO})

    def step(self, step: Step) -> Iterator[bytes]:
        match step:
            case Say(text):
                yield self._token(text)
            case Think(text, tag, number):
                yield self._aside({"token": text, "messageTag": tag}, number)
            case Search():
                yield self._search(step)
            case Found():
                yield self._results(step)
            case Cite():
                self._cited.add(step.url)
                yield self._card(cards.citation_card(step))
                yield self._token(cards.citation_markup(step))
            case SearchedImage():
                yield self._card(cards.image_card(step))
                yield self._token(cards.image_markup(step))

    def closing(self) -> Iterator[bytes]:
        yield self._response({"token": "", "messageTag": "final"}, soft_stop=True)
        yield self._response({"finalMetadata": _FINAL_METADATA})
        yield self._response({"modelResponse": self._snapshot()})
        yield _encode({"result": {"title": {"newTitle": "Simulated conversation"}}})

    def fault(self, fault: Fault) -> bytes:
        if fault.nested:
            error = {"code": fault.code, "message": fault.message}
            return _encode({"result": {"response": {"error": error}}})
        return _encode({"error": {"code": fault.code, "message": fault.message, "details": []}})

    def _token(self, text: str) -> bytes:
        self._said.append(text)
        return b'{"result":{"response":{"token":' + _encode(text) + self._token_tail

    def _search(self, step: Search) -> bytes:
        fields = {
            "token": cards.search_markup(step),
            "messageTag": "tool_usage_card",
            "toolUsageCardId": step.call_id,
            "toolUsageCard": cards.search_card(step),
        }
        return self._aside(fields, step.step)

    def _results(self, step: Found) -> bytes:
        self._found += (*step.pages, *step.posts)
        fields: dict[str, Any] = {
            "toolUsageCardId": step.call_id,
            "messageTag": "raw_function_result",
        }
        if step.pages:
            fields["webSearchResults"] = {"results": [cards.page(page) for page in step.pages]}
        if step.posts:
            fields["xSearchResults"] = {"results": [cards.post(post) for post in step.posts]}
        return self._aside(fields, step.step)

    def _card(self, card: dict[str, Any]) -> bytes:
        return self._response({"cardAttachment": {"jsonData": _encode(card).decode()}})

    def _aside(self, fields: dict[str, Any], step: int) -> bytes:
        marks = {"rolloutId": _ROLLOUT, "messageStepId": step}
        return self._response(fields | marks, thinking=True)

    def _response(
        self,
        fields: dict[str, Any],
        *,
        thinking: bool = False,
        soft_stop: bool = False,
        response_id: str | None = None,
    ) -> bytes:
        marks = {
            "isThinking": thinking,
            "isSoftStop": soft_stop,
            "responseId": response_id or self._response_id,
        }
        return _encode({"result": {"response": fields | marks}})

    def _snapshot(self) -> dict[str, Any]:
        pages = [found for found in self._found if isinstance(found, Page)]
        posts = [found for found in self._found if isinstance(found, Post)]
        snapshot: dict[str, Any] = {
            "responseId": self._response_id,
            "message": "".join(self._said),
            "sender": "ASSISTANT",
            "createTime": _now(),
            "parentResponseId": self._user_id,
            "manual": False,
            "partial": False,
            "webSearchResults": [cards.page(page) for page in pages],
            "xposts": [cards.post(post) for post in posts],
            "generatedImageUrls": [],
            "imageAttachments": [],
            "fileAttachments": [],
            "cardAttachmentsJson": [],
            "streamErrors": [],
            "steps": [],
            "metadata": {"llm_info": _LLM_INFO},
        }
        if self._cited:
            snapshot["citedWebSearchResults"] = [
                cards.page(p) for p in pages if p.url in self._cited
            ]
            snapshot["citedXposts"] = [cards.post(p) for p in posts if p.url in self._cited]
        return snapshot


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
