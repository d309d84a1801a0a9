"""Chat: the one loop that serves every dialect and the playground."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from grokdesk.domain.account import Account, Token
from grokdesk.domain.catalog import ModelCatalog, ModelSpec
from grokdesk.domain.chat import (
    ANSWER_CHUNKS,
    ChatRequest,
    Chunk,
    Emit,
    Finish,
    FinishReason,
    ReasoningDelta,
    TextDelta,
)
from grokdesk.domain.errors import (
    AccountBlockedError,
    AntiBotError,
    ChallengedError,
    GrokdeskError,
    IncompleteReplyError,
    NoAccountError,
    RateLimitedError,
    TokenRejectedError,
    UpstreamError,
    VaultLockedError,
)
from grokdesk.domain.usage import TokenCount, UsageRow
from grokdesk.kernel.clock import Clock
from grokdesk.pool.lease import Lease
from grokdesk.pool.pool import AccountPool
from grokdesk.services.estimate import TokenEstimator, estimate_tokens
from grokdesk.services.ports import Upstream
from grokdesk.services.tokens import TokenKeeper
from grokdesk.services.usage import UsageService

_POOL_SPEAKS = (RateLimitedError, TokenRejectedError, AccountBlockedError)
"""After these, what the pool lacks says more than the last account's failure."""
_SESSION_FAULTS = (ChallengedError, AntiBotError)


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks, and by which way."""

    request_id: str
    route: str
    key_id: str = ""
    streamed: bool = False


@dataclass(frozen=True, slots=True)
class ChatResult:
    """How a complete reply came about. Times in seconds."""

    reason: FinishReason
    tokens: TokenCount
    model: str
    account_id: str
    account_label: str
    attempts: int
    first_chunk_s: float | None
    total_s: float


class ChatService:
    """Chooses an account, runs the call, fails over while nothing was forwarded."""

    def __init__(
        self,
        catalog: ModelCatalog,
        pool: AccountPool,
        upstream: Upstream,
        tokens: TokenKeeper,
        usage: UsageService,
        clock: Clock,
        *,
        max_accounts: Callable[[], int] = lambda: 5,
    ) -> None:
        self.catalog = catalog
        self.upstream = upstream
        self._pool = pool
        self._tokens = tokens
        self._usage = usage
        self._clock = clock
        self._max_accounts = max_accounts

    async def run(self, request: ChatRequest, emit: Emit, call: Call) -> ChatResult:
        """Return when the reply is complete and its usage row is durable.

        Raise GrokdeskError, also after chunks were emitted; cancelling aborts upstream.
        """
        turn = _Turn(request, emit, self._clock)
        try:
            spec = self.catalog.resolve(request.model)
            account = await self._serve(spec, turn)
        except BaseException as error:
            self._usage.record(turn.row(call, _outcome_name(error)))
            raise
        row = turn.row(call, "ok")
        self._usage.record(row)
        return ChatResult(
            reason=turn.reason,
            tokens=row.tokens,
            model=spec.id,
            account_id=account.id,
            account_label=account.label,
            attempts=turn.attempts,
            first_chunk_s=turn.first_chunk_s,
            total_s=row.total_s,
        )

    async def _serve(self, spec: ModelSpec, turn: "_Turn") -> Account:
        tried: set[str] = set()
        challenged: set[str] = set()
        last: UpstreamError | VaultLockedError | None = None
        while True:
            lease = self._lease(spec, tried, last)
            account = lease.account
            turn.begin_attempt(account)
            try:
                async with lease:
                    await self._attempt(account, await self._tokens.get(account.id), spec, turn)
                    return account
            except VaultLockedError as error:
                last = error
            except UpstreamError as error:
                if turn.forwarded or not error.retryable:
                    raise
                last = error
            if isinstance(last, _SESSION_FAULTS) and account.id not in challenged:
                challenged.add(account.id)
                await self.upstream.renew_session()
            else:
                tried.add(account.id)
                if len(tried) >= self._max_accounts():
                    raise last

    def _lease(self, spec: ModelSpec, tried: set[str], last: GrokdeskError | None) -> Lease:
        try:
            return self._pool.lease(spec.mode, spec.floor, exclude=tried)
        except NoAccountError as none_left:
            if last is None or isinstance(last, _POOL_SPEAKS):
                raise
            raise last from none_left

    async def _attempt(
        self, account: Account, token: Token, spec: ModelSpec, turn: "_Turn"
    ) -> None:
        await self.upstream.chat(account, token, spec, turn.request, turn.forward)
        if not turn.answered:
            raise IncompleteReplyError("Grok ended the reply without an answer.")


class _Turn:
    """What is known of one run: counts, times, and whether anything was forwarded."""

    __slots__ = (
        "_account_id",
        "_clock",
        "_emit",
        "_reasoning",
        "_started",
        "_started_at",
        "_text",
        "answered",
        "attempts",
        "first_chunk_s",
        "forwarded",
        "reason",
        "request",
    )

    def __init__(self, request: ChatRequest, emit: Emit, clock: Clock) -> None:
        self.request = request
        self.attempts = 0
        self.forwarded = False
        self.answered = False
        self.first_chunk_s: float | None = None
        self.reason = FinishReason.STOP
        self._emit = emit
        self._clock = clock
        self._started = clock.monotonic()
        self._started_at = clock.now()
        self._account_id = ""
        self._text = TokenEstimator()
        self._reasoning = TokenEstimator()

    def begin_attempt(self, account: Account) -> None:
        self.attempts += 1
        self._account_id = account.id
        self._text = TokenEstimator()
        self._reasoning = TokenEstimator()

    async def forward(self, chunk: Chunk) -> None:
        kind = type(chunk)
        if kind is TextDelta:
            self._text.add(chunk.text)  # type: ignore[union-attr]
            self.answered = True
        elif kind is ReasoningDelta:
            self._reasoning.add(chunk.text)  # type: ignore[union-attr]
        elif kind is Finish:
            self.reason = chunk.reason  # type: ignore[union-attr]
            return
        if not self.forwarded and kind in ANSWER_CHUNKS:
            self.forwarded = True
            self.first_chunk_s = self._clock.monotonic() - self._started
            self.answered = self.answered or kind is not ReasoningDelta
        await self._emit(chunk)

    def row(self, call: Call, outcome: str) -> UsageRow:
        reasoning = self._reasoning.tokens
        return UsageRow(
            request_id=call.request_id,
            started_at=self._started_at,
            route=call.route,
            model=self.request.model,
            key_id=call.key_id,
            account_id=self._account_id,
            outcome=outcome,
            first_chunk_s=self.first_chunk_s,
            total_s=self._clock.monotonic() - self._started,
            tokens=TokenCount(
                prompt=estimate_tokens(*(message.text for message in self.request.messages)),
                completion=self._text.tokens + reasoning,
                reasoning=reasoning,
            ),
            attempts=self.attempts,
            streamed=call.streamed,
        )


def _outcome_name(error: BaseException) -> str:
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        return "cancelled"
    return type(error).__name__
