"""Responses that are kept for a while in memory alone: what nobody asked to be stored."""

from collections import OrderedDict
from collections.abc import Callable

from grokdesk.kernel.clock import Clock
from grokdesk.services.response_record import StoredResponse

_RESPONSES = 500
_BYTES = 64 * 1024 * 1024
_SECONDS = 3600.0


class ResponseMemory:
    """Bounded in number, bytes and time; what was not looked at for longest goes first."""

    def __init__(
        self,
        clock: Clock,
        *,
        responses: int = _RESPONSES,
        size: int = _BYTES,
        seconds: float = _SECONDS,
    ) -> None:
        self._clock = clock
        self._most = responses
        self._most_bytes = size
        self._seconds = seconds
        self._kept: OrderedDict[str, tuple[StoredResponse, float]] = OrderedDict()
        self._bytes = 0

    def put(self, response: StoredResponse) -> None:
        self.drop(response.id)
        self._kept[response.id] = (response, self._clock.monotonic())
        self._bytes += response.size
        self._tidy()

    def get(self, id: str) -> StoredResponse | None:
        self._tidy()
        kept = self._kept.get(id)
        if kept is None:
            return None
        self._kept[id] = (kept[0], self._clock.monotonic())
        self._kept.move_to_end(id)
        return kept[0]

    def drop(self, id: str) -> None:
        kept = self._kept.pop(id, None)
        if kept is not None:
            self._bytes -= kept[0].size

    def drop_where(self, unwanted: Callable[[StoredResponse], bool]) -> None:
        for response, _ in list(self._kept.values()):
            if unwanted(response):
                self.drop(response.id)

    def _tidy(self) -> None:
        oldest = self._clock.monotonic() - self._seconds
        while self._kept:
            id, (_, looked_at) = next(iter(self._kept.items()))
            if (
                looked_at > oldest
                and len(self._kept) <= self._most
                and self._bytes <= self._most_bytes
            ):
                return
            self.drop(id)
