"""Grok Web as an Upstream: which transport, which session, and what a failure means."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal
from weakref import WeakKeyDictionary

from grokdesk.domain.account import Account, Token
from grokdesk.domain.attachment import UploadFile
from grokdesk.domain.catalog import ModelSpec
from grokdesk.domain.chat import Emit, Prompt
from grokdesk.domain.errors import (
    SocketUnknownError,
    TokenRejectedError,
    UpstreamError,
    UpstreamTimeoutError,
)
from grokdesk.domain.probe import ProbeReading, QuotaReading
from grokdesk.domain.tiers import TierTable
from grokdesk.kernel.clock import Clock
from grokdesk.upstream.web.advice import advised
from grokdesk.upstream.web.call import Call
from grokdesk.upstream.web.quota import READING_TIMEOUT_S, QuotaReader
from grokdesk.upstream.web.session import Session
from grokdesk.upstream.web.sessions import Sessions
from grokdesk.upstream.web.transport import Response
from grokdesk.upstream.web.upload import Uploader
from grokdesk.upstream.web.wire import facts, payloads
from grokdesk.upstream.web.wire.identity import Identity

ChatTransport = Literal["auto", "mgw", "rest"]

_REST_FOR_S = 600.0
"""How long `auto` stays with REST after the socket was unknown."""


@dataclass(frozen=True, slots=True)
class Checked:
    """`server_time` is upstream's own clock, Unix time, if it told."""

    session: Session
    server_time: float | None


class GrokWebClient:
    """`chat_transport` and `turn_timeout_s` (0: none) are asked anew for each call."""

    def __init__(
        self,
        origins: facts.Origins,
        sessions: Sessions,
        clock: Clock,
        tiers: TierTable,
        *,
        chat_transport: Callable[[], ChatTransport] = lambda: "auto",
        turn_timeout_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.sessions = sessions
        self._origins = origins
        self._clock = clock
        self._tiers = tiers
        self._chat_transport = chat_transport
        self._turn_timeout_s = turn_timeout_s
        self._user_ids: dict[str, str] = {}
        self._rest_until = 0.0
        self._uploader = Uploader(clock)
        self._failed_in: WeakKeyDictionary[UpstreamError, Session] = WeakKeyDictionary()

    @property
    def running(self) -> int:
        """Transfers and sockets that hold a connection now."""
        return self.sessions.running

    async def chat(
        self, account: Account, token: Token, spec: ModelSpec, prompt: Prompt, emit: Emit
    ) -> None:
        call = await self._call(token)
        limit = self._turn_timeout_s()
        try:
            if not limit:
                await self._chat(call, account, spec, prompt, emit)
                return
            try:
                async with asyncio.timeout(limit):
                    await self._chat(call, account, spec, prompt, emit)
            except TimeoutError:
                raise UpstreamTimeoutError("The reply took longer than the set limit.") from None
        except UpstreamError as error:
            if (told := self._told(call, error)) is error:
                raise
            raise told from error

    async def upload(
        self,
        account: Account,  # noqa: ARG002 - here the token says whose it is
        token: Token,
        file: UploadFile,
    ) -> str:
        call = await self._call(token)
        with self._failures_of(call):
            return (await self._uploader.upload(call, file)).file_id

    async def probe(self, account: Account, token: Token) -> ProbeReading:
        call = await self._call(token)
        with self._failures_of(call):
            who = await self._identify(call, account)
            read = await self._read_quota(call, account)
        return ProbeReading(who.user_id, who.email, read.tier, read.windows, read.absent)

    async def quota(self, account: Account, token: Token) -> QuotaReading:
        call = await self._call(token)
        with self._failures_of(call):
            return await self._read_quota(call, account)

    async def check(self) -> Checked:
        """Ask, as nobody, whether grok.com lets the session in; raise UpstreamError if not."""
        call = await self._call(None)
        call.session.transport.reset()  # a connection that stands already would prove less
        with self._failures_of(call), contextlib.suppress(TokenRejectedError):
            await call.identify()
        return Checked(call.session, call.server_time)

    async def renew_session(self, after: UpstreamError) -> bool:
        return await self.sessions.renew(self._failed_in.get(after))

    def wake(self) -> None:
        self.sessions.wake()

    async def aclose(self) -> None:
        await self.sessions.aclose()

    async def _call(self, token: Token | None) -> Call:
        session = self.sessions.current or await self.sessions.opened()
        return Call(session, self._origins, self._clock, token)

    @contextlib.contextmanager
    def _failures_of(self, call: Call) -> Iterator[None]:
        """Remember the session in which a call failed, and tell what may help."""
        try:
            yield
        except UpstreamError as error:
            if (told := self._told(call, error)) is error:
                raise
            raise told from error

    def _told(self, call: Call, error: UpstreamError) -> UpstreamError:
        """The error with what may help; which session it failed in is remembered."""
        told = advised(
            error,
            call.session,
            signed=call.session.is_signed(call.asked),
            by_rest=call.asked is facts.CHAT,
        )
        self._failed_in[told] = call.session
        return told

    async def _chat(
        self, call: Call, account: Account, spec: ModelSpec, prompt: Prompt, emit: Emit
    ) -> None:
        text = payloads.flatten(prompt.messages)
        # Only REST has a place for DeepSearch.
        if prompt.deepsearch or not self._prefers_socket():
            await call.chat_by_rest(spec.mode, text, prompt, emit)
        else:
            user_id = await self._user_id(call, account)
            try:
                await call.chat_by_socket(user_id, spec.mode, text, prompt.file_ids, emit)
            except SocketUnknownError:
                if self._chat_transport() != "auto":
                    raise
                self._rest_until = self._clock.monotonic() + _REST_FOR_S
                await call.chat_by_rest(spec.mode, text, prompt, emit)
        call.session.has_served = True

    def _prefers_socket(self) -> bool:
        match self._chat_transport():
            case "mgw":
                return True
            case "rest":
                return False
            case "auto":
                return self._clock.monotonic() >= self._rest_until

    async def _user_id(self, call: Call, account: Account) -> str:
        known = self._user_ids.get(account.id) or account.user_id
        return known or (await self._identify(call, account)).user_id

    async def _identify(self, call: Call, account: Account) -> Identity:
        who = await call.identify()
        self._user_ids[account.id] = who.user_id
        return who

    async def _read_quota(self, call: Call, account: Account) -> QuotaReading:
        reader = QuotaReader(partial(_ask, call), self._tiers, self._clock)
        return await reader.read(account.tier)


async def _ask(call: Call, endpoint: facts.Endpoint, body: bytes) -> Response:
    return await call.ask(endpoint, body, timeout_s=READING_TIMEOUT_S)
