"""Usage: one row per request, durable before its last byte leaves."""

import asyncio
import datetime
import logging

from grokdesk.domain.events import RequestFinished
from grokdesk.domain.usage import KeyUsage, UsageRow, UsageSummary
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import Clock
from grokdesk.store.errors import StoreError
from grokdesk.store.usage import UsageStore

_log = logging.getLogger(__name__)

_DAY_S = 86_400.0
_MONTH_S = 30 * _DAY_S
_KEEP_ROWS_S = 90 * _DAY_S
_FIRST_FORGETTING_S = 60.0
"""A start has better things to do."""


class UsageService:
    """Writes and sums up usage."""

    def __init__(self, store: UsageStore, bus: EventBus, clock: Clock) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock

    def record(self, row: UsageRow) -> None:
        """Return when the row outlives this process. Never raises: its caller may be unwinding."""
        try:
            self._store.record(row)
        except StoreError as error:
            _log.error("a usage row is lost: %s", error)
        self._bus.publish(RequestFinished(row))

    async def keep_folding(self) -> None:
        """Bring recorded rows from the journal into the tables; never returns."""
        await self._store.keep_folding()

    async def keep_forgetting(self) -> None:
        """Single rows go after a while, once at the start and then daily; totals per hour stay."""
        while True:
            await asyncio.sleep(_FIRST_FORGETTING_S)
            await self._store.forget(self._clock.now() - _KEEP_ROWS_S)
            await asyncio.sleep(_DAY_S - _FIRST_FORGETTING_S)

    async def today(self) -> UsageSummary:
        """Since local midnight."""
        return await self._store.summary(self._midnight())

    async def by_key(self) -> dict[str, KeyUsage]:
        """Of each API key, by id: since local midnight and within 30 days."""
        return await self._store.by_key(self._midnight(), self._clock.now() - _MONTH_S)

    def _midnight(self) -> float:
        now = datetime.datetime.fromtimestamp(self._clock.now()).astimezone()
        return now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
