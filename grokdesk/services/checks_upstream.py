"""Checks of the way to grok.com: the network, the clock, and whether Grokdesk holds back."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from grokdesk.domain.circumstances import CLOCK_TOLERANCE_S, Surroundings, describe_skew
from grokdesk.domain.diagnosis import diagnose
from grokdesk.domain.errors import GrokdeskError, UpstreamError
from grokdesk.kernel.clock import Clock
from grokdesk.services.checking import Check, Details, Finding, Status, aside
from grokdesk.services.health import UpstreamHealth

_EARLIEST = 1_780_000_000.0
"""A clock before June 2026 is wrong: this program is younger."""
_PAIR_S = 0.1
_DRIFT_S = 1.0
_LIMIT_S = 12.0
"""Connecting gives up after 10 s and then says why."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How grok.com answered a request without a token. `server_time` is Unix time, if told."""

    error: UpstreamError | None = None
    server_time: float | None = None
    through: str = ""
    """The proxy, without its password; empty: directly."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What the checks look at."""

    web_url: Callable[[], str]
    reach: Callable[[], Awaitable[Reach]]
    is_online: Callable[[], bool]
    """Whether this computer has a route to the internet; sends nothing."""
    health: UpstreamHealth
    clock: Clock
    is_offline_demo: bool = False


class UpstreamChecks:
    """For one check-up: grok.com is asked once, whoever needs the answer."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._asking: asyncio.Task[Reach] | None = None
        self._skew_s: float | None = None

    def all(self) -> tuple[Check, ...]:
        return (
            Check("network", "Way to grok.com", self.network, _LIMIT_S, _CHECK_NETWORK),
            Check("clock", "Clock", self.clock, _LIMIT_S),
            Check("upstream", "Circuit breaker", self.circuit),
        )

    async def surroundings(self, others_succeed: bool | None = None) -> Surroundings:
        """What is known about failures of accounts during this check-up."""
        await self._reached()
        return Surroundings(
            others_succeed=others_succeed,
            online=self._is_online(),
            clock_skew_s=self._skew_s,
        )

    async def network(self) -> Finding:
        if self._outside.is_offline_demo:
            return Finding(Status.SKIPPED, "In this mode nothing is sent to grok.com.")
        resolved, reach = await asyncio.gather(self._resolve(), self._reached())
        details: Details = {
            "url": self._outside.web_url(),
            "proxy": reach.through or None,
            "name_found": resolved,
        }
        error = reach.error
        if error is None:
            way = f"through {reach.through}" if reach.through else "directly"
            return Finding(Status.OK, f"grok.com answers ({way}).", "", details)
        diagnosis = diagnose(error, await self.surroundings())
        return Finding(
            Status.FAIL,
            diagnosis.sentence,
            diagnosis.action,
            {**details, "verdict": diagnosis.verdict.value, "status": error.status},
        )

    async def clock(self) -> Finding:
        if not await self._runs_evenly():
            return Finding(
                Status.WARN,
                "The clock of this computer was changed during the check.",
                "Look whether a program or the system sets it again and again.",
            )
        if not self._outside.is_offline_demo:
            await self._reached()
        skew = self._skew_s
        if skew is None:
            return self._clock_alone()
        details: Details = {"skew_s": round(skew, 1)}
        if abs(skew) > CLOCK_TOLERANCE_S:
            return Finding(
                Status.FAIL,
                f"The clock of this computer is {describe_skew(skew)}, compared with grok.com's.",
                _SET_CLOCK,
                details,
            )
        return Finding(Status.OK, "The clock agrees with grok.com's.", details=details)

    async def circuit(self) -> Finding:
        health = self._outside.health.snapshot()
        details: Details = {"state": health.state.value, "until": health.until}
        if health.is_well:
            return Finding(Status.OK, "Grokdesk lets requests through to grok.com.", "", details)
        return Finding(
            Status.WARN,
            f"grok.com failed again and again, so requests are held back. {health.reason}".strip(),
            "Wait a little; Grokdesk tries again by itself.",
            details,
        )

    def _clock_alone(self) -> Finding:
        if self._outside.clock.now() < _EARLIEST:
            return Finding(Status.FAIL, "The clock of this computer is years slow.", _SET_CLOCK)
        return Finding(
            Status.SKIPPED, "The clock runs evenly; without grok.com it cannot be compared."
        )

    async def _runs_evenly(self) -> bool:
        clock = self._outside.clock
        now, elapsed = clock.now(), clock.monotonic()
        await asyncio.sleep(_PAIR_S)
        elapsed = clock.monotonic() - elapsed
        return elapsed >= 0 and abs(clock.now() - now - elapsed) < _DRIFT_S

    async def _reached(self) -> Reach:
        """One request for all; a check that runs out of time leaves it to the others."""
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._ask(), name="check reach")
        return await asyncio.shield(self._asking)

    async def _ask(self) -> Reach:
        started = self._outside.clock.now()
        try:
            reach = await self._outside.reach()
        except UpstreamError as error:
            return Reach(error)
        except GrokdeskError as error:
            return Reach(UpstreamError(str(error)))
        if reach.server_time is not None:
            # A server's time has whole seconds, and the answer was under way.
            middle = (started + self._outside.clock.now()) / 2
            self._skew_s = middle - (reach.server_time + 0.5)
        return reach

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking})

    async def _resolve(self) -> bool:
        """Whether the name has an address; with a proxy it may be the proxy that knows."""
        host = self._host()
        try:
            await aside(lambda: socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError):
            return False
        return True

    def _is_online(self) -> bool | None:
        """A way within this computer needs no network."""
        if _is_loopback(self._host()):
            return None
        return self._outside.is_online()

    def _host(self) -> str:
        return urlsplit(self._outside.web_url()).hostname or ""


_CHECK_NETWORK = "Check the network connection and the proxy."
_SET_CLOCK = "Set the clock, best by letting the system do it."


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
