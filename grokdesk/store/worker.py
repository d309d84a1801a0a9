"""A thread that works through a queue, for any number of asyncio loops."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any


class Job:
    """Work to do, who waits for it and how it ended."""

    __slots__ = ("error", "future", "kind", "loop", "result", "work")

    def __init__(self, kind: object, work: Any) -> None:
        self.kind = kind
        self.work = work
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.result: Any = None
        self.error: Exception | None = None


class WorkerThread:
    """`run` gets what is queued when the thread is free and fills in `result` or `error`.

    Once submitted, work is done: cancelling the waiter only ends the waiting. The thread is a
    daemon, so that work that hangs cannot keep the program from ending.
    """

    def __init__(
        self, name: str, run: Callable[[Sequence[Job]], None], *, batches: bool = True
    ) -> None:
        self._run = run
        self._batches = batches
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, job: Job) -> asyncio.Future[Any]:
        self._queue.put(job)
        return job.future

    def stop(self) -> None:
        """Let the thread end after what is queued already; does not wait."""
        self._queue.put(None)

    def join(self) -> None:
        self._thread.join()

    def _work(self) -> None:
        while True:
            batch = [self._queue.get()]
            while self._batches and not self._queue.empty():
                batch.append(self._queue.get())
            jobs = [job for job in batch if job is not None]
            if jobs:
                self._run_safely(jobs)
                _deliver(jobs)
            if len(jobs) < len(batch):
                return

    def _run_safely(self, jobs: Sequence[Job]) -> None:
        try:
            self._run(jobs)
        except Exception as error:  # noqa: BLE001 - a border: nobody may wait for ever
            for job in jobs:
                job.error = job.error or error


def _deliver(jobs: Sequence[Job]) -> None:
    """Wake each waiting loop once, however many of its jobs are done."""
    first = jobs[0].loop
    mine = [job for job in jobs if job.loop is first]
    # A closed loop cannot be woken, and nobody waits on it any more.
    with contextlib.suppress(RuntimeError):
        first.call_soon_threadsafe(_settle, mine)
    if len(mine) < len(jobs):
        _deliver([job for job in jobs if job.loop is not first])


def _settle(jobs: Sequence[Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
