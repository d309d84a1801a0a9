"""Background tasks that are neither lost nor silent."""

import asyncio
import contextvars
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

_log = logging.getLogger(__name__)

T = TypeVar("T")


class TaskSupervisor:
    """Owns every task that outlives the call that started it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(
        self,
        coroutine: Coroutine[Any, Any, T],
        *,
        name: str,
        context: contextvars.Context | None = None,
        awaited: bool = False,
    ) -> asyncio.Task[T]:
        """A crash is logged with its traceback, unless the caller promises to await the task."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(coroutine, name=name, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard if awaited else self._ended)
        return task

    def run_soon(self, coroutine: Coroutine[Any, Any, Any], *, name: str) -> None:
        """Like `spawn`, for a caller that will not wait."""
        _ = self.spawn(coroutine, name=name)

    async def stop(self, timeout: float = 5.0) -> None:
        """Cancel what still runs and wait for it; called once, at the end."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=timeout)
            for task in late:
                _log.warning("the task %s did not end in %.0f s", task.get_name(), timeout)

    def __len__(self) -> int:
        return len(self._tasks)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("the task %s crashed", task.get_name(), exc_info=error)
