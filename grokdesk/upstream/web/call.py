"""The requests of one account in one browser session: chat by socket or REST, and questions."""

import asyncio
import contextlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

from grokdesk.domain.account import Token
from grokdesk.domain.chat import Chunk, Emit, Prompt
from grokdesk.domain.errors import ForbiddenError, UpstreamError
from grokdesk.domain.quota import Mode
from grokdesk.kernel.clock import Clock
from grokdesk.upstream.web.reply import Reply
from grokdesk.upstream.web.session import Session
from grokdesk.upstream.web.socket import Refusal
from grokdesk.upstream.web.transport import Response
from grokdesk.upstream.web.wire import facts, identity, payloads, refusals, waits
from grokdesk.upstream.web.wire.mgw import HEARTBEAT_S, MgwTurn
from grokdesk.upstream.web.wire.rest_decoder import RestDecoder

_ERROR_BODY_LIMIT = 64 << 10
_SESSION_TIMEOUT_S = 15.0
_UPLOAD_TIMEOUT_S = 60.0
_UPLOAD_ANSWER_LIMIT = 2 << 20
_DRAIN_S = 0.5


class Call:
    """`token` None: nobody's, for a look whether grok.com can be reached."""

    def __init__(
        self, session: Session, origins: facts.Origins, clock: Clock, token: Token | None
    ) -> None:
        self.session = session
        self.asked = facts.SESSION
        """What was asked for last."""
        self.server_time: float | None = None
        """Upstream's own clock when it said who we are."""
        self._origins = origins
        self._clock = clock
        self._token = token

    async def identify(self) -> identity.Identity:
        response = await self.ask(facts.SESSION, timeout_s=_SESSION_TIMEOUT_S)
        self.server_time = waits.server_time(response.headers)
        if response.status != 200:
            raise self.classified(response)
        return identity.parse_identity(response.body)

    async def ask(
        self, endpoint: facts.Endpoint, body: bytes = b"", *, timeout_s: float
    ) -> Response:
        """Any answer will do; raise UpstreamError when none comes."""
        self.asked = endpoint
        headers = self.session.headers(endpoint, self._token, request_id=_new_id())
        url = self._origins.url(endpoint)
        return await self.session.transport.fetch(
            endpoint.method, url, headers, body, timeout_s=timeout_s
        )

    async def send_file(
        self, endpoint: facts.Endpoint, body: bytes, content_type: str = ""
    ) -> Response:
        """Any answer will do. With a content type it is a form, otherwise JSON."""
        self.asked = endpoint
        assert self._token is not None  # noqa: S101 - a file is left with somebody
        session, timeouts = self.session, self.session.transport.timeouts
        return await session.transport.fetch(
            endpoint.method,
            self._origins.url(endpoint),
            session.upload_headers(endpoint, self._token, content_type)
            if content_type
            else session.headers(endpoint, self._token, request_id=_new_id()),
            body,
            timeout_s=_UPLOAD_TIMEOUT_S,
            limit=_UPLOAD_ANSWER_LIMIT,
            # No answer begins before the whole file has gone.
            timeouts=replace(timeouts, first_byte_s=_UPLOAD_TIMEOUT_S),
        )

    async def chat_by_socket(
        self, user_id: str, mode: Mode, text: str, file_ids: Sequence[str], emit: Emit
    ) -> None:
        self.asked = facts.CHAT_SOCKET
        assert self._token is not None  # noqa: S101 - nobody chats without one
        transport = self.session.transport
        url = self._origins.chat_socket_url(user_id)
        headers = self.session.socket_headers(self._token, user_id)
        turn = MgwTurn(
            mode,
            text,
            new_id=_new_id,
            now_ms=self._now_ms,
            file_ids=file_ids,
            origins=self._origins,
        )
        try:
            async with transport.socket(url, headers) as socket:
                socket.expect_within(transport.timeouts.first_byte_s)
                socket.start_heartbeat(HEARTBEAT_S, turn.heartbeat)
                await socket.send(turn.start())
                answering = False
                while (frame := await socket.receive()) is not None:
                    step = turn.receive(frame)
                    if step.chunks and not answering:
                        answering = True
                        socket.expect_within(transport.timeouts.idle_s)
                    for answer in step.send:
                        await socket.send(answer)
                    for part in step.chunks:
                        if isinstance(part, UpstreamError):
                            raise part
                        await emit(part)
                    if step.done:
                        return
                await _forward(turn.closed(), emit)
        except Refusal as refusal:
            raise await self._why_refused(refusal) from None

    async def chat_by_rest(self, mode: Mode, text: str, prompt: Prompt, emit: Emit) -> None:
        body = payloads.rest_chat_body(
            mode,
            text,
            temperature=prompt.temperature,
            top_p=prompt.top_p,
            reasoning_effort=prompt.reasoning_effort,
            deepsearch=prompt.deepsearch,
            file_ids=prompt.file_ids,
        )
        endpoint = self.asked = facts.CHAT
        headers = self.session.headers(endpoint, self._token, request_id=_new_id())
        url = self._origins.url(endpoint)
        async with self.session.transport.stream(endpoint.method, url, headers, body) as reply:
            if reply.status != 200:
                raise await self._refusal(reply)
            decoder = RestDecoder(self._origins, delimited=reply.delimited)
            while not decoder.done and (data := await reply.read()):
                await _forward(decoder.feed(data), emit)
            await _forward(decoder.end(), emit)
            if not reply.ended:
                await _drain(reply)

    async def _why_refused(self, refusal: Refusal) -> UpstreamError:
        """curl does not hand out the body of a refused handshake, so the session is asked."""
        if "json" in refusal.headers.get("content-type", "") and refusal.status in (400, 401, 403):
            try:
                await self.identify()
            except UpstreamError as reason:
                return reason
            return ForbiddenError(
                "Grok refused to open the chat socket without a reason.", status=refusal.status
            )
        return refusals.classify_handshake(
            refusal.status, refusal.headers, b"", now=self._clock.now()
        )

    async def _refusal(self, reply: Reply) -> UpstreamError:
        body = await reply.read_all(_ERROR_BODY_LIMIT)
        return self.classified(Response(reply.status, reply.headers, body))

    def classified(self, response: Response) -> UpstreamError:
        return refusals.classify(
            response.status, response.headers, response.body, now=self._clock.now()
        )

    def _now_ms(self) -> int:
        return int(self._clock.now() * 1000)


async def _forward(items: Iterable[Chunk | UpstreamError], emit: Emit) -> None:
    for item in items:
        if isinstance(item, UpstreamError):
            raise item
        await emit(item)


async def _drain(reply: Reply) -> None:
    """A connection whose reply was read to its end can be used again; wait a moment for that."""
    with contextlib.suppress(TimeoutError, UpstreamError):
        async with asyncio.timeout(_DRAIN_S):
            while await reply.read():
                pass


def _new_id() -> str:
    """A random UUID at a third of the price: it is a name, not a secret."""
    bits = random.getrandbits(128)
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[bits & 3]}{text[17:20]}-{text[20:]}"
