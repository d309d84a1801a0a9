"""The session in use, and how it is replaced: after a challenge, on schedule, by the settings."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from weakref import WeakSet

from grokdesk.domain.errors import GrokdeskError, UpstreamError
from grokdesk.kernel.clock import Clock
from grokdesk.upstream.web.clearance import NO_CLEARANCE, Clearance
from grokdesk.upstream.web.flaresolverr import Solver, solve
from grokdesk.upstream.web.proxies import Proxy
from grokdesk.upstream.web.session import Egress, Route, Session
from grokdesk.upstream.web.transport import Transport
from grokdesk.upstream.web.wire.facts import Origins

_log = logging.getLogger(__name__)

_PAUSE_S = 60.0
"""Between two renewals, unless a solved session was good in the meantime."""


@dataclass(frozen=True, slots=True)
class _Solved:
    """A solver's clearance, and what it holds for."""

    solver_url: str
    proxy: Proxy | None
    clearance: Clearance
    at: float

    def holds_for(self, solver: Solver, route: Route) -> bool:
        return (self.solver_url, self.proxy) == (solver.url, route.api)


class Sessions:
    """`load` says how the user wants grok.com to be reached, anew after each `invalidate`.

    `on_renewed` hears how each renewal ended: whether it brought something new, and why not.
    """

    def __init__(
        self,
        origins: Origins,
        load: Callable[[], Awaitable[Egress]],
        clock: Clock,
        *,
        on_renewed: Callable[[bool, str], None] = lambda _ok, _reason: None,
    ) -> None:
        self.current: Session | None = None
        """None until `opened` has made one."""
        self.trouble = ""
        """Why the last solve failed; empty when it did not."""
        self.on_renewed = on_renewed
        self._origins = origins
        self._load = load
        self._clock = clock
        self._told = ""
        self._solved: _Solved | None = None
        self._tried_at: float | None = None
        self._renewal: asyncio.Task[bool] | None = None
        self._opening = asyncio.Lock()
        self._changed = asyncio.Event()
        self._version = 0
        self._transports: WeakSet[Transport] = WeakSet()

    @property
    def running(self) -> int:
        """Transfers and sockets that hold a connection now, those of earlier sessions included."""
        return sum(transport.running for transport in self._transports)

    async def opened(self) -> Session:
        """The session in use; raise UpstreamError when none can be made."""
        async with self._opening:
            while self.current is None:
                version = self._version
                egress = await self._load()
                route = await Route.find(egress, self._origins)
                if version == self._version:
                    self._use(Session(self._origins, egress, route, self._known(egress, route)))
            return self.current

    def invalidate(self) -> None:
        """The settings changed: the next call begins with a new session."""
        self._version += 1
        self._tried_at = None
        self.trouble = ""
        self._replace(None)
        self._changed.set()

    async def renew(self, begun: Session | None) -> bool:
        """After a challenge of a call that began with `begun`; one at a time.

        False when nothing new can be had. A caller that leaves does not end the renewal.
        """
        if begun is not None and begun is not self.current:
            return True
        renewal = self._renewal
        if renewal is None:
            if not self._may_renew():
                return False
            renewal = self._start_renewal()
        return await asyncio.shield(renewal)

    async def renew_now(self) -> bool:
        """Because a person wants it; one at a time. False: `trouble` says why not."""
        return await asyncio.shield(self._renewal or self._start_renewal())

    async def keep_fresh(self) -> None:
        """Refresh a solved clearance on schedule, for ever: run it as a supervised task."""
        while True:
            self._changed.clear()
            wait_s = await self._refresh_when_due()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()

    def wake(self) -> None:
        """The machine slept or changed networks, where another proxy may be in force."""
        for transport in tuple(self._transports):
            transport.wake()
        if self.current is not None and self.current.egress.follows_system:
            self._version += 1
            self._replace(None)

    async def aclose(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.wait([self._renewal])
        for transport in tuple(self._transports):
            await transport.aclose()

    def _may_renew(self) -> bool:
        """A session that was never any good is not helped by another one like it at once."""
        if self._tried_at is None or self._clock.monotonic() - self._tried_at >= _PAUSE_S:
            return True
        session = self.current
        return session is not None and session.egress.solver is not None and session.has_served

    def _start_renewal(self) -> asyncio.Task[bool]:
        self._renewal = asyncio.get_running_loop().create_task(self._renew())
        self._renewal.add_done_callback(self._renewal_ended)
        return self._renewal

    def _renewal_ended(self, _task: asyncio.Task[bool]) -> None:
        self._renewal = None

    async def _renew(self) -> bool:
        try:
            session = await self.opened()
            self._tried_at = self._clock.monotonic()
            await self._renew_from(session)
        except GrokdeskError as error:
            self._ended(False, str(error))
            return False
        self._ended(True)
        return True

    def _ended(self, ok: bool, reason: str = "") -> None:
        """A solver may be down for hours: a failure is logged once, and so is its end."""
        if reason and reason != self._told:
            _log.warning("The browser session could not be renewed. %s", reason)
        elif ok and self._told:
            _log.info("The browser session could be renewed again.")
        self._told = reason
        self.on_renewed(ok, reason)

    async def _renew_from(self, session: Session) -> None:
        """Build first, then swap. What the settings changed meanwhile counts more."""
        egress = session.egress
        if egress.solver is not None:
            await self._solve(egress.solver, session.route.api)
        route = await Route.find(egress, self._origins)
        if self.current is session:
            self._use(Session(self._origins, egress, route, self._known(egress, route)))

    async def _solve(self, solver: Solver, proxy: Proxy | None) -> None:
        try:
            clearance = await solve(solver, self._origins.web, proxy)
        except UpstreamError as error:
            self.trouble = str(error)
            raise
        self.trouble = ""
        self._solved = _Solved(solver.url, proxy, clearance, self._clock.monotonic())

    def _known(self, egress: Egress, route: Route) -> Clearance:
        """What was solved for another solver or another way proves nothing."""
        if not isinstance(egress.clearance, Solver):
            return egress.clearance
        solved = self._solved
        if solved is None or not solved.holds_for(egress.clearance, route):
            return NO_CLEARANCE
        return solved.clearance

    async def _refresh_when_due(self) -> float | None:
        """Return the seconds until the next look; None: when the session changes."""
        try:
            session = await self.opened()
        except GrokdeskError:
            return None  # the calls tell what is wrong; asking again might prompt the user
        solver = session.egress.solver
        if solver is None or not solver.interval_s:
            return None
        due_s = self._due_in(solver, session)
        if due_s > 0:
            return due_s
        renewed = await asyncio.shield(self._renewal or self._start_renewal())
        return solver.interval_s if renewed else min(solver.interval_s, _PAUSE_S)

    def _due_in(self, solver: Solver, session: Session) -> float:
        solved = self._solved
        if solved is None or not solved.holds_for(solver, session.route):
            return 0.0
        return solved.at + solver.interval_s - self._clock.monotonic()

    def _use(self, session: Session) -> None:
        self._transports.update(session.transports)
        self._replace(session)
        self._changed.set()

    def _replace(self, session: Session | None) -> None:
        before, self.current = self.current, session
        for transport in before.transports if before is not None else ():
            transport.retire()
