"""Runs queued work in one transaction, so that one wait for the disk serves everybody."""

import sqlite3
from collections.abc import Sequence

from grokdesk.store.errors import explain
from grokdesk.store.worker import Job


def commit(raw: sqlite3.Connection, jobs: Sequence[Job]) -> None:
    """Never raises: how each job ended is in the job, whose work is a function."""
    try:
        _transact(raw, jobs)
    except Exception as error:  # noqa: BLE001 - a border: handed to the waiters
        for job in jobs:
            job.error = explain(error)


def _transact(raw: sqlite3.Connection, jobs: Sequence[Job]) -> None:
    raw.execute("BEGIN IMMEDIATE")
    try:
        if len(jobs) == 1:
            jobs[0].result = jobs[0].work()
        else:
            for job in jobs:
                _run_apart(raw, job)
        raw.execute("COMMIT")
    finally:
        if raw.in_transaction:
            raw.rollback()


def _run_apart(raw: sqlite3.Connection, job: Job) -> None:
    """An error stays with its job, unless SQLite gave up the whole transaction."""
    raw.execute("SAVEPOINT step")
    try:
        job.result = job.work()
    except Exception as error:
        if not raw.in_transaction:
            raise
        raw.execute("ROLLBACK TO step")
        job.error = explain(error)
    raw.execute("RELEASE step")
