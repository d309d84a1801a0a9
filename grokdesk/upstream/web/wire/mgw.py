"""One turn on the chat socket: frames in, chunks and frames to send out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from grokdesk.domain.chat import ConversationRef
from grokdesk.domain.errors import IncompleteReplyError, ProtocolChangedError
from grokdesk.domain.quota import Mode
from grokdesk.upstream.web.wire import mgw_frames
from grokdesk.upstream.web.wire.excerpts import excerpt
from grokdesk.upstream.web.wire.facts import GROK, Origins
from grokdesk.upstream.web.wire.halves import Halves
from grokdesk.upstream.web.wire.lenient import UNREADABLE, changed, object_of, parse_json, text_of
from grokdesk.upstream.web.wire.refusals import classify_inband, error_fields
from grokdesk.upstream.web.wire.reply import Part, Reply

FRAME_LIMIT = 16 * 1024 * 1024
HEARTBEAT_S = 25.0

_CREATED = "session.created"
_ANSWER_CHANNELS = ("CHANNEL_ASSISTANT_RESPONSE", "", None)
_THINKING_CHANNELS = ("ANALYSIS", "REASONING")  # parts of their names


class Step(NamedTuple):
    """What a frame led to. After `done` the socket is to be closed."""

    chunks: list[Part]
    send: list[str]
    done: bool


class _Text(msgspec.Struct, gc=False):
    text: str = ""
    channel: str | None = None


class _Chunk(msgspec.Struct, gc=False):
    text: _Text | None = None
    tool_usage_card: Any = None
    tool_result: Any = None
    render_citation: Any = None


class _Event(msgspec.Struct, gc=False):
    """The fields of all events together; `type` says which ones are there."""

    type: str = ""
    chunk: _Chunk | None = None
    delta: Any = None
    text: Any = None
    client_event_id: Any = None
    conversation: Any = None
    result: Any = None
    output: Any = None
    response: Any = None
    error: Any = None


class _Envelope(msgspec.Struct, gc=False):
    event: _Event | None = None
    session_id: Any = None


_decode = msgspec.json.Decoder(_Envelope).decode


class MgwTurn:
    """Send `start()`, hand every frame to `receive`, and say so when the socket is `closed`."""

    def __init__(
        self,
        mode: Mode,
        prompt: str,
        *,
        new_id: Callable[[], str],
        now_ms: Callable[[], int],
        file_ids: Sequence[str] = (),
        resume: ConversationRef | None = None,
        origins: Origins = GROK,
    ) -> None:
        self._mode = mode
        self._prompt = prompt
        self._new_id = new_id
        self._now_ms = now_ms
        self._file_ids = tuple(file_ids)
        self._resume = resume
        self._halves = Halves()
        self._reply = Reply(origins.asset_url)
        self._session_id = resume.conversation_id if resume else ""
        self._attached_id = ""
        self._event_id = f"evt_init_{new_id()}"
        self._created = False
        self._asked = False
        self._outbox: list[str] = []
        self._handlers: dict[str, Callable[[_Event], None]] = {
            "response.chunk": self._on_chunk,
            "response.output_text.delta": self._on_delta,
            "response.output_text.done": self._on_text_done,
            "response.search.result": self._on_search_result,
            "response.grok.output": self._on_output,
            "response.done": self._on_done,
            "conversation.attached": self._on_attached,
            "session.ended": self._on_ended,
            "error": self._on_error,
        }

    @property
    def done(self) -> bool:
        return self._reply.over

    def start(self) -> str:
        return mgw_frames.session_create(self._mode, self._event_id, self._resume)

    def heartbeat(self) -> str:
        """To be sent every HEARTBEAT_S while waiting."""
        return mgw_frames.ping(self._now_ms())

    def receive(self, frame: str | bytes) -> Step:
        reply = self._reply
        if not reply.over:
            self._receive(frame)
        send, self._outbox = self._outbox, []
        return Step(reply.take(), send, reply.over)

    def closed(self) -> list[Part]:
        """The socket has ended: an error, unless the reply was complete."""
        if not self.done:
            self._reply.fail(_cut_short())
        return self._reply.take()

    def _receive(self, frame: str | bytes) -> None:
        if len(frame) > FRAME_LIMIT:
            self._reply.fail(
                ProtocolChangedError(
                    "grok.com sent a frame of more than 16 MiB. Grokdesk accepts no such frame."
                )
            )
            return
        try:
            envelope = _decode(frame)
        except UNREADABLE:
            raw = frame.encode("utf-8", "replace") if isinstance(frame, str) else frame
            mended = self._halves.mend(raw)
            try:
                envelope = _decode(mended)
            except UNREADABLE:
                if not self._is_of_no_concern(mended):
                    self._reply.fail(changed("a message on the chat socket", mended))
                return
        event = envelope.event
        if event is None:
            return
        if event.type == _CREATED:
            self._on_created(event, text_of(envelope.session_id))
        elif handle := self._handlers.get(event.type):
            handle(event)

    def _is_of_no_concern(self, frame: str | bytes) -> bool:
        """An event that we do not handle may look like anything."""
        kind = object_of(object_of(parse_json(frame)).get("event")).get("type")
        return isinstance(kind, str) and kind != _CREATED and kind not in self._handlers

    def _on_created(self, event: _Event, session_id: str) -> None:
        if event.client_event_id in (None, "", self._event_id):
            self._created = True
            self._session_id = self._session_id or session_id
            self._ask()

    def _on_attached(self, event: _Event) -> None:
        self._attached_id = text_of(object_of(event.conversation).get("id"))
        self._ask()

    def _ask(self) -> None:
        """Both confirmations are there, in whichever order: the question may go out."""
        if self._asked or not (self._created and self._attached_id):
            return
        session_id = self._session_id or self._attached_id
        if session_id != self._attached_id:
            self._reply.fail(
                ProtocolChangedError(
                    "grok.com attached another conversation than the one asked for. Try again.",
                    excerpt=excerpt(self._attached_id),
                )
            )
            return
        self._asked = True
        self._reply.attached(session_id)
        at_ms = self._now_ms()
        question = mgw_frames.item_create(
            session_id,
            self._prompt,
            at_ms=at_ms,
            message_id=self._new_id(),
            file_ids=self._file_ids,
            parent_response_id=self._resume.response_id if self._resume else "",
        )
        self._outbox += [question, mgw_frames.response_create(session_id, at_ms)]

    def _on_chunk(self, event: _Event) -> None:
        chunk = event.chunk
        if chunk is None:
            return
        if chunk.text is not None:
            self._say(chunk.text)
        if chunk.tool_usage_card is not None:
            self._reply.tool_card(chunk.tool_usage_card)
        if chunk.tool_result is not None:
            self._on_tool_result(object_of(chunk.tool_result))
        if chunk.render_citation is not None:
            self._reply.cite(text_of(object_of(chunk.render_citation).get("url")))

    def _say(self, text: _Text) -> None:
        channel = text.channel
        if channel in _ANSWER_CHANNELS:
            self._reply.answer(text.text)
        elif channel and any(name in channel for name in _THINKING_CHANNELS):
            self._reply.think(text.text)

    def _on_tool_result(self, result: Mapping[str, Any]) -> None:
        self._reply.pages(object_of(result.get("web_search")).get("webpages"))
        self._reply.posts(object_of(result.get("x_post")).get("posts"))

    def _on_delta(self, event: _Event) -> None:
        self._reply.answer(text_of(event.delta))

    def _on_text_done(self, event: _Event) -> None:
        if not self._reply.answering:
            self._reply.answer(text_of(event.text))

    def _on_search_result(self, event: _Event) -> None:
        self._reply.pages([event.result])

    def _on_output(self, event: _Event) -> None:
        output = object_of(event.output)
        if error := output.get("stream_error"):
            self._reply.fail(classify_inband(*error_fields(error)))
        elif card := output.get("card_attachment"):
            self._reply.card(object_of(card).get("jsonData"))

    def _on_done(self, event: _Event) -> None:
        response = object_of(event.response)
        if response.get("status") == "completed":
            self._reply.answered_as(text_of(response.get("id")))
            self._reply.finish()
        else:
            self._reply.fail(_cut_short())

    def _on_ended(self, _event: _Event) -> None:
        self._reply.fail(_cut_short())

    def _on_error(self, event: _Event) -> None:
        self._reply.fail(classify_inband(*error_fields(event.error)))


def _cut_short() -> IncompleteReplyError:
    return IncompleteReplyError("grok.com cut the reply short. Try again.")
