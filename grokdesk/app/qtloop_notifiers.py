"""A selector for asyncio whose descriptors Qt watches: one notifier for each and direction."""

import selectors
from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QSocketNotifier

_KINDS = {
    selectors.EVENT_READ: QSocketNotifier.Type.Read,
    selectors.EVENT_WRITE: QSocketNotifier.Type.Write,
}

_Watch = tuple[int, int]  # descriptor, event


class NotifierSelector(selectors.DefaultSelector):
    """The notifiers tell that there is something to do, the poll that follows at once tells what.

    So one of them starts the callbacks of all descriptors that are ready. Notifiers stay enabled
    meanwhile; only when the loop cannot look now, one rests: readiness is a level, Qt would call
    for ever.
    """

    def __init__(self, on_io: Callable[[], bool]) -> None:
        super().__init__()
        self._on_io = on_io
        self._wanted: dict[int, int] = {}
        self._notifiers: dict[_Watch, QSocketNotifier] = {}  # kept for the next of that number
        self._resting: set[_Watch] = set()
        self._suspended = True

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = super().register(fileobj, events, data)
        self._watch(key.fd, events)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        key = super().unregister(fileobj)
        self._watch(key.fd, 0)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = super().modify(fileobj, events, data)
        self._watch(key.fd, events)
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        del timeout  # Qt does the waiting
        return super().select(0)

    def resume(self) -> None:
        if self._suspended:
            self._suspended = False
            self._enable(self._notifiers)
        elif self._resting:
            resting, self._resting = self._resting, set()
            self._enable(resting)

    def suspend(self) -> None:
        self._suspended = True
        self._resting.clear()
        for notifier in self._notifiers.values():
            notifier.setEnabled(False)

    def close(self) -> None:
        super().close()
        self._notifiers.clear()
        self._on_io = lambda: False

    def _watch(self, fd: int, events: int) -> None:
        self._wanted[fd] = events
        for event in _KINDS:
            notifier = self._notifiers.get((fd, event))
            if notifier is not None:
                notifier.setEnabled(bool(events & event) and not self._suspended)
            elif events & event:
                self._notifiers[fd, event] = self._new_notifier(fd, event)

    def _new_notifier(self, fd: int, event: int) -> QSocketNotifier:
        notifier = QSocketNotifier(fd, _KINDS[event])
        notifier.setEnabled(not self._suspended)
        notifier.activated.connect(lambda: self._on_activated(fd, event))
        return notifier

    def _on_activated(self, fd: int, event: int) -> None:
        if not self._on_io():
            self._notifiers[fd, event].setEnabled(False)
            self._resting.add((fd, event))

    def _enable(self, watches: Iterable[_Watch]) -> None:
        for fd, event in watches:
            if self._wanted[fd] & event:
                self._notifiers[fd, event].setEnabled(True)
