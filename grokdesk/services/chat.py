"""Chat: the one loop that serves every dialect and the playground."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Collection
from dataclasses import dataclass

from grokdesk.domain.account import Account
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
from grokdesk.domain.diagnosis import diagnose
from grokdesk.domain.errors import (
    AccountBlockedError,
    AntiBotError,
    ChallengedError,
    CircuitOpenError,
    IncompleteReplyError,
    NoAccountError,
    RateLimitedError,
    TokenRejectedError,
    UpstreamError,
    VaultLockedError,
)
from grokdesk.domain.events import AttemptFinished
from grokdesk.domain.usage import TokenCount, UsageRow
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import Clock
from grokdesk.pool.lease import Lease
from grokdesk.pool.pool import AccountPool
from grokdesk.pool.retry import RetryPolicy, Tries
from grokdesk.services.conversations import Conversations
from grokdesk.services.estimate import TokenEstimator, estimate_tokens
from grokdesk.services.ports import Upstream
from grokdesk.services.tokens import TokenKeeper
from grokdesk.services.usage import UsageService

CANCELLED = "cancelled"
POOL_SPEAKS = (RateLimitedError, TokenRejectedError, AccountBlockedError)
"""After these, what the pool lacks says more than the last account's failure."""
SESSION_FAULTS = (ChallengedError, AntiBotError)


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
    """Chooses an account, runs the call, tries again while nothing was forwarded."""

    def __init__(
        self,
        catalog: ModelCatalog,
        pool: AccountPool,
        upstream: Upstream,
        tokens: TokenKeeper,
        usage: UsageService,
        bus: EventBus,
        clock: Clock,
        *,
        retry: Callable[[], RetryPolicy] = RetryPolicy,
        rng: random.Random | None = None,
    ) -> None:
        self.catalog = catalog
        self.upstream = upstream
        self._pool = pool
        self._tokens = tokens
        self._usage = usage
        self._bus = bus
        self._clock = clock
        self._retry = retry
        self._rng = rng or random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._conversations = Conversations()

    async def run(self, request: ChatRequest, emit: Emit, call: Call) -> ChatResult:
        """Return when the reply is complete and its usage row is durable.

        Raise GrokdeskError, also after chunks were emitted; cancelling aborts upstream.
        """
        turn = _Turn(request, emit, call, self._clock)
        try:
            spec = self.catalog.resolve(request.model)
            account = await self._serve(spec, turn)
        except BaseException as error:
            self._usage.record(turn.row(outcome_name(error)))
            raise
        row = turn.row("ok")
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
        request, key_id = turn.request, turn.call.key_id
        prefer = self._conversations.account_of(request, key_id)
        tries = Tries(self._retry(), self._rng)
        while True:
            lease = await self._lease(spec, turn, tries, prefer)
            try:
                async with lease:
                    await self._attempt(lease.account, spec, turn)
            except (UpstreamError, VaultLockedError) as error:
                if turn.forwarded or not _is_retryable(error):
                    raise
                # A fresh session may serve the same account; once it may, not a second time.
                renewed = isinstance(error, SESSION_FAULTS) and (
                    await self.upstream.renew_session(error)
                )
                tries.failed(lease.account.id, error, again=renewed)
            else:
                self._conversations.remember(request, key_id, lease.account.id)
                return lease.account

    async def _lease(
        self, spec: ModelSpec, turn: "_Turn", tries: Tries, prefer: str | None
    ) -> Lease:
        """The next account to try; raise the last failure when there is nothing left to try."""
        last = tries.last
        if last is not None and not tries.has_time(turn.elapsed):
            raise last
        try:
            if tries.may_take_another:
                return await self._take(spec, turn, prefer, exclude=tries.tried)
            if tries.at_once:
                return await self._take(spec, turn, among=tries.at_once)
            none_left = None
        except NoAccountError as error:
            if last is None:
                raise
            none_left = error
        # Nobody else: the same accounts again, after a pause, where that makes sense.
        assert last is not None  # noqa: S101 - without a failure an account may be taken
        repeat = tries.repeat(turn.elapsed)
        if repeat is None:
            raise (none_left if none_left and isinstance(last, POOL_SPEAKS) else last)
        pause_s, accounts = repeat
        await asyncio.sleep(pause_s)
        try:
            return await self._take(spec, turn, among=accounts)
        except (NoAccountError, CircuitOpenError) as error:
            raise last from error

    async def _take(
        self,
        spec: ModelSpec,
        turn: "_Turn",
        prefer: str | None = None,
        *,
        exclude: Collection[str] = (),
        among: Collection[str] | None = None,
    ) -> Lease:
        """Wait for a running call to end where all accounts are busy."""
        waited = False
        while True:
            try:
                lease = self._pool.lease(
                    spec.mode,
                    spec.floor,
                    exclude=exclude,
                    among=among,
                    prefer=prefer,
                    request_id=turn.call.request_id,
                )
            except NoAccountError as none_free:
                rest_s = self._retry().budget_s - turn.elapsed
                if not none_free.busy or rest_s <= 0:
                    raise
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(rest_s):
                        # Those who can be served by the same accounts wait in one line.
                        asked = among if among is None else frozenset(among)
                        kind = (spec.mode, spec.floor, frozenset(exclude), asked)
                        await self._pool.turnstile.wait(kind, again=waited)
                waited = True
            else:
                turn.begin_attempt(lease.account)
                return lease

    async def _attempt(self, account: Account, spec: ModelSpec, turn: "_Turn") -> None:
        began = turn.elapsed
        try:
            token = await self._tokens.get(account.id)
            await self.upstream.chat(account, token, spec, turn.request, turn.forward)
            if not turn.answered:
                raise IncompleteReplyError("Grok ended the reply without an answer.")
        except BaseException as error:
            self._announce(account, spec, began, turn, error)
            raise
        self._announce(account, spec, began, turn, None)

    def _announce(
        self,
        account: Account,
        spec: ModelSpec,
        began: float,
        turn: "_Turn",
        error: BaseException | None,
    ) -> None:
        if not self._bus.wants(AttemptFinished):
            return
        outcome = "ok" if error is None else outcome_name(error)
        is_failure = error is not None and outcome != CANCELLED
        verdict = diagnose(error).verdict.value if error and is_failure else ""
        self._bus.publish(
            AttemptFinished(
                spec.id, spec.mode, account.id, outcome, verdict, turn.elapsed - began, began
            )
        )


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
        "call",
        "first_chunk_s",
        "forwarded",
        "reason",
        "request",
    )

    def __init__(self, request: ChatRequest, emit: Emit, call: Call, clock: Clock) -> None:
        self.request = request
        self.call = call
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

    @property
    def elapsed(self) -> float:
        """Seconds since the request came in."""
        return self._clock.monotonic() - self._started

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
        elif kind in ANSWER_CHUNKS:
            self.answered = True
        if not self.forwarded and kind in ANSWER_CHUNKS:
            self.forwarded = True
            self.first_chunk_s = self.elapsed
        await self._emit(chunk)

    def row(self, outcome: str) -> UsageRow:
        call = self.call
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
            total_s=self.elapsed,
            tokens=TokenCount(
                prompt=estimate_tokens(*(message.text for message in self.request.messages)),
                completion=self._text.tokens + reasoning,
                reasoning=reasoning,
            ),
            attempts=self.attempts,
            streamed=call.streamed,
        )


def outcome_name(error: BaseException) -> str:
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        return CANCELLED
    return type(error).__name__


def _is_retryable(error: UpstreamError | VaultLockedError) -> bool:
    return isinstance(error, VaultLockedError) or error.retryable
