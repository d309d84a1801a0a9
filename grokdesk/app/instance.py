"""One running program per profile."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import filelock

from grokdesk.domain.errors import ConflictError


class AlreadyRunningError(ConflictError):
    """Another process holds the profile."""


@contextlib.contextmanager
def sole_instance(lock_file: Path, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the profile; the system frees it when the process dies, however it dies.

    Raise AlreadyRunningError when another process still holds it after `wait_s` seconds.
    """
    lock = filelock.FileLock(lock_file, mode=0o600)
    try:
        lock.acquire(timeout=wait_s)
    except filelock.Timeout:
        raise AlreadyRunningError("Grokdesk is already running with this profile.") from None
    try:
        yield
    finally:
        lock.release()
