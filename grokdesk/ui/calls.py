"""Run a coroutine for a click: the button waits, a failure is told in place."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

import shiboken6
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QAbstractButton

from grokdesk.domain.errors import GrokdeskError
from grokdesk.kernel.clock import Clock
from grokdesk.kernel.tasks import TaskSupervisor
from grokdesk.ui.sentences import Explanation, explain
from grokdesk.ui.spinner import Spinner

_SPINNER_AFTER_MS = 200

T = TypeVar("T")


class TellsErrors(Protocol):
    """Where a failure of the call is shown, beside what was clicked."""

    def show_error(self, explanation: Explanation) -> None: ...

    def clear(self) -> None: ...


class Calls:
    """Never opens a nested loop; the task belongs to the supervisor."""

    def __init__(self, tasks: TaskSupervisor, clock: Clock) -> None:
        self._tasks = tasks
        self._clock = clock

    def run(
        self,
        coroutine: Coroutine[Any, Any, T],
        *,
        name: str,
        busy: QAbstractButton | None = None,
        info: TellsErrors | None = None,
        done: Callable[[T], object] | None = None,
    ) -> None:
        """Like `begin`, for calls that nobody stops."""
        _ = self.begin(coroutine, name=name, busy=busy, info=info, done=done)

    def begin(
        self,
        coroutine: Coroutine[Any, Any, T],
        *,
        name: str,
        busy: QAbstractButton | None = None,
        info: TellsErrors | None = None,
        done: Callable[[T], object] | None = None,
    ) -> asyncio.Task[T | None]:
        """`done` gets the result, on success only, and while the widget of `info` lives."""
        if info is not None:
            info.clear()
        waiting = _Waiting(busy) if busy is not None else None
        telling = self._told(coroutine, info, done)
        task: asyncio.Task[T | None] = self._tasks.spawn(telling, name=name)
        task.add_done_callback(lambda ended: self._ended(ended, waiting, info))
        # A task that is cancelled before its first step never gets to the coroutine.
        task.add_done_callback(lambda _ended: coroutine.close())
        return task

    async def _told(
        self,
        coroutine: Coroutine[Any, Any, T],
        info: TellsErrors | None,
        done: Callable[[T], object] | None,
    ) -> T | None:
        try:
            result = await coroutine
        except GrokdeskError as error:
            self._tell(error, info)
            return None
        if done is not None and (info is None or shiboken6.isValid(info)):
            done(result)
        return result

    def _ended(
        self, task: asyncio.Task[Any], waiting: "_Waiting | None", info: TellsErrors | None
    ) -> None:
        if waiting is not None:
            waiting.end()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._tell(error, info)

    def _tell(self, error: BaseException, info: TellsErrors | None) -> None:
        if info is not None and shiboken6.isValid(info):
            info.show_error(explain(error, self._clock.now()))


class _Waiting:
    """The button cannot be pressed twice; a spinner shows when it takes noticeably long."""

    def __init__(self, button: QAbstractButton) -> None:
        self._button = button
        self._had_focus = button.hasFocus()
        self._spinner: Spinner | None = None
        button.setEnabled(False)
        self._timer = QTimer(button, interval=_SPINNER_AFTER_MS, singleShot=True)
        self._timer.timeout.connect(self._spin)
        self._timer.start()

    def end(self) -> None:
        if not shiboken6.isValid(self._button):
            return
        self._timer.stop()
        self._timer.deleteLater()
        if self._spinner is not None:
            self._spinner.deleteLater()
        self._button.setEnabled(True)
        if self._had_focus:
            self._button.setFocus()

    def _spin(self) -> None:
        self._spinner = Spinner(self._button)
        self._spinner.cover(self._button)
