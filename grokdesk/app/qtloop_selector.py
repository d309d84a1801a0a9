"""The loop for Linux and macOS: Qt watches one descriptor, that of asyncio's own selector."""

import selectors
import socket
import sys

from PySide6.QtCore import QCoreApplication, QEventLoop, QSocketNotifier, QTimer

from grokdesk.app.qtloop_driver import QtDrivenLoop

_PROBE_MS = 250

if sys.platform != "win32":

    class SelectorQtEventLoop(QtDrivenLoop):
        """epoll and kqueue have a descriptor that is readable when one of theirs is ready."""

        def __init__(self, app: QCoreApplication) -> None:
            selector = _PollingSelector()
            super().__init__(app, selector)
            self._notifier = QSocketNotifier(selector.fileno(), QSocketNotifier.Type.Read)
            self._notifier.setEnabled(False)
            self._notifier.activated.connect(self._on_readable)

        def _on_readable(self) -> None:
            if not self._on_io():
                self._suspend_io()  # it stays readable: Qt would call for ever

        def _resume_io(self) -> None:
            self._notifier.setEnabled(True)

        def _suspend_io(self) -> None:
            self._notifier.setEnabled(False)

    class _PollingSelector(selectors.DefaultSelector):
        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            del timeout  # Qt does the waiting
            return super().select(0)

    def qt_can_watch_selectors() -> bool:
        """Known of Linux; elsewhere it is tried out."""
        if not hasattr(selectors.DefaultSelector, "fileno"):
            return False
        return sys.platform == "linux" or qt_notices_selectors()

    def qt_notices_selectors() -> bool:
        """Runs a Qt loop until a descriptor that is ready inside a selector has been noticed."""
        reader, writer = socket.socketpair()
        with reader, writer, selectors.DefaultSelector() as selector:
            selector.register(reader, selectors.EVENT_READ)
            wait = QEventLoop()
            notifier = QSocketNotifier(selector.fileno(), QSocketNotifier.Type.Read)
            notifier.activated.connect(lambda: wait.exit(1))
            QTimer.singleShot(_PROBE_MS, wait.quit)
            writer.send(b"\0")
            noticed = wait.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
            notifier.setEnabled(False)
        return noticed == 1
