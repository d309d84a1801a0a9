"""The REST reply stream: bytes in, chunks out."""

from typing import Any

import msgspec

from grokdesk.domain.errors import IncompleteReplyError, ProtocolChangedError
from grokdesk.upstream.web.wire.facts import GROK, Origins
from grokdesk.upstream.web.wire.framing import DONE, FrameSplitter, OpenLine
from grokdesk.upstream.web.wire.halves import Halves
from grokdesk.upstream.web.wire.lenient import (
    UNREADABLE,
    changed,
    list_of,
    object_of,
    parse_json,
    text_of,
)
from grokdesk.upstream.web.wire.refusals import classify, classify_inband, error_fields
from grokdesk.upstream.web.wire.reply import Part, Reply

FRAME_LIMIT = 8 * 1024 * 1024
_NOISE_LIMIT = 4096

_ANSWER_TAGS = ("final", "", None)
_TOOL_TAG = "tool_usage_card"
_TOOL_RESULT_TAG = "raw_function_result"


class _Response(msgspec.Struct, rename="camel", gc=False):
    """`result.response`, as far as it matters. Typed is what must not change unnoticed."""

    token: str | None = None
    is_thinking: bool | None = None
    message_tag: str | None = None
    is_soft_stop: bool | None = None
    response_id: Any = None
    rollout_id: Any = None
    message_step_id: Any = None
    error: Any = None
    tool_usage_card: Any = None
    web_search_results: Any = None
    x_search_results: Any = None
    cited_web_search_results: Any = None
    xposts: Any = None
    cited_xposts: Any = None
    card_attachment: Any = None
    card_attachments: Any = None
    streaming_image_generation_response: Any = None
    model_response: Any = None
    final_metadata: Any = None


class _Result(msgspec.Struct, gc=False):
    response: _Response | None = None
    conversation: Any = None


class _Frame(msgspec.Struct, gc=False):
    result: _Result | None = None
    error: Any = None


_decode = msgspec.json.Decoder(_Frame).decode


