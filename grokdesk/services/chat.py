"""Chat: the one loop that serves every dialect and the playground."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Collection
from dataclasses import replace

from grokdesk.domain.account import Account
from grokdesk.domain.attachment import UploadFile
from grokdesk.domain.catalog import ModelCatalog, ModelSpec
from grokdesk.domain.chat import ChatRequest, Emit, Prompt
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
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import Clock
from grokdesk.pool.lease import Lease
from grokdesk.pool.pool import AccountPool
from grokdesk.pool.retry import RetryPolicy, Tries
from grokdesk.services.attachments import AttachmentService
from grokdesk.services.calls import Call, ChatResult
from grokdesk.services.conversations import Conversations
from grokdesk.services.ports import Upstream
from grokdesk.services.tokens import TokenKeeper
from grokdesk.services.turn import ReplyCut, Turn
from grokdesk.services.usage import UsageService

CANCELLED = "cancelled"
POOL_SPEAKS = (RateLimitedError, TokenRejectedError, AccountBlockedError)
"""After these, what the pool lacks says more than the last account's failure."""
SESSION_FAULTS = (ChallengedError, AntiBotError)


class ChatService:
    """Chooses an account, runs the call, tries again while nothing was forwarded."""

    def __init__(
        self,
        catalog: ModelCatalog,
        pool: AccountPool,
        upstream: Upstream,
        tokens: TokenKeeper,
        usage: UsageService,
        attachments: AttachmentService,
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
        self._attachments = attachments
        self._bus = bus
        self._clock = clock
        self._retry = retry
        self._rng = rng or random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._conversations = Conversations()

    async def run(self, request: ChatRequest, emit: Emit, call: Call) -> ChatResult:
        """Return when the reply is complete and its usage row is durable.

        Raise GrokdeskError, also after chunks were emitted; cancelling aborts upstream.
        """
        turn = Turn(request, emit, call, self._clock)
        try:
            turn.spec = spec = self.catalog.resolve(request.model)
            spec = spec.at_effort(request.reasoning_effort)
            messages, files = await self._attachments.prepare(request)
            if files:
                turn.reword(messages)
            account = await self._serve(spec, turn, files)
            while turn.ask_again():
                account = await self._serve(spec, turn, files)
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
            stop_text=turn.stop_text,
        )

    async def _serve(self, spec: ModelSpec, turn: Turn, files: tuple[UploadFile, ...]) -> Account:
        request, key_id = turn.request, turn.call.key_id
        prompt = Prompt(
            turn.shape.messages,
            request.temperature,
            request.top_p,
            request.reasoning_effort,
            request.deepsearch,
        )
        prefer = self._conversations.account_of(request, key_id)
        tries = Tries(self._retry(), self._rng)
        while True:
            lease = await self._lease(spec, turn, tries, prefer)
            try:
                async with lease:
                    await self._attempt(lease.account, spec, turn, prompt, files)
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

    async def _lease(self, spec: ModelSpec, turn: Turn, tries: Tries, prefer: str | None) -> Lease:
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
        turn: Turn,
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

    async def _attempt(
        self,
        account: Account,
        spec: ModelSpec,
        turn: Turn,
        prompt: Prompt,
        files: tuple[UploadFile, ...],
    ) -> None:
        began = turn.elapsed
        try:
            token = await self._tokens.get(account.id)
            if files:
                ids = await self._attachments.leave(account, token, files)
                prompt = replace(prompt, file_ids=ids)
            with contextlib.suppress(ReplyCut):
                await self.upstream.chat(account, token, spec, prompt, turn.forward)
            if not turn.answered:
                raise IncompleteReplyError("Grok ended the reply without an answer.")
        except BaseException as error:
            if files and isinstance(error, UpstreamError):
                self._attachments.doubt(account, files)
            self._announce(account, spec, began, turn, error)
            raise
        self._announce(account, spec, began, turn, None)

    def _announce(
        self,
        account: Account,
        spec: ModelSpec,
        began: float,
        turn: Turn,
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


def outcome_name(error: BaseException) -> str:
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        return CANCELLED
    return type(error).__name__


def _is_retryable(error: UpstreamError | VaultLockedError) -> bool:
    if isinstance(error, VaultLockedError | TokenRejectedError | AccountBlockedError):
        return True  # the account is out; that says nothing of the others
    return error.retryable and error.may_retry
