"""The loop for Windows, where Qt cannot watch a selector: readiness is reported one by one.

On Unix it serves the tests, and the machines where Qt cannot watch the selector after all.
"""

import sys
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal, Slot

from grokdesk.app.qtloop_driver import QtDrivenLoop
from grokdesk.app.qtloop_notifiers import NotifierSelector

if sys.platform == "win32":
    from qasync._windows import _EventPoller, _IocpProactor

    _new_poller: Callable[[Any], Any] = _EventPoller
    _new_proactor: Callable[[], Any] = _IocpProactor

    class QasyncBatchedEventLoop(QtDrivenLoop):
        """Completions come from qasync's poller thread by a signal."""

        def __init__(self, app: QCoreApplication) -> None:
            self._completions = _Completions()
            self._arrivals = _Arrivals(self._on_completions)
            self._poller = _new_poller(self._arrivals.came)
            self._polls = False
            super().__init__(app, _new_proactor())
            self._selector = self._completions  # the proactor itself belongs to the poller

        def _on_completions(self, completions: list[Any]) -> None:
            self._completions.put(completions)
            self._on_io()

        def _resume_io(self) -> None:
            if not self._polls:
                self._polls = True
                self._poller.start(self._proactor)
            if self._completions.waiting:  # they came while a callback waited in a nested loop
                self._wake()

        def _suspend_io(self) -> None:
            self._polls = False
            self._poller.stop()

    class _Completions:
        """Stands where asyncio polls; qasync's `_process_events` settles the futures."""

        def __init__(self) -> None:
            self.waiting: list[Any] = []

        def put(self, completions: list[Any]) -> None:
            self.waiting.extend(completions)

        def select(self, timeout: float | None = None) -> list[Any]:
            del timeout  # Qt does the waiting
            completions, self.waiting = self.waiting, []
            return completions

    class _Arrivals(QObject):
        came = Signal(list)

        def __init__(self, on_completions: Callable[[list[Any]], None]) -> None:
            super().__init__()
            self._on_completions = on_completions
            self.came.connect(self._pass_on, Qt.ConnectionType.QueuedConnection)

        @Slot(list)
        def _pass_on(self, completions: list[Any]) -> None:
            self._on_completions(completions)

else:

    class QasyncBatchedEventLoop(QtDrivenLoop):
        """Readiness comes from one notifier per descriptor and direction."""

        def __init__(self, app: QCoreApplication) -> None:
            self._notifiers = NotifierSelector(self._on_io)
            super().__init__(app, self._notifiers)

        def _resume_io(self) -> None:
            self._notifiers.resume()

        def _suspend_io(self) -> None:
            self._notifiers.suspend()
