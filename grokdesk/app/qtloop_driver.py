"""What both Qt loops share: asyncio keeps its queues and timers, Qt does the waiting.

asyncio's `run_forever` calls `_run_once` again and again; here it is called once and lends the
thread to Qt. Qt calls back for three reasons (something was scheduled from a slot, a deadline has
come, a file descriptor is ready) and each time asyncio gets a turn: a *tick*.
"""

import asyncio
import collections
import logging
import sys
import weakref
from collections.abc import Callable
from contextvars import Context
from time import monotonic
from typing import Any, TypeVarTuple

from PySide6.QtCore import QCoreApplication

from grokdesk.app.qtloop_base import AsyncioByQasync
from grokdesk.app.qtloop_calls import NEVER, QtCalls
from grokdesk.app.qtloop_signals import let_signals_wake, signals_end_the_wait

logger = logging.getLogger(__name__)

TURN = 0.004
"""Seconds that asyncio may keep the thread before Qt gets all that is due to it."""

FAILING_WATCH_PAUSE = 0.02
"""Seconds without I/O after the callback of a file descriptor has failed twice."""

_Ts = TypeVarTuple("_Ts")


class QtDrivenLoop(AsyncioByQasync):
    """Callbacks run in ticks, a nested Qt loop inside one of them merely pauses asyncio.

    A subclass says where I/O comes from: its selector never waits, and it calls `_on_io` when Qt
    has seen a ready descriptor.
    """

    def __init__(self, app: QCoreApplication, selector: Any) -> None:
        super().__init__(selector)
        self._ready = self._queue = _ReadyQueue()
        self._app = app
        self._qt = QtCalls(self._on_wake, self._on_deadline)
        self._in_qt = False
        self._in_tick = False
        self._wake_pending = False
        self._batch_left = 0
        self._io_paused_until = 0.0
        self._failed = weakref.WeakSet[asyncio.Handle]()
        self._failure: BaseException | None = None

    def _resume_io(self) -> None:
        """Lets Qt watch for I/O (again)."""
        raise NotImplementedError

    def _suspend_io(self) -> None:
        """Keeps Qt from watching for I/O."""
        raise NotImplementedError

    def call_at(
        self,
        when: float,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        timer = super().call_at(when, callback, *args, context=context)
        if not self._in_tick:
            self._wake()
        return timer

    def _call_soon(
        self, callback: Callable[..., object], args: Any, context: Context | None
    ) -> asyncio.Handle:
        handle = super()._call_soon(callback, args, context)
        if not self._in_tick:
            self._wake()
        return handle

    def _write_to_self(self) -> None:
        self._wake()

    def stop(self) -> None:
        super().stop()
        if not self._in_tick:
            self._wake()

    def close(self) -> None:
        super().close()
        self._qt.let_go()

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        super().call_exception_handler(context)
        handle = context.get("handle")
        if handle in self._failed:
            # Only the callbacks of descriptors and signals can fail twice. One that does not take
            # its data would be called again at once, for ever.
            self._io_paused_until = monotonic() + FAILING_WATCH_PAUSE
        elif handle is not None:
            self._failed.add(handle)

    def remove_signal_handler(self, sig: int) -> bool:
        removed = super().remove_signal_handler(sig)
        if self._in_qt:
            let_signals_wake(self._csock.fileno())
        return removed

    # Lending the thread to Qt

    def _run_once(self) -> None:
        self._check_qt_is_free()
        with signals_end_the_wait(self._csock.fileno(), self._on_ctrl_c, self._keeps_wakeup_fd):
            self._lend_thread()
        self._stopping = True  # also when something else has ended Qt's loop
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _check_qt_is_free(self) -> None:
        thread = self._app.thread()
        if not thread.isCurrentThread():
            raise RuntimeError("The Qt event loop runs in the thread of its application only")
        if thread.loopLevel() > 0:
            raise RuntimeError("A Qt event loop is running already")

    def _lend_thread(self) -> None:
        self._in_qt = True
        self._wake_pending = False
        self._resume_io()
        self._wake()
        try:
            self._app.exec()
        finally:
            self._in_qt = False
            self._suspend_io()
            self._qt.forget_deadline()

    def _keeps_wakeup_fd(self) -> bool:
        return sys.platform == "win32" or bool(self._signal_handlers)

    def _on_ctrl_c(self) -> None:
        if self._failure is not None:  # the second time: a callback does not come to its end
            raise KeyboardInterrupt
        self._fail(KeyboardInterrupt())

    def _fail(self, failure: BaseException) -> None:
        """Makes run_forever raise it."""
        self._failure = failure
        self._app.exit()

    # Ticks

    def _wake(self) -> None:
        """Asks for a tick after everything that Qt has to do now. From any thread."""
        if self._in_qt and not self._wake_pending:
            self._wake_pending = True
            self._qt.woken.emit()

    def _on_wake(self) -> None:
        self._wake_pending = False
        if self._may_tick():
            self._run_tick()

    def _on_deadline(self) -> None:
        if self._io_paused_until <= monotonic():
            self._io_paused_until = 0.0
        if self._may_tick():
            self._run_tick()

    def _on_io(self) -> bool:
        """For subclasses, when Qt sees a ready descriptor. False: the loop cannot look now."""
        if self._io_paused_until or not self._may_tick():
            return False
        self._run_tick()
        return True

    def _may_tick(self) -> bool:
        """False when a tick is to come anyway, or a callback waits in a nested Qt loop."""
        return self._in_qt and not self._in_tick and not self._wake_pending

    def _run_tick(self) -> None:
        self._in_tick = True
        try:
            if self._run_batches(monotonic() + TURN) and self._failure is None:
                self._wait_in_qt()
            else:
                self._app.exit()
        except BaseException as exc:  # noqa: BLE001 - Qt cannot carry it; run_forever raises it
            self._fail(exc)
        finally:
            self._in_tick = False

    def _run_batches(self, deadline: float) -> bool:
        """As asyncio does: run what is ready, then what that has made ready. False after stop()."""
        polled = False
        while True:
            if not self._batch_left:
                if not polled or self._timer_is_due():
                    super()._run_once()
                    polled = True
                self._batch_left = self._queue.size()
            self._run_batch(deadline)
            if not self._batch_left and self._stopping:
                return False
            if not self._queue.size() or monotonic() >= deadline:
                return True

    def _timer_is_due(self) -> bool:
        return bool(self._scheduled) and self._scheduled[0].when() <= monotonic()

    def _run_batch(self, deadline: float) -> None:
        popleft, left, debug = self._queue.popleft, self._batch_left, self.get_debug()
        try:
            while left:
                left -= 1
                handle = popleft()
                if handle.cancelled():
                    continue
                if debug:
                    self._run_logged(handle)
                else:
                    handle._run()  # noqa: SLF001 - as asyncio's own _run_once
                if monotonic() >= deadline:
                    return
        finally:
            self._batch_left = left

    def _run_logged(self, handle: asyncio.Handle) -> None:
        self._current_handle = handle
        started = monotonic()
        try:
            handle._run()  # noqa: SLF001
        finally:
            self._current_handle = None
        took = monotonic() - started
        if took >= self.slow_callback_duration:
            logger.warning("Executing %r took %.3f seconds", handle, took)

    def _wait_in_qt(self) -> None:
        if self._queue.size():
            self._wake()
        if self._wake_pending:  # the next tick will see to the rest
            return
        if not self._io_paused_until:
            self._resume_io()
        self._set_timer()

    def _set_timer(self) -> None:
        due = self._scheduled[0].when() if self._scheduled else NEVER
        if self._io_paused_until:
            due = min(due, self._io_paused_until)
        self._qt.call_at(due)


class _ReadyQueue(collections.deque[asyncio.Handle]):
    """asyncio takes it for empty: its `_run_once` adds what has become due and runs nothing.

    So the loop can stop in the middle of a long batch, without a copy of asyncio's code.
    """

    def __len__(self) -> int:
        return 0

    size = collections.deque.__len__
