"""Runs queued work in one transaction, so that one wait for the disk serves everybody."""

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from grokdesk.store.errors import StoreError, explain
from grokdesk.store.worker import Job

CALL, ROW = object(), object()
"""Kinds of job: `work` is a function, or a pair of a sink and one row for it."""


class Step:
    """What succeeds or fails as one: a call, or all rows that go to the same sink."""

    __slots__ = ("jobs", "work")

    def __init__(self, jobs: list[Job], work: Callable[[], Any]) -> None:
        self.jobs = jobs
        self.work = work

    def run(self) -> None:
        self.jobs[0].result = self.work()

    def fail(self, error: Exception) -> None:
        for job in self.jobs:
            job.error = explain(error)


def commit(raw: sqlite3.Connection, jobs: Sequence[Job]) -> None:
    """Never raises: how each job ended is in the job."""
    steps = _steps(jobs)
    try:
        _transact(raw, steps)
    except Exception as error:  # noqa: BLE001 - a border: handed to the waiters
        if _one_row_may_be_at_fault(steps, error):
            _commit_one_by_one(raw, steps[0].jobs)
        else:
            for step in steps:
                step.fail(error)


def _steps(jobs: Sequence[Job]) -> list[Step]:
    """Each step stands where its first job was queued."""
    steps: list[Step] = []
    gathered: dict[Any, list[Job]] = {}
    for job in jobs:
        if job.kind is CALL:
            steps.append(Step([job], job.work))
            continue
        sink, _ = job.work
        if sink in gathered:
            gathered[sink].append(job)
        else:
            gathered[sink] = [job]
            steps.append(Step(gathered[sink], partial(_feed, sink, gathered[sink])))
    return steps


def _feed(sink: Callable[[Sequence[Any]], None], jobs: Sequence[Job]) -> None:
    sink([job.work[1] for job in jobs])


def _transact(raw: sqlite3.Connection, steps: list[Step]) -> None:
    raw.execute("BEGIN IMMEDIATE")
    try:
        if len(steps) == 1:
            steps[0].run()
        else:
            for step in steps:
                _run_apart(raw, step)
        raw.execute("COMMIT")
    finally:
        if raw.in_transaction:
            raw.rollback()


def _run_apart(raw: sqlite3.Connection, step: Step) -> None:
    """An error stays with its step, unless SQLite gave up the whole transaction."""
    raw.execute("SAVEPOINT step")
    try:
        step.run()
    except Exception as error:
        if not raw.in_transaction:
            raise
        raw.execute("ROLLBACK TO step")
        if _one_row_may_be_at_fault([step], error):
            for job in step.jobs:
                _run_apart(raw, _steps([job])[0])
        else:
            step.fail(error)
    raw.execute("RELEASE step")


def _one_row_may_be_at_fault(steps: list[Step], error: Exception) -> bool:
    return len(steps) == 1 and len(steps[0].jobs) > 1 and not isinstance(explain(error), StoreError)


def _commit_one_by_one(raw: sqlite3.Connection, jobs: Sequence[Job]) -> None:
    for job in jobs:
        commit(raw, [job])
