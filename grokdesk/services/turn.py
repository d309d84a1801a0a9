"""One run of a chat call: its counts, its times, and whether anything was forwarded."""

from dataclasses import replace

from grokdesk.domain.account import Account
from grokdesk.domain.catalog import ModelSpec
from grokdesk.domain.chat import (
    ANSWER_CHUNKS,
    ChatRequest,
    Chunk,
    Emit,
    Finish,
    FinishReason,
    Message,
    ReasoningDelta,
    TextDelta,
)
from grokdesk.domain.tools import ToolCall
from grokdesk.domain.usage import TokenCount, UsageRow
from grokdesk.kernel.clock import Clock
from grokdesk.services.calls import Call
from grokdesk.services.estimate import TokenEstimator, estimate_tokens
from grokdesk.services.shaping.pipeline import Pipeline
from grokdesk.services.shaping.shape import shape_of
from grokdesk.services.shaping.stage import Trouble


class ReplyCut(Exception):  # noqa: N818 - it ends a reply as wanted
    """The client has what it asked for; upstream need not go on."""


class Turn:
    """From a request to its usage row, over all attempts."""

    __slots__ = (
        "_account_id",
        "_clock",
        "_emit",
        "_pipeline",
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
        "shape",
        "spec",
    )

    def __init__(self, request: ChatRequest, emit: Emit, call: Call, clock: Clock) -> None:
        self.request = request
        self.call = call
        self.spec: ModelSpec | None = None
        self.shape = shape_of(request)
        self.attempts = 0
        self.forwarded = False
        """The client has a piece of the answer."""
        self.answered = False
        """Upstream has said something, whatever becomes of it."""
        self.first_chunk_s: float | None = None
        self.reason = FinishReason.STOP
        self._pipeline: Pipeline | None = None
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

    @property
    def stop_text(self) -> str:
        return self._pipeline.stop_text if self._pipeline is not None else ""

    @property
    def trouble(self) -> Trouble | None:
        """Why the last reply will not do."""
        return self._pipeline.trouble if self._pipeline is not None else None

    def reword(self, messages: tuple[Message, ...]) -> None:
        """Before the first attempt: what goes upstream instead of the request's own messages."""
        self.shape = shape_of(replace(self.request, messages=messages))

    def begin_attempt(self, account: Account) -> None:
        if self.attempts:
            self._text = TokenEstimator()
            self._reasoning = TokenEstimator()
        self.attempts += 1
        self._account_id = account.id
        self._pipeline = self.shape.pipeline()

    async def forward(self, chunk: Chunk) -> None:
        """Raise ReplyCut once the rest of the reply is of no interest."""
        pipeline = self._pipeline
        kind = type(chunk)
        if kind is TextDelta:
            self.answered = True
            if pipeline is None and self.forwarded:  # nearly all chunks
                self._text.add(chunk.text)  # type: ignore[union-attr]
                await self._emit(chunk)
                return
        elif kind is Finish:
            await self._finish(chunk.reason)  # type: ignore[union-attr]
            return
        elif kind in ANSWER_CHUNKS and kind is not ReasoningDelta:
            self.answered = True
        if pipeline is None:
            await self._pass(chunk)
            return
        for piece in pipeline.feed(chunk):
            await self._pass(piece)
        if pipeline.cut:
            await self._finish(FinishReason.STOP)
            raise ReplyCut

    async def _finish(self, reason: FinishReason) -> None:
        self.reason = reason
        pipeline = self._pipeline
        if pipeline is not None:
            for piece in pipeline.finish():
                await self._pass(piece)
            self.reason = pipeline.reason(reason)

    async def _pass(self, chunk: Chunk) -> None:
        kind = type(chunk)
        if kind is TextDelta:
            self._text.add(chunk.text)  # type: ignore[union-attr]
        elif kind is ReasoningDelta:
            self._reasoning.add(chunk.text)  # type: ignore[union-attr]
        elif isinstance(chunk, ToolCall):
            self._text.add(chunk.name)
            self._text.add(chunk.arguments)
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
            model=self.spec.id if self.spec else self.request.model,
            key_id=call.key_id,
            account_id=self._account_id,
            outcome=outcome,
            first_chunk_s=self.first_chunk_s,
            total_s=self.elapsed,
            tokens=TokenCount(
                prompt=estimate_tokens(*(message.text for message in self.shape.messages)),
                completion=self._text.tokens + reasoning,
                reasoning=reasoning,
            ),
            attempts=self.attempts,
            streamed=call.streamed,
        )

    def ask_again(self) -> bool:
        """Whether the reply is not what was asked for; then the next attempt says so.

        Raise AnswerFormatError when that was said already.
        """
        trouble = self.trouble
        if trouble is None:
            return False
        self.shape = self.shape.again(trouble)
        return True
