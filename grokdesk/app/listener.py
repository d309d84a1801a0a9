"""Where the gateway listens: opened, moved and closed without losing a request."""

import logging

from grokdesk.gateway.server import GatewayServer
from grokdesk.services.bundle import Services
from grokdesk.services.gateway import GatewayState
from grokdesk.settings import lists
from grokdesk.settings.model import Settings
from grokdesk.settings.serving import GatewaySettings

_log = logging.getLogger(__name__)


class Listener:
    """At most one server takes new requests; one that was replaced ends its own in peace."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._server: GatewayServer | None = None

    async def listen(self, port: int) -> None:
        """Open the port, then close the one before. Raise PortTakenError and keep the old one."""
        await self._open(self._services.settings.current.gateway, port)

    async def apply(self, old: Settings, new: Settings) -> None:
        """A settings applier: moves when the address changed, admits others where they did."""
        if _address(old.gateway) != _address(new.gateway):
            await self._open(new.gateway, new.gateway.port)
        elif self._server is not None:
            self._server.admit(
                host_names=_host_names(new.gateway), origins=_allowed_origins(new.gateway)
            )

    async def stop(self) -> None:
        gateway = self._services.gateway
        gateway.change(state=GatewayState.STOPPING)
        if self._server is not None:
            await self._server.stop()
        gateway.change(state=GatewayState.STOPPED)

    async def _open(self, settings: GatewaySettings, port: int) -> None:
        server = GatewayServer(
            self._services,
            host_names=_host_names(settings),
            origins=_allowed_origins(settings),
        )
        bound = await server.start(hosts_of(settings), port)
        before, self._server = self._server, server
        gateway = self._services.gateway
        paused = gateway.snapshot().state is GatewayState.PAUSED
        gateway.change(
            state=GatewayState.PAUSED if paused else GatewayState.RUNNING,
            host=_shown_host(settings.host),
            port=bound,
            error="",
            free_port=None,
        )
        _log.info("listening on %s", gateway.snapshot().base_url)
        if before is not None:
            self._services.tasks.run_soon(before.stop(), name="old listener")


def hosts_of(settings: GatewaySettings) -> tuple[str, ...]:
    if settings.host in ("127.0.0.1", "localhost"):
        return ("127.0.0.1", "::1") if settings.listen_ipv6 else ("127.0.0.1",)
    return (settings.host,)


def _address(settings: GatewaySettings) -> tuple[tuple[str, ...], int]:
    return hosts_of(settings), settings.port


def _host_names(settings: GatewaySettings) -> frozenset[str]:
    return frozenset(lists.entries(settings.host_names))


def _allowed_origins(settings: GatewaySettings) -> frozenset[str]:
    return frozenset(lists.entries(settings.allowed_origins))


def _shown_host(host: str) -> str:
    """The address to type on this computer."""
    return {"localhost": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
