"""Statistics for monitoring: counted in memory while the user wants them, and not at all else."""

import asyncio
from typing import TYPE_CHECKING

from grokdesk.domain.catalog import ModelCatalog
from grokdesk.domain.events import (
    AttemptFinished,
    RequestFinished,
    SessionRenewed,
    UpstreamHealthChanged,
)
from grokdesk.kernel.bus import EventBus, Unsubscribe
from grokdesk.kernel.looplag import LoopLag
from grokdesk.pool.pool import AccountPool
from grokdesk.services.figures import Reading
from grokdesk.services.gateway import GatewayService

if TYPE_CHECKING:
    from grokdesk.services.instruments import Instruments


class MetricsService:
    """Off until `switch`; while off it hears no event and has no timer."""

    def __init__(
        self, bus: EventBus, pool: AccountPool, gateway: GatewayService, catalog: ModelCatalog
    ) -> None:
        self._bus = bus
        self._pool = pool
        self._gateway = gateway
        self._catalog = catalog
        self._running: _Running | None = None

    async def switch(self, on: bool) -> None:
        """Counting begins at zero each time it is switched on. One call at a time."""
        if on and self._running is None:
            # Aside, because the library takes a while to load.
            instruments = await asyncio.to_thread(_new_instruments, self._catalog)
            self._running = _Running(instruments, self._bus)
        elif not on and self._running is not None:
            self._running.stop()
            self._running = None

    async def scrape(self) -> bytes | None:
        """Prometheus' text format; None while switched off."""
        running = self._running
        if running is None:
            return None
        reading = Reading(
            views=self._pool.views(),
            requests_in_flight=self._gateway.snapshot().running_requests,
            leases_in_flight=self._pool.in_flight,
            circuit=self._pool.breaker.state,
            longest_lag_s=running.lag.take_longest(),
        )
        return await asyncio.to_thread(running.instruments.expose, reading)


class _Running:
    """The instruments and what feeds them."""

    def __init__(self, instruments: "Instruments", bus: EventBus) -> None:
        self.instruments = instruments
        self.lag = LoopLag(instruments.loop_was_late)
        self._subscriptions: tuple[Unsubscribe, ...] = (
            bus.subscribe(RequestFinished, instruments.request_finished),
            bus.subscribe(AttemptFinished, instruments.attempt_finished),
            bus.subscribe(SessionRenewed, instruments.session_renewed),
            bus.subscribe(UpstreamHealthChanged, instruments.upstream_health_changed),
        )
        self.lag.start()

    def stop(self) -> None:
        self.lag.stop()
        for unsubscribe in self._subscriptions:
            unsubscribe()


def _new_instruments(catalog: ModelCatalog) -> "Instruments":
    from grokdesk.services.instruments import Instruments

    return Instruments(catalog)
