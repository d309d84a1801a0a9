"""Usage: one row per request, durable before its last byte leaves."""

import datetime

from grokdesk.domain.events import RequestFinished
from grokdesk.domain.usage import UsageRow, UsageSummary
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import Clock
from grokdesk.kernel.tasks import TaskSupervisor
from grokdesk.services.estimate import estimate_tokens
from grokdesk.store.usage import UsageStore


class UsageService:
    """Writes and sums up usage."""

    def __init__(
        self, store: UsageStore, bus: EventBus, tasks: TaskSupervisor, clock: Clock
    ) -> None:
        self._store = store
        self._bus = bus
        self._tasks = tasks
        self._clock = clock

    async def record(self, row: UsageRow) -> None:
        """Return when the row is on disk."""
        await self._store.record(row)
        self._bus.publish(RequestFinished(row))

    def record_soon(self, row: UsageRow) -> None:
        """For a caller that may not wait, such as a cancelled one."""
        self._tasks.run_soon(self.record(row), name="usage")

    async def today(self) -> UsageSummary:
        """Since local midnight."""
        now = datetime.datetime.fromtimestamp(self._clock.now()).astimezone()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return await self._store.summary(midnight.timestamp())

    def estimate(self, text: str) -> int:
        return estimate_tokens(text)
