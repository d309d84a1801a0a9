"""Grok Web as an Upstream: which cookies, which transport, which error."""

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Iterable
from functools import partial
from typing import Literal

from grokdesk.domain.account import Account, Token
from grokdesk.domain.catalog import ModelSpec
from grokdesk.domain.chat import ChatRequest, Chunk, Emit
from grokdesk.domain.errors import (
    ForbiddenError,
    SocketUnknownError,
    UpstreamError,
    UpstreamTimeoutError,
)
from grokdesk.domain.probe import ProbeReading, QuotaReading
from grokdesk.domain.quota import Mode
from grokdesk.domain.tiers import TierTable
from grokdesk.kernel.clock import Clock
from grokdesk.upstream.web.quota import READING_TIMEOUT_S, QuotaReader
from grokdesk.upstream.web.socket import Refusal
from grokdesk.upstream.web.transport import Reply, Response, Transport
from grokdesk.upstream.web.wire import facts, identity, payloads, refusals
from grokdesk.upstream.web.wire.browser import BrowserProfile
from grokdesk.upstream.web.wire.cookies import cookie_header
from grokdesk.upstream.web.wire.headers import (
    Headers,
    grpc_web_headers,
    socket_headers,
    xhr_headers,
)
from grokdesk.upstream.web.wire.mgw import HEARTBEAT_S, MgwTurn
from grokdesk.upstream.web.wire.rest_decoder import RestDecoder

ChatTransport = Literal["auto", "mgw", "rest"]

_ERROR_BODY_LIMIT = 64 << 10
_SESSION_TIMEOUT_S = 15.0
_DRAIN_S = 0.5
_REST_FOR_S = 600.0
"""How long `auto` stays with REST after the socket was unknown."""


