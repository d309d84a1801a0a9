"""How upstream is doing, for display: the circuit breaker, and its changes as events."""

from dataclasses import dataclass

from grokdesk.domain.events import UpstreamHealthChanged
from grokdesk.kernel.bus import EventBus
from grokdesk.pool.breaker import Circuit
from grokdesk.pool.pool import AccountPool


@dataclass(frozen=True, slots=True)
class HealthSnapshot:
    """`until`: when an open circuit lets the next call through, Unix time."""

    state: Circuit = Circuit.CLOSED
    until: float | None = None
    reason: str = ""

    @property
    def is_well(self) -> bool:
        return self.state is Circuit.CLOSED


class UpstreamHealth:
    """Watches the pool's breaker."""

    def __init__(self, pool: AccountPool, bus: EventBus) -> None:
        self._pool = pool
        self._bus = bus
        pool.breaker.on_change = self._announce

    def snapshot(self) -> HealthSnapshot:
        breaker = self._pool.breaker
        if breaker.state is Circuit.CLOSED:
            return HealthSnapshot()
        return HealthSnapshot(breaker.state, self._pool.breaker_until(), breaker.reason)

    def trust_again(self) -> None:
        """The network or the settings changed: what failed before says nothing any more."""
        self._pool.breaker.reset()

    def _announce(self) -> None:
        now = self.snapshot()
        self._bus.publish(UpstreamHealthChanged(now.state.value, now.until, now.reason))
