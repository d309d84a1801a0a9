"""Notices that the machine slept or moved to another network, after which connections are dead."""

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from typing import Protocol

from grokdesk.kernel.clock import Clock

PERIOD_S = 2.0
_TOLERANCE_S = 4.0
"""A busy loop may be late by seconds without having slept."""

# Reserved for documentation: whatever is there, nothing is sent to it.
_FAR_AWAY = ((socket.AF_INET, "203.0.113.1"), (socket.AF_INET6, "2001:db8::1"))
_DISCARD_PORT = 9
_ADDRESSES_OF_ONE_NETWORK = 64


class Network(Protocol):
    """The addresses of this machine."""

    def routes(self) -> tuple[str, ...]:
        """Where packets to the internet leave from, per address family that has a way there."""
        ...

    def has(self, address: str) -> bool:
        """Whether it is still an address of this machine."""
        ...


class WakeDetector:
    """`on_wake` hears of a gap in time (seconds), `on_network_change` of connections that have
    probably lost their way. Both may come for the same event."""

    def __init__(
        self,
        clock: Clock,
        network: Network,
        *,
        on_wake: Callable[[float], None],
        on_network_change: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._on_wake = on_wake
        self._on_network_change = on_network_change
        self._seen_at = self._clocks()
        self._paths = _Paths(network)

    async def watch(self) -> None:
        """For ever: run it as a supervised task."""
        while True:
            await asyncio.sleep(PERIOD_S)
            self.look()

    def look(self) -> None:
        self.check_time()
        if self._paths.changed():
            self._on_network_change()

    def check_time(self) -> None:
        """Costs a microsecond. To be called before a connection is used again: where timers stand
        still during sleep, the next `look` is still to come."""
        now, before = self._clocks(), self._seen_at
        self._seen_at = now
        # One of the clocks may stand still during sleep; the wall clock may also be set back.
        elapsed = max(now[0] - before[0], now[1] - before[1])
        if elapsed > PERIOD_S + _TOLERANCE_S:
            self._on_wake(elapsed - PERIOD_S)

    def _clocks(self) -> tuple[float, float]:
        return self._clock.monotonic(), self._clock.now()


class _Paths:
    """Which addresses connections may have been made from.

    An interface that appears beside the others (a container's, a second cable) changes nothing for
    them; another route, or an address that is gone, does.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        routes = network.routes()
        self._reached = {_network_of(address) for address in routes}
        self._used = set(routes)

    def changed(self) -> bool:
        routes = self._network.routes()
        reached = {_network_of(address) for address in routes}
        lost = {address for address in self._used if not self._network.has(address)}
        changed = bool(lost) or reached != self._reached
        self._reached = reached
        self._used = (self._used - lost).union(routes)
        return changed


class LocalNetwork:
    """Asks the system which address it would use; no packet is sent."""

    def routes(self) -> tuple[str, ...]:
        found = (_source_address(family, target) for family, target in _FAR_AWAY)
        return tuple(address for address in found if address)

    def has(self, address: str) -> bool:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.bind((address, 0))
        except OSError:
            return False
        return True


def _source_address(family: socket.AddressFamily, target: str) -> str:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.setblocking(False)
            probe.connect((target, _DISCARD_PORT))
            address: str = probe.getsockname()[0]
            return address
    except OSError:
        return ""


def _network_of(address: str) -> str:
    """IPv6 takes another address of the same network every day, for privacy."""
    parsed = ipaddress.ip_address(address)
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed.packed, _ADDRESSES_OF_ONE_NETWORK), strict=False))