class GrokWebClient:
    """`chat_transport` and `turn_timeout_s` (0: none) are asked anew for each call."""

    def __init__(
        self,
        origins: facts.Origins,
        profile: BrowserProfile,
        transport: Transport,
        clock: Clock,
        tiers: TierTable,
        *,
        chat_transport: Callable[[], ChatTransport] = lambda: "auto",
        turn_timeout_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.transport = transport
        self._origins = origins
        self._profile = profile
        self._clock = clock
        self._tiers = tiers
        self._chat_transport = chat_transport
        self._turn_timeout_s = turn_timeout_s
        self._user_ids: dict[str, str] = {}
        self._rest_until = 0.0

    async def chat(
        self, account: Account, token: Token, spec: ModelSpec, request: ChatRequest, emit: Emit
    ) -> None:
        limit = self._turn_timeout_s()
        if not limit:
            await self._chat(account, token, spec, request, emit)
            return
        try:
            async with asyncio.timeout(limit):
                await self._chat(account, token, spec, request, emit)
        except TimeoutError:
            raise UpstreamTimeoutError("The reply took longer than the set limit.") from None

    async def probe(self, account: Account, token: Token) -> ProbeReading:
        who = await self._identify(account, token)
        read = await self.quota(account, token)
        return ProbeReading(who.user_id, who.email, read.tier, read.windows, read.absent)

    async def quota(self, account: Account, token: Token) -> QuotaReading:
        reader = QuotaReader(partial(self._ask, token), self._tiers, self._clock)
        return await reader.read(account.tier)

    async def renew_session(self, after: UpstreamError) -> bool:
        self.transport.reset()
        return True

    def wake(self) -> None:
        self.transport.reset()

    async def aclose(self) -> None:
        await self.transport.aclose()

    async def _chat(
        self, account: Account, token: Token, spec: ModelSpec, request: ChatRequest, emit: Emit
    ) -> None:
        prompt = payloads.flatten(request.messages)
        if self._prefers_socket():
            try:
                await self._chat_by_socket(account, token, spec.mode, prompt, emit)
            except SocketUnknownError:
                if self._chat_transport() != "auto":
                    raise
                self._rest_until = self._clock.monotonic() + _REST_FOR_S
            else:
                return
        await self._chat_by_rest(token, spec.mode, prompt, request, emit)

    def _prefers_socket(self) -> bool:
        match self._chat_transport():
            case "mgw":
                return True
            case "rest":
                return False
            case "auto":
                return self._clock.monotonic() >= self._rest_until

    async def _chat_by_socket(
        self, account: Account, token: Token, mode: Mode, prompt: str, emit: Emit
    ) -> None:
        user_id = await self._user_id(account, token)
        url = self._origins.chat_socket_url(user_id)
        cookie = cookie_header(token, user_id=user_id)
        headers = socket_headers(self._profile, self._origins, cookie=cookie)
        turn = MgwTurn(mode, prompt, new_id=_new_id, now_ms=self._now_ms, origins=self._origins)
        try:
            async with self.transport.socket(url, headers) as socket:
                socket.expect_within(self.transport.timeouts.first_byte_s)
                socket.start_heartbeat(HEARTBEAT_S, turn.heartbeat)
                await socket.send(turn.start())
                answering = False
                while (frame := await socket.receive()) is not None:
                    step = turn.receive(frame)
                    if step.chunks and not answering:
                        answering = True
                        socket.expect_within(self.transport.timeouts.idle_s)
                    for text in step.send:
                        await socket.send(text)
                    await _forward(step.chunks, emit)
                    if step.done:
                        return
                await _forward(turn.closed(), emit)
        except Refusal as refusal:
            raise await self._why_refused(refusal, account, token) from None

    async def _why_refused(self, refusal: Refusal, account: Account, token: Token) -> UpstreamError:
        """curl does not hand out the body of a refused handshake, so the session is asked."""
        if "json" in refusal.headers.get("content-type", "") and refusal.status in (400, 401, 403):
            try:
                await self._identify(account, token)
            except UpstreamError as reason:
                return reason
            return ForbiddenError(
                "Grok refused to open the chat socket without a reason.", status=refusal.status
            )
        return refusals.classify_handshake(
            refusal.status, refusal.headers, b"", now=self._clock.now()
        )

    async def _chat_by_rest(
        self, token: Token, mode: Mode, prompt: str, request: ChatRequest, emit: Emit
    ) -> None:
        body = payloads.rest_chat_body(
            mode,
            prompt,
            temperature=request.temperature,
            top_p=request.top_p,
            reasoning_effort=request.reasoning_effort,
        )
        endpoint = facts.CHAT
        headers = self._headers(endpoint, token)
        url = self._origins.url(endpoint)
        async with self.transport.stream(endpoint.method, url, headers, body) as reply:
            if reply.status != 200:
                raise await self._refusal(reply)
            decoder = RestDecoder(self._origins, delimited=reply.delimited)
            while not decoder.done and (data := await reply.read()):
                await _forward(decoder.feed(data), emit)
            await _forward(decoder.end(), emit)
            if not reply.ended:
                await _drain(reply)

    async def _refusal(self, reply: Reply) -> UpstreamError:
        body = await reply.read_all(_ERROR_BODY_LIMIT)
        return refusals.classify(reply.status, reply.headers, body, now=self._clock.now())

    async def _user_id(self, account: Account, token: Token) -> str:
        known = self._user_ids.get(account.id) or account.user_id
        return known or (await self._identify(account, token)).user_id

    async def _identify(self, account: Account, token: Token) -> identity.Identity:
        endpoint = facts.SESSION
        headers = self._headers(endpoint, token)
        response = await self.transport.fetch(
            endpoint.method, self._origins.url(endpoint), headers, timeout_s=_SESSION_TIMEOUT_S
        )
        if response.status != 200:
            raise refusals.classify(
                response.status, response.headers, response.body, now=self._clock.now()
            )
        who = identity.parse_identity(response.body)
        self._user_ids[account.id] = who.user_id
        return who

    async def _ask(self, token: Token, endpoint: facts.Endpoint, body: bytes) -> Response:
        """One question about quotas."""
        headers = (
            self._grpc_headers(endpoint, token)
            if endpoint is facts.WEEKLY_CREDITS
            else self._headers(endpoint, token)
        )
        url = self._origins.url(endpoint)
        return await self.transport.fetch(
            endpoint.method, url, headers, body, timeout_s=READING_TIMEOUT_S
        )

    def _headers(self, endpoint: facts.Endpoint, token: Token) -> Headers:
        return xhr_headers(
            self._profile,
            self._origins,
            endpoint,
            cookie=cookie_header(token),
            request_id=_new_id(),
        )

    def _grpc_headers(self, endpoint: facts.Endpoint, token: Token) -> Headers:
        return grpc_web_headers(self._profile, self._origins, endpoint, cookie=cookie_header(token))

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
    return str(uuid.uuid4())