class RestDecoder:
    """Feed it the body as it comes; call `end` when it is over. Nothing follows once `done`.

    Not `delimited`: a broken connection looks like the end of the body, so that only upstream's
    own closing words prove that nothing is missing.
    """

    def __init__(self, origins: Origins = GROK, *, delimited: bool = True) -> None:
        self._splitter = FrameSplitter()
        self._reply = Reply(origins.asset_url)
        self._halves = Halves()
        self._delimited = delimited
        self._understood = False
        self._noise = b""
        self._text_ended = False
        self._snapshot_seen = False

    @property
    def done(self) -> bool:
        """The reply is complete or has failed; what else arrives does not matter."""
        return self._reply.over

    def feed(self, data: bytes) -> list[Part]:
        if not self.done:
            self._feed(data)
        return self._reply.take()

    def end(self) -> list[Part]:
        """The body is over. Whether that is a success depends on what has come."""
        if not self.done:
            self._end()
        return self._reply.take()

    def _feed(self, data: bytes) -> None:
        for payload in self._splitter.feed(data):
            self._take(payload)
            if self._reply.over:
                return
        if self._splitter.pending > FRAME_LIMIT:
            self._reply.fail(_too_large())

    def _end(self) -> None:
        last = self._splitter.end()
        is_whole = not last or self._take(last)
        if self.done:
            return
        if (not self._understood and (is_whole or not last.startswith(b"{"))) or (
            is_whole and (self._delimited or self._snapshot_seen)
        ):
            self._finish()
        else:
            self._reply.fail(IncompleteReplyError("grok.com cut the reply short. Try again."))

    def _take(self, payload: bytes) -> bool:
        """Handle one object, or several on one line; False when something is left over."""
        if len(payload) <= FRAME_LIMIT:
            try:
                self._frame(_decode(payload), payload)
            except msgspec.ValidationError:
                # What is JSON and no object is noise, as it would be behind an object on its line.
                if isinstance(parse_json(payload), dict):
                    self._reply.fail(changed("a reply", payload))
                    return True
            except UNREADABLE:
                mended = self._halves.mend(payload)
                if mended != payload:
                    return self._take(mended)
            else:
                return True
        return self._take_odd(payload)

    def _take_odd(self, payload: bytes) -> bool:
        if payload == DONE:
            self._finish()
            return True
        self._puzzled_by(payload)
        return self._take_several(payload)

    def _take_several(self, payload: bytes) -> bool:
        line = OpenLine(payload)
        for found in line.cut():
            if len(found) > FRAME_LIMIT:
                self._reply.fail(_too_large())
            elif found != payload:
                self._take(found)
            if self.done:
                return True
        return not line.rest.strip()

    def _puzzled_by(self, payload: bytes) -> None:
        """Keep what may explain a reply of which nothing was understood."""
        if not self._understood and len(self._noise) < _NOISE_LIMIT:
            self._noise += payload[:_NOISE_LIMIT] + b"\n"

    def _frame(self, frame: _Frame, payload: bytes) -> None:
        if frame.error:
            self._fail(frame.error)
            return
        result = frame.result
        if result is None:
            self._puzzled_by(payload)
            return
        self._understood = True
        if result.conversation is not None:
            self._reply.attached(text_of(object_of(result.conversation).get("conversationId")))
        if result.response is not None:
            self._response(result.response)

    def _response(self, response: _Response) -> None:
        if response.error:
            self._fail(response.error)
            return
        self._before_text(response)
        if response.token:
            self._token(response, response.token)
        self._after_text(response)

    def _before_text(self, response: _Response) -> None:
        """What the text of the same frame may refer to."""
        reply = self._reply
        if response.tool_usage_card is not None:
            reply.tool_card(response.tool_usage_card)
        if response.web_search_results is not None:
            reply.pages(response.web_search_results)
        if response.cited_web_search_results is not None:
            reply.pages(response.cited_web_search_results)
        if response.x_search_results is not None:
            reply.posts(response.x_search_results)
        if response.xposts is not None:
            reply.posts(response.xposts)
        if response.cited_xposts is not None:
            reply.posts(response.cited_xposts)
        if response.card_attachment is not None:
            self._card(response.card_attachment)
        if response.card_attachments is not None:
            self._cards(response.card_attachments)

    def _after_text(self, response: _Response) -> None:
        if response.streaming_image_generation_response is not None:
            self._reply.drawing(object_of(response.streaming_image_generation_response))
        if response.model_response is not None:
            self._snapshot(object_of(response.model_response))
        if response.is_soft_stop or response.final_metadata is not None:
            self._text_ended = True
        # Trailing frames come in any order: only with both of these nothing is missing.
        if self._text_ended and self._snapshot_seen and not self._reply.over:
            self._reply.finish()

    def _token(self, response: _Response, token: str) -> None:
        tag = response.message_tag
        if tag == _TOOL_TAG:
            if response.tool_usage_card is None:
                self._reply.tool_markup(token)
        elif response.is_thinking:
            if tag != _TOOL_RESULT_TAG:
                step = (tag, response.message_step_id)
                self._reply.think(token, text_of(response.rollout_id), step)
        elif tag in _ANSWER_TAGS:
            self._reply.answer(token)
            self._reply.answered_as(text_of(response.response_id))

    def _snapshot(self, snapshot: Any) -> None:
        """The reply as upstream keeps it: fills in what was not streamed."""
        self._snapshot_seen = True
        if errors := list_of(snapshot.get("streamErrors")):
            self._fail(errors[0])
            return
        reply = self._reply
        reply.answered_as(text_of(snapshot.get("responseId")))
        for name in ("webSearchResults", "citedWebSearchResults"):
            reply.pages(snapshot.get(name))
        for name in ("xposts", "citedXposts"):
            reply.posts(snapshot.get(name))
        for card in list_of(snapshot.get("cardAttachmentsJson")):
            reply.card(card)
        reply.complete(text_of(snapshot.get("message")))
        reply.drawn(snapshot.get("generatedImageUrls"))

    def _card(self, attachment: object) -> None:
        self._reply.card(object_of(attachment).get("jsonData"))

    def _cards(self, attachments: object) -> None:
        for attachment in list_of(attachments):
            self._card(attachment)

    def _fail(self, error: object) -> None:
        self._reply.fail(classify_inband(*error_fields(error)))

    def _finish(self) -> None:
        if self._noise and not self._understood:
            self._reply.fail(classify(200, {}, self._noise))
        else:
            self._reply.finish()


def _too_large() -> ProtocolChangedError:
    return ProtocolChangedError(
        "grok.com sent a frame of more than 8 MiB. Grokdesk accepts no such frame."
    )
