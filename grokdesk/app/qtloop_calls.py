"""By what Qt calls the loop: a posted event for now, one precise timer for later."""

import math
from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

NEVER = math.inf

_LONGEST_WAIT = 24 * 3600.0


class QtCalls(QObject):
    """Deadlines are times of `monotonic`."""

    woken = Signal()
    """Emit it, from any thread, for a call after everything that Qt has to do now."""

    def __init__(self, on_wake: Callable[[], None], on_deadline: Callable[[], None]) -> None:
        super().__init__()
        self._on_wake: Callable[[], None] | None = on_wake
        self._on_deadline: Callable[[], None] | None = on_deadline
        self._due = NEVER
        self.woken.connect(self._call_on_wake, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._call_on_deadline)

    def call_at(self, due: float) -> None:
        """Unless a call is due before that, which will ask again for the rest."""
        if due < self._due:
            self._due = due
            wait = min(max(due - monotonic(), 0.0), _LONGEST_WAIT)
            self._timer.start(math.ceil(wait * 1000))

    def forget_deadline(self) -> None:
        self._timer.stop()
        self._due = NEVER

    def let_go(self) -> None:
        self._on_wake = self._on_deadline = None

    @Slot()
    def _call_on_wake(self) -> None:
        if self._on_wake is not None:
            self._on_wake()

    @Slot()
    def _call_on_deadline(self) -> None:
        self._due = NEVER
        if self._on_deadline is not None:
            self._on_deadline()
