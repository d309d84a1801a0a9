"""Wishes to quit (menu, Cmd-Q, logout) that leave the time for an orderly shutdown."""

import asyncio
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QSessionManager
from PySide6.QtWidgets import QApplication


class DesktopApplication(QApplication):
    """A QApplication that can put off its Quit events.

    `event` sees those of the application alone. An event filter on the application would run
    Python for each event of each object: 3 µs for every repaint and every turn of the loop.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(arguments)
        self._puts_off_quit: Callable[[], bool] | None = None

    def ask_before_quit(self, puts_off_quit: Callable[[], bool]) -> None:
        self._puts_off_quit = puts_off_quit

    def event(self, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.Quit
            and self._puts_off_quit is not None
            and self._puts_off_quit()
        ):
            event.ignore()  # the answer that macOS gets: not now
            return True
        return super().event(event)


class QuitGuard(QObject):
    """Turns Qt's Quit, which would end the loop at once, into a request to shut down."""

    def __init__(self, app: DesktopApplication) -> None:
        super().__init__()
        self.requested = asyncio.Event()
        self.forced = asyncio.Event()
        self._asked = False
        self._released = False
        app.ask_before_quit(self._puts_off_quit)
        app.commitDataRequest.connect(self._on_logout)

    def request(self) -> None:
        """The user asks to quit: shut down. He asks again: do not wait for anything any more."""
        if self._asked:
            self.forced.set()
        self._asked = True
        self.requested.set()

    def release(self) -> None:
        """The shutdown is done: from now on Quit ends Qt's loop."""
        self._released = True

    def _puts_off_quit(self) -> bool:
        if self._released:
            return False
        self.request()
        return True

    def _on_logout(self, _session: QSessionManager) -> None:
        self.requested.set()  # a Quit that follows is not the user's impatience
