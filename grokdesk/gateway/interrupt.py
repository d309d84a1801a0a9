"""Ending a running call from our side, told apart from a client that left."""

import asyncio
from types import TracebackType
from typing import Self

from grokdesk.domain.errors import GrokdeskError


class Interruptible:
    """A block of the current task that `interrupt` ends with an error."""

    __slots__ = ("_calls", "_cancelling", "_error", "_task", "key_id")

    def __init__(self, calls: "RunningCalls", key_id: str) -> None:
        self.key_id = key_id
        self._calls = calls
        self._error: GrokdeskError | None = None

    def interrupt(self, error: GrokdeskError) -> None:
        """Takes effect when the block next waits for something. The first error counts."""
        if self._error is None:
            self._error = error
            self._task.cancel()

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("an interruptible block needs a task")
        self._task = task
        self._cancelling = task.cancelling()
        self._calls.add(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._calls.discard(self)
        if self._error is None:
            return
        client_left = self._task.uncancel() > self._cancelling
        if kind is asyncio.CancelledError and not client_left:
            raise self._error from None


class RunningCalls:
    """All interruptible blocks of a gateway, so that it can stop in an orderly way."""

    def __init__(self) -> None:
        self._blocks: set[Interruptible] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    def block(self, key_id: str = "") -> Interruptible:
        """`key_id`: of the API key that it runs for."""
        return Interruptible(self, key_id)

    def add(self, block: Interruptible) -> None:
        self._blocks.add(block)
        self._idle.clear()

    def discard(self, block: Interruptible) -> None:
        self._blocks.discard(block)
        if not self._blocks:
            self._idle.set()

    def interrupt(self, error: GrokdeskError) -> None:
        for block in self._blocks:
            block.interrupt(error)

    def interrupt_key(self, key_id: str, error: GrokdeskError) -> None:
        """End all that runs for this API key."""
        for block in self._blocks:
            if block.key_id == key_id:
                block.interrupt(error)

    async def wait_idle(self, timeout: float) -> bool:
        """Whether all blocks have ended within `timeout` seconds."""
        try:
            await asyncio.wait_for(self._idle.wait(), timeout)
        except TimeoutError:
            return False
        return True

    def __len__(self) -> int:
        return len(self._blocks)
