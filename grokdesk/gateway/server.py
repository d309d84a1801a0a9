"""The gateway as a server: its sockets, its connections, and an orderly end."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence

from aiohttp import web

from grokdesk.domain.errors import KeyEndedError
from grokdesk.domain.events import ApiKeyEnded
from grokdesk.gateway.app import App, build_app
from grokdesk.gateway.connection import GatewayConnection
from grokdesk.gateway.errors import STOPPING, HttpError
from grokdesk.gateway.guard import Guard
from grokdesk.gateway.interrupt import RunningCalls
from grokdesk.gateway.limits import Limits
from grokdesk.gateway.listen import open_sockets
from grokdesk.services.bundle import Services

_log = logging.getLogger(__name__)

_LINGER_S = 2.0
_LAST_WORDS_S = 2.0
_ANY_HOST = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - to tell apart, not to bind


class GatewayServer:
    """Serves all our dialects to this computer.

    `host_names` and `origins`: see Guard.
    """

    def __init__(
        self,
        services: Services,
        *,
        host_names: frozenset[str] = frozenset(),
        origins: frozenset[str] = frozenset(),
        limits: Limits | None = None,
    ) -> None:
        self._services = services
        self._host_names = host_names
        self._origins = origins
        self._limits = limits or Limits()
        self._place: tuple[tuple[str, ...], int] = ((), 0)
        """Hosts and port."""
        self._app: App | None = None
        self._http: _HttpServer | None = None
        self._listeners: list[asyncio.Server] = []
        self._sweeping: asyncio.Task[None] | None = None
        self._deaf: Callable[[], None] = lambda: None
        """Stops hearing of keys that end."""

    async def start(self, hosts: Sequence[str], port: int) -> int:
        """Listen on all `hosts`, on one port, and return it; raise PortTakenError."""
        sockets = await open_sockets(hosts, port)
        port = sockets[0].getsockname()[1]
        self._place = (tuple(hosts), port)
        self._app = build_app(self._services, self._new_guard(), self._limits)
        self._http = _HttpServer(self._app)
        self._deaf = self._services.bus.subscribe(ApiKeyEnded, _ends_calls(self._app.context.calls))
        self._sweeping = self._services.tasks.spawn(
            self._app.context.sweeper.run(), name="gateway sweeper"
        )
        loop = asyncio.get_running_loop()
        self._listeners = [
            await loop.create_server(self._http, sock=sock, backlog=1024) for sock in sockets
        ]
        return port

    def admit(self, *, host_names: frozenset[str], origins: frozenset[str]) -> None:
        """From the next request on; connections and running calls stay."""
        self._host_names = host_names
        self._origins = origins
        if self._app is not None:
            self._app.guard = self._new_guard()

    @property
    def connections(self) -> int:
        return len(self._http.connections) if self._http else 0

    async def stop(self, grace_s: float = 5.0) -> None:
        """Take nothing new; give running calls `grace_s`, then end them with an error."""
        if self._app is None or self._http is None or self._sweeping is None:
            return
        app, http, sweeping = self._app, self._http, self._sweeping
        self._app = self._http = self._sweeping = None
        app.stopping = True
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        calls = app.context.calls
        if not await calls.wait_idle(grace_s):
            _log.info("ending %d calls that are still running", len(calls))
            calls.interrupt(HttpError(STOPPING, "Grokdesk is shutting down."))
            await calls.wait_idle(_LAST_WORDS_S)
        self._deaf()
        http.pre_shutdown()
        await http.shutdown(_LAST_WORDS_S)
        sweeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sweeping

    def _new_guard(self) -> Guard:
        hosts, port = self._place
        return Guard(
            port,
            host_names=self._host_names | (frozenset(hosts) - _ANY_HOST),
            origins=self._origins,
            own_addresses=not _ANY_HOST.isdisjoint(hosts),
        )


def _ends_calls(calls: RunningCalls) -> Callable[[ApiKeyEnded], None]:
    def end(event: ApiKeyEnded) -> None:
        calls.interrupt_key(event.key_id, KeyEndedError(event.reason))

    return end


class _HttpServer(web.Server):
    """aiohttp's low-level server: no application, router or middleware between it and us."""

    def __init__(self, app: App) -> None:
        # A client that leaves cancels its handler, and so its upstream call.
        super().__init__(app, handler_cancellation=True)
        self._app = app

    def __call__(self) -> web.RequestHandler:
        return GatewayConnection(
            self,
            self._app.context.sweeper,
            self._app.ids,
            loop=self._loop,
            access_log=None,
            keepalive_timeout=self._app.context.limits.keepalive_s,
            lingering_time=_LINGER_S,
            auto_decompress=False,  # `body` does it within bounds, and only for who may ask
        )
