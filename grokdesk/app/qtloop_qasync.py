"""The loop for Windows, where Qt cannot watch a selector: readiness comes to us one by one.

On Unix it serves where Qt turns out unable to watch the selector, and the tests.
"""

import selectors
import sys
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QSocketNotifier, Qt, Signal, Slot

from grokdesk.app.qtloop_driver import QtDrivenLoop

if sys.platform == "win32":
    from qasync._windows import _EventPoller, _IocpProactor

    class QasyncBatchedEventLoop(QtDrivenLoop):
        """Completions come from qasync's poller thread, by a signal."""

        def __init__(self, app: QCoreApplication) -> None:
            super().__init__(app, _IocpProactor())
            self._selector = self._completions = _Completions()
            self._arrivals = _Arrivals(self._on_completions)
            self._poller = _EventPoller(self._arrivals.came)
            self._polls = False

        def _write_to_self(self) -> None:
            self._wake()

        def _on_completions(self, completions: list[Any]) -> None:
            self._completions.put(completions)
            self._on_io()

        def _resume_io(self) -> None:
            if not self._polls:
                self._polls = True
                self._poller.start(self._proactor)
            if self._completions:
                self._wake()

        def _suspend_io(self) -> None:
            self._polls = False
            self._poller.stop()

    class _Completions:
        """Stands where asyncio polls; `_process_events` of qasync sets the futures."""

        def __init__(self) -> None:
            self._waiting: list[Any] = []

        def __bool__(self) -> bool:
            return bool(self._waiting)

        def put(self, completions: list[Any]) -> None:
            self._waiting.extend(completions)

        def select(self, timeout: float | None = None) -> list[Any]:
            del timeout  # Qt does the waiting
            completions, self._waiting = self._waiting, []
            return completions

    class _Arrivals(QObject):
        came = Signal(list)

        def __init__(self, on_completions: Callable[[list[Any]], None]) -> None:
            super().__init__()
            self._on_completions = on_completions
            self.came.connect(self._hand_over, Qt.ConnectionType.QueuedConnection)

        @Slot(list)
        def _hand_over(self, completions: list[Any]) -> None:
            self._on_completions(completions)

else:

    class QasyncBatchedEventLoop(QtDrivenLoop):
        """One enabled notifier per descriptor and direction; its callback runs at once."""

        def __init__(self, app: QCoreApplication) -> None:
            self._notifiers = _NotifierSelector(self._on_ready)
            super().__init__(app, self._notifiers)

        def _write_to_self(self) -> None:
            self._wake()

        def _on_ready(self, fd: int, event: int) -> None:
            ...

        def _resume_io(self) -> None:
            self._notifiers.resume()

        def _suspend_io(self) -> None:
            self._notifiers.suspend()
