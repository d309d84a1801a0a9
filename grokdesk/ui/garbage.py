"""Collects Python's cyclic garbage in the thread of the windows, and nowhere else.

The collector runs in whichever thread happens to allocate. A QObject that dies in the database's
thread leaves its timers behind, and Qt crashes when they fire (seen with PySide6 6.11).
"""

import gc

from PySide6.QtCore import QObject, QTimer

_PERIOD_MS = 1_000
_OLDEST = 2


class GarbageCollector(QObject):
    """Takes over from the automatic collection until `stop`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, interval=_PERIOD_MS)
        self._timer.timeout.connect(self.collect)

    def start(self) -> None:
        gc.disable()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()
        gc.collect()
        gc.enable()

    def collect(self) -> None:
        """What the automatic collection would do by now."""
        due = [
            generation
            for generation, (count, threshold) in enumerate(
                zip(gc.get_count(), gc.get_threshold(), strict=True)
            )
            if threshold and count > threshold
        ]
        if due:
            gc.collect(min(max(due), _OLDEST))
