"""A typed, synchronous event bus: publishing calls every subscriber before it returns."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from grokdesk.domain.events import Event

_log = logging.getLogger(__name__)

E = TypeVar("E", bound=Event)
Unsubscribe = Callable[[], None]


class EventBus:
    """Subscribers run on the publisher's thread, which is the loop's; they must not block."""

    def __init__(self) -> None:
        self._subscribers: dict[type[Event], list[Callable[[Any], None]]] = {}

    def subscribe(self, kind: type[E], subscriber: Callable[[E], None]) -> Unsubscribe:
        """`Event` itself subscribes to everything."""
        subscribers = self._subscribers.setdefault(kind, [])
        subscribers.append(subscriber)

        def unsubscribe() -> None:
            if subscriber in subscribers:
                subscribers.remove(subscriber)

        return unsubscribe

    def wants(self, kind: type[Event]) -> bool:
        """Whether anybody would hear of it, for events that cost something to make."""
        return bool(self._subscribers.get(kind) or self._subscribers.get(Event))

    def publish(self, event: Event) -> None:
        for kind in (type(event), Event):
            if subscribers := self._subscribers.get(kind):
                for subscriber in tuple(subscribers):
                    self._deliver(subscriber, event)

    def _deliver(self, subscriber: Callable[[Any], None], event: Event) -> None:
        try:
            subscriber(event)
        except Exception:  # noqa: BLE001 - a border: one subscriber must not break the others
            _log.exception("a subscriber failed on %s", type(event).__name__)
