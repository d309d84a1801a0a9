"""One browser session: identity, cookies, proxies and connections that belong together."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from grokdesk.domain.account import Token
from grokdesk.upstream.web.clearance import NO_CLEARANCE, Clearance
from grokdesk.upstream.web.flaresolverr import Solver
from grokdesk.upstream.web.header_lists import RequestHeaders, SharedHeaders
from grokdesk.upstream.web.proxies import Proxy, ProxyChoice, proxy_for
from grokdesk.upstream.web.statsig import StatsigProvider, no_statsig
from grokdesk.upstream.web.transport import Transport
from grokdesk.upstream.web.watchdog import Timeouts
from grokdesk.upstream.web.wire.cookies import cookie_header
from grokdesk.upstream.web.wire.facts import CHAT_SOCKET, WEEKLY_CREDITS, Endpoint, Origins
from grokdesk.upstream.web.wire.headers import (
    Headers,
    grpc_web_headers,
    socket_headers,
    xhr_headers,
)

_KEPT_HEADERS = 512

_Kind: TypeAlias = tuple[Endpoint, Token | None, str]
"""What headers depend on; the last is the user whom a socket names."""


@dataclass(frozen=True, slots=True)
class Egress:
    """How the user wants grok.com to be reached."""

    proxy: ProxyChoice = "system"
    assets_proxy: ProxyChoice = "system"
    timeouts: Timeouts = field(default_factory=Timeouts)
    clearance: Clearance | Solver = NO_CLEARANCE
    statsig: StatsigProvider = no_statsig

    @property
    def solver(self) -> Solver | None:
        return self.clearance if isinstance(self.clearance, Solver) else None

    @property
    def follows_system(self) -> bool:
        return "system" in (self.proxy, self.assets_proxy)


@dataclass(frozen=True, slots=True)
class Route:
    """The proxies to the two hosts, as they were found."""

    api: Proxy | None
    assets: Proxy | None

    @classmethod
    async def find(cls, egress: Egress, origins: Origins) -> "Route":
        """Raise LocalNetworkError when the system's own setting cannot be used."""
        return cls(
            await proxy_for(egress.proxy, origins.web),
            await proxy_for(egress.assets_proxy, origins.assets),
        )


class Session:
    """Never changed, only replaced: a call ends with the session that it began with."""

    def __init__(
        self, origins: Origins, egress: Egress, route: Route, clearance: Clearance
    ) -> None:
        self.egress = egress
        self.route = route
        self.clearance = clearance
        self.has_served = False
        """Whether a chat was answered: what is challenged afterwards was good once."""
        self.profile = profile = clearance.profile
        self.transport = Transport(profile.impersonate, timeouts=egress.timeouts, proxy=route.api)
        self.assets = (
            self.transport
            if route.assets == route.api
            else Transport(profile.impersonate, timeouts=egress.timeouts, proxy=route.assets)
        )
        self._origins = origins
        self._made: dict[_Kind, SharedHeaders] = {}

    def headers(
        self, endpoint: Endpoint, token: Token | None, *, request_id: str
    ) -> RequestHeaders:
        """Of a call by a script on the page; without a token it is nobody's."""
        shared = self._shared((endpoint, token, ""), lambda: self._headers(endpoint, token))
        if endpoint is WEEKLY_CREDITS:
            return RequestHeaders(shared)
        return RequestHeaders(shared, f"x-xai-request-id: {request_id}")

    def _headers(self, endpoint: Endpoint, token: Token | None) -> Headers:
        cookie = self._cookie(token)
        if endpoint is WEEKLY_CREDITS:
            return grpc_web_headers(self.profile, self._origins, endpoint, cookie=cookie)
        statsig = self.egress.statsig(endpoint)
        return xhr_headers(self.profile, self._origins, endpoint, cookie=cookie, statsig=statsig)

    def upload_headers(self, endpoint: Endpoint, token: Token, content_type: str) -> Headers:
        """Of a form with a file, which is neither signed nor numbered."""
        cookie = self._cookie(token)
        return xhr_headers(
            self.profile, self._origins, endpoint, cookie=cookie, content_type=content_type
        )

    def socket_headers(self, token: Token, user_id: str) -> RequestHeaders:
        def make() -> Headers:
            cookie = self._cookie(token, user_id)
            return socket_headers(self.profile, self._origins, cookie=cookie)

        return RequestHeaders(self._shared((CHAT_SOCKET, token, user_id), make))

    def is_signed(self, endpoint: Endpoint) -> bool:
        """Whether its requests carry a pasted value that may be out of date."""
        return bool(self.egress.statsig(endpoint))

    def _shared(self, kind: _Kind, make: Callable[[], Headers]) -> SharedHeaders:
        shared = self._made.get(kind)
        if shared is None:
            if len(self._made) >= _KEPT_HEADERS:
                self._made.clear()
            shared = self._made[kind] = SharedHeaders(make())
        return shared

    def _cookie(self, token: Token | None, user_id: str = "") -> str:
        cookies = self.clearance.cookies
        return cookie_header(token, clearance=cookies, user_id=user_id) if token else cookies

    @property
    def transports(self) -> tuple[Transport, ...]:
        return (self.transport,) if self.assets is self.transport else (self.transport, self.assets)
