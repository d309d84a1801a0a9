"""The OS keyring, behind a thread of its own because any call may hang on a password prompt."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from grokdesk.domain.errors import VaultLockedError
from grokdesk.kernel.clock import Clock, SystemClock
from grokdesk.store.worker import Job, WorkerThread

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_log = logging.getLogger(__name__)

T = TypeVar("T")

LIMIT_S = 20.0

_REFUSED = ("keyrings.alt.", "keyring.backends.fail.", "keyring.backends.null.")
_LOCKED = frozenset({"KeyringLocked", "InitError", "LockedException", "PromptDismissedException"})
_PROBE = "probe"


class OsKeyring:
    """Secrets by user name under one service name. Every method raises VaultLockedError alone.

    A call that takes longer than the limit is given up, and until the thread is free again the
    next ones fail at once.
    """

    def __init__(
        self,
        service_name: str,
        *,
        find_backend: "Callable[[], KeyringBackend] | None" = None,
        limit_s: float = LIMIT_S,
        clock: Clock | None = None,
    ) -> None:
        self._service = service_name
        self._find_backend = find_backend or find_proper_backend
        self._limit_s = limit_s
        self._clock = clock or SystemClock()
        self._backend: KeyringBackend | None = None
        self._busy_since: float | None = None
        self._worker: WorkerThread | None = None

    async def get(self, user: str) -> str | None:
        return await self._call(lambda backend: backend.get_password(self._service, user))

    async def put(self, user: str, secret: str) -> None:
        """Store and read back: a keyring that returns something else has not kept it."""
        await self._call(lambda backend: backend.set_password(self._service, user, secret))
        if await self.get(user) != secret:
            await self.delete(user)
            raise VaultLockedError("The OS keyring did not give back what was stored in it.")

    async def delete(self, user: str) -> bool:
        """Whether there was such an entry."""
        return await self._call(partial(_delete, self._service, user))

    async def check(self) -> None:
        """Prove with a harmless entry that it can be written, read and deleted."""
        await self.put(_PROBE, "ok")
        await self.delete(_PROBE)

    def close(self) -> None:
        """A call that hangs is left behind; it cannot keep the program alive."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    async def _call(self, work: "Callable[[KeyringBackend], T]") -> T:
        if self._is_stuck():
            raise VaultLockedError(_silent(self._limit_s))
        future = self._thread().submit(Job(None, lambda: work(self._found_backend())))
        try:
            while not future.done():
                await asyncio.wait([future], timeout=self._patience())
                if not future.done() and self._is_stuck():
                    raise VaultLockedError(_silent(self._limit_s))
            result: T = future.result()
            return result
        finally:
            future.cancel()

    def _thread(self) -> WorkerThread:
        if self._worker is None:
            self._worker = WorkerThread("grokdesk-keyring", self._run, batches=False)
            self._worker.start()
        return self._worker

    def _is_stuck(self) -> bool:
        return self._elapsed() >= self._limit_s

    def _patience(self) -> float:
        """A call that queues behind others may wait longer: only one of them can be stuck."""
        return max(0.01, self._limit_s - self._elapsed())

    def _elapsed(self) -> float:
        since = self._busy_since
        return 0.0 if since is None else self._clock.monotonic() - since

    def _run(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._busy_since = self._clock.monotonic()
            try:
                job.result = job.work()
            except Exception as error:  # noqa: BLE001 - a border: backends raise what they like
                job.error = _explain(error)
            finally:
                self._busy_since = None

    def _found_backend(self) -> "KeyringBackend":
        if self._backend is None:
            self._backend = self._find_backend()
        return self._backend


def find_proper_backend() -> "KeyringBackend":
    """The keyring that the system or the user's configuration offers, if it keeps secrets."""
    # A tenth of a second that a start without it saves; the same below.
    import keyring.core

    keyring.core.init_backend(limit=is_proper)
    backend = _best(_members(keyring.core.get_keyring()))
    if backend is None and not (keyring.core.load_env() or keyring.core.load_config()):
        backend = _there_by_now()
    if backend is None:
        raise VaultLockedError("This system offers no keyring that keeps secrets safe.")
    return backend


def _there_by_now() -> "KeyringBackend | None":
    """The system's keyring may come up after us, or may have been slow.

    keyring (25.7) asks each kind only once in a process whether it can be used, and gives D-Bus one
    second to answer.
    """
    from keyring.backend import KeyringBackend

    able = [kind() for kind in KeyringBackend.get_viable_backends()]
    able.sort(key=lambda backend: float(backend.priority), reverse=True)
    return _best([member for backend in able for member in _members(backend)])


def _best(backends: "Sequence[KeyringBackend]") -> "KeyringBackend | None":
    return next((backend for backend in backends if is_proper(backend)), None)


def is_proper(backend: object) -> bool:
    """By name, as those that store plain text or nothing at all look like any other."""
    names = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(backend).__mro__]
    return not any(name.startswith(_REFUSED) or "plaintext" in name.lower() for name in names)


def _members(backend: "KeyringBackend") -> "Sequence[KeyringBackend]":
    """A chain is asked for its members, best first: it would write to whichever comes first."""
    from keyring.backends.chainer import ChainerBackend

    if not isinstance(backend, ChainerBackend):
        return [backend]
    members: Sequence[KeyringBackend] = backend.backends
    return members


def _delete(service: str, user: str, backend: "KeyringBackend") -> bool:
    from keyring.errors import PasswordDeleteError

    try:
        backend.delete_password(service, user)
    except PasswordDeleteError:
        if backend.get_password(service, user) is not None:
            raise
        return False
    return True


def _explain(error: Exception) -> VaultLockedError:
    """Without the backend's own words: nobody knows what they quote."""
    if isinstance(error, VaultLockedError):
        return error
    kinds = {kind.__name__ for kind in type(error).__mro__}
    _log.info("the OS keyring raised %s", type(error).__name__)
    if kinds & _LOCKED:
        return VaultLockedError("The OS keyring is locked; unlock it and try again.")
    if "NoKeyringError" in kinds:
        return VaultLockedError("This system offers no keyring that keeps secrets safe.")
    return VaultLockedError(f"The OS keyring cannot be used ({type(error).__name__}).")


def _silent(limit_s: float) -> str:
    return (
        f"The OS keyring has not answered for {limit_s:.0f} seconds; "
        "look for its password prompt, then try again."
    )
