"""Responses that are made while nobody needs to wait; they outlive the program that runs them."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

import msgspec

from grokdesk.domain.chat import ChatRequest, Chunk
from grokdesk.domain.errors import (
    GrokdeskError,
    IncompleteReplyError,
    KeyLimitError,
    ProtocolChangedError,
)
from grokdesk.kernel.clock import Clock
from grokdesk.kernel.tasks import TaskSupervisor
from grokdesk.services.calls import Call
from grokdesk.services.chat import ChatService
from grokdesk.services.gateway import GatewayService
from grokdesk.services.response_memory import ResponseMemory
from grokdesk.services.response_record import (
    Answer,
    ResponseState,
    StoredResponse,
    encode_answer,
    from_row,
    to_row,
)
from grokdesk.store.errors import StoreError
from grokdesk.store.responses import ResponseRow, ResponseStore

_log = logging.getLogger(__name__)

_ROUTE = "responses"
_AT_ONCE = 16
_MOST = 1000
_MOST_BYTES = 512 << 20
"""Of what all of them were asked."""
_BUSY_S = 30.0
_RUNS = 2
"""A job that was interrupted is run again, once."""
_STOP_S = 5.0
_CRASHED = "Something went wrong inside Grokdesk."
_INTERRUPTED = "Grokdesk was stopped twice while this response was being made."

encode_request = msgspec.json.encode
decode_request = msgspec.json.Decoder(ChatRequest).decode


class Job:
    """One response in the making; its chunks so far can be followed."""

    __slots__ = ("_news", "chunks", "request", "response", "task")

    def __init__(self, response: StoredResponse, request: ChatRequest) -> None:
        self.response = response
        self.request = request
        self.chunks: list[Chunk] = []
        self.task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    @property
    def is_over(self) -> bool:
        return self.response.state not in (ResponseState.QUEUED, ResponseState.RUNNING)

    @property
    def news(self) -> asyncio.Event:
        """Set once there is another chunk, or another state, than when it was asked for."""
        return self._news

    async def emit(self, chunk: Chunk) -> None:
        self.chunks.append(chunk)
        self._tell()

    def change(self, state: ResponseState, answer: Answer | None = None) -> None:
        self.response = replace(
            self.response, state=state, answer=answer if answer is not None else Answer()
        )
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class ResponseJobs:
    """Runs jobs, a few at a time, and writes down how they end."""

    def __init__(
        self,
        store: ResponseStore,
        memory: ResponseMemory,
        chat: ChatService,
        gateway: GatewayService,
        tasks: TaskSupervisor,
        clock: Clock,
    ) -> None:
        self._store = store
        self._memory = memory
        self._chat = chat
        self._gateway = gateway
        self._tasks = tasks
        self._clock = clock
        self._jobs: dict[str, Job] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._born_at = clock.now()

    def find(self, id: str, key_id: str) -> Job | None:
        job = self._jobs.get(id)
        return job if job is not None and job.response.key_id == key_id else None

    def of_key(self, key_id: str) -> tuple[Job, ...]:
        return tuple(job for job in self._jobs.values() if job.response.key_id == key_id)

    async def start(
        self,
        response: StoredResponse,
        request: ChatRequest,
        release: Callable[[], object],
        *,
        on_disk: bool,
    ) -> Job:
        """`release` is called when the job is over, however that comes.

        Raise StoreError or KeyLimitError; then there is no job, and nothing is released.
        """
        asked = sum(len(job.response.input) for job in self._jobs.values())
        if len(self._jobs) >= _MOST or asked + len(response.input) > _MOST_BYTES:
            raise KeyLimitError(
                "Too many responses are being made in the background.", retry_after=_BUSY_S
            )
        response = replace(response, state=ResponseState.QUEUED, in_background=True)
        if on_disk:
            try:
                await self._store.insert(to_row(response, encode_request(request)))
            except asyncio.CancelledError:
                # It is written nevertheless, and its client left before it knew the id.
                forgotten = self._store.delete(response.id, response.key_id)
                self._tasks.run_soon(forgotten, name=f"forget {response.id}")
                raise
        return self._launch(response, request, release)

    async def resume(self, check_key: Callable[[str], object]) -> None:
        """Run again what an earlier process left; once, when the program starts.

        `check_key` raises KeyEndedError for the id of a key that may not be used any more.
        """
        for row in await self._store.unfinished(self._born_at):
            try:
                self._resume(row, check_key)
            except GrokdeskError as error:
                answer = self._failure(type(error).__name__, str(error))
                await self._store.finish(row.id, ResponseState.FAILED, encode_answer(answer))
                _log.warning("%s is not made any more: %s", row.id, error)

    async def fail(self, job: Job, error: GrokdeskError) -> None:
        """Stop it for a reason of ours."""
        await self._stop(job)
        if not job.is_over:
            answer = self._failure(type(error).__name__, str(error), job)
            await self._end(job, ResponseState.FAILED, answer)

    async def cancel(self, job: Job) -> StoredResponse:
        """What became of it: it may have ended by itself just before."""
        await self._stop(job)
        if not job.is_over:
            await self._end(job, ResponseState.CANCELLED, Answer(ended_at=self._clock.now()))
        return job.response

    async def _stop(self, job: Job) -> None:
        """The call upstream is over when this returns."""
        task = job.task
        if task is not None and not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=_STOP_S)

    def _resume(self, row: ResponseRow, check_key: Callable[[str], object]) -> None:
        """Raise GrokdeskError when it cannot be run, or must not."""
        if row.runs >= _RUNS:
            raise IncompleteReplyError(_INTERRUPTED)
        check_key(row.key_id)
        try:
            request = decode_request(row.request or b"")
        except msgspec.DecodeError:  # written by another version
            raise ProtocolChangedError("This request can no longer be read.") from None
        response = replace(from_row(row), state=ResponseState.QUEUED)
        self._gateway.count(1)
        self._launch(response, request, lambda: self._gateway.count(-1))
        _log.info("%s: runs again, as it was interrupted", row.id)

    def _launch(
        self, response: StoredResponse, request: ChatRequest, release: Callable[[], object]
    ) -> Job:
        job = Job(response, request)
        self._jobs[response.id] = job
        job.task = self._tasks.spawn(self._run(job), name=f"response {response.id}")
        # Not inside of the task: one that is cancelled early never begins.
        job.task.add_done_callback(lambda _task: self._leave(job, release))
        return job

    def _leave(self, job: Job, release: Callable[[], object]) -> None:
        self._jobs.pop(job.response.id, None)
        release()

    async def _run(self, job: Job) -> None:
        async with self._slots:
            response = job.response
            call = Call(response.id, _ROUTE, response.key_id)
            try:
                await self._begin(job)
                result = await self._chat.run(job.request, job.emit, call)
            except GrokdeskError as error:
                answer = self._failure(type(error).__name__, str(error), job)
                await self._end(job, ResponseState.FAILED, answer)
            except Exception:  # noqa: BLE001 - a border: a job must not be run for ever
                _log.exception("%s failed", response.id)
                await self._end(
                    job, ResponseState.FAILED, self._failure("GrokdeskError", _CRASHED, job)
                )
            else:
                answer = Answer(
                    tuple(job.chunks), result.reason, result.tokens, ended_at=self._clock.now()
                )
                await self._end(job, ResponseState.DONE, answer)

    async def _begin(self, job: Job) -> None:
        """Counted before anybody sees it: a crash right after that was one of its runs."""
        await self._store.begin(job.response.id, ResponseState.RUNNING)
        job.change(ResponseState.RUNNING)

    async def _end(self, job: Job, state: ResponseState, answer: Answer) -> None:
        """On the disk before anybody hears of it."""
        saved = False
        try:
            saved = await self._store.finish(job.response.id, state, encode_answer(answer))
        except StoreError as error:
            _log.error("%s is kept in memory alone: %s", job.response.id, error)
        job.change(state, answer)
        if not saved:
            self._memory.put(job.response)

    def _failure(self, error: str, problem: str, job: Job | None = None) -> Answer:
        chunks = tuple(job.chunks) if job is not None else ()
        return Answer(chunks, error=error, problem=problem, ended_at=self._clock.now())
