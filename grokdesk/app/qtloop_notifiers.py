"""A selector for asyncio that lets Qt watch: one notifier per descriptor and direction."""

import selectors
from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QSocketNotifier

_KINDS = {
    selectors.EVENT_READ: QSocketNotifier.Type.Read,
    selectors.EVENT_WRITE: QSocketNotifier.Type.Write,
}


class NotifierSelector(selectors.SelectSelector):
    """Keeps SelectSelector's books and never calls `select`.

    A notifier stays enabled while its callback runs. Only when the loop cannot look now, it rests:
    readiness is a level, Qt would call again and again.
    """

    def __init__(self, on_io: Callable[[], bool]) -> None:
        super().__init__()
        self._on_io = on_io
        self._wanted: dict[int, int] = {}
        self._notifiers: dict[tuple[int, int], QSocketNotifier] = {}
        self._seen: dict[int, int] = {}
        self._collected: dict[int, int] = {}  # their callbacks may still have to run
        self._resting: set[tuple[int, int]] = set()
        self._suspended = True

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = super().register(fileobj, events, data)
        self._watch(key.fd, events)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        key = super().unregister(fileobj)
        self._watch(key.fd, 0)
        self._seen.pop(key.fd, None)
        self._collected.pop(key.fd, None)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        super().unregister(fileobj)
        key = super().register(fileobj, events, data)
        self._watch(key.fd, events)
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        del timeout  # Qt does the waiting
        self._collected, self._seen = self._seen, {}
        self._end_rest()
        return [(self.get_key(fd), events) for fd, events in self._collected.items()]

    def resume(self) -> None:
        """Nothing is left to run: what is ready will be seen (again)."""
        self._seen.clear()
        self._collected.clear()
        self._end_rest()
        if self._suspended:
            self._suspended = False
            self._enable(self._notifiers)

    def suspend(self) -> None:
        self._suspended = True
        for notifier in self._notifiers.values():
            notifier.setEnabled(False)

    def close(self) -> None:
        super().close()
        self._notifiers.clear()

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
        if not self._collected.get(fd, 0) & event:
            self._seen[fd] = self._seen.get(fd, 0) | event
            if self._on_io():
                return
        self._notifiers[fd, event].setEnabled(False)
        self._resting.add((fd, event))

    def _end_rest(self) -> None:
        if self._resting:
            resting, self._resting = self._resting, set()
            self._enable(resting)

    def _enable(self, watches: Iterable[tuple[int, int]]) -> None:
        for fd, event in watches:
            if self._wanted[fd] & event and not self._suspended:
                self._notifiers[fd, event].setEnabled(True)
