"""Who may talk to us at all: the Host that was asked for and the web page that asks.

Loopback is a public place: any page in the user's browser can reach it. Hence the Host must be
ours to the letter (DNS rebinding), and a page needs to be on the user's list.
"""

import ipaddress
from collections.abc import Iterable

from aiohttp import web

from grokdesk.gateway.errors import BAD_HEADER, FOREIGN_ORIGIN, WRONG_HOST, HttpError

LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]", "host.docker.internal")

_OWN_SITE = frozenset({"none", "same-origin"})
_ALLOWED_HEADERS = (
    "authorization, content-type, x-api-key, api-key, x-requested-with, http-referer, x-title, "
    "x-request-id, openai-organization, openai-project, openai-beta, anthropic-version, "
    "anthropic-beta, anthropic-dangerous-direct-browser-access, x-stainless-arch, "
    "x-stainless-async, x-stainless-custom-poll-interval, x-stainless-helper-method, "
    "x-stainless-lang, x-stainless-os, x-stainless-package-version, "
    "x-stainless-poll-helper, x-stainless-retry-count, x-stainless-runtime, "
    "x-stainless-runtime-version, x-stainless-timeout"
)


class Guard:
    """Checks that need no key.

    `host_names` are names besides the local ones, with or without a port. `origins` are the web
    pages that may ask, to the letter: scheme, host and port. `own_addresses` also lets the very
    address through that a connection came in on; a number cannot be rebound like a name.
    """

    def __init__(
        self,
        port: int,
        *,
        host_names: Iterable[str] = (),
        origins: Iterable[str] = (),
        own_addresses: bool = False,
    ) -> None:
        names = (*LOCAL_NAMES, *host_names)
        self._authorities = frozenset(form for name in names for form in _authorities(name, port))
        self._origins = frozenset(origins) - {"null", "*"}
        self._own_addresses = own_addresses

    def check_host(self, request: web.BaseRequest) -> None:
        """Raise HttpError unless both the target and the Host header name us."""
        hosts = request.headers.getall("Host", ())
        if len(hosts) != 1 or not hosts[0]:
            raise HttpError(BAD_HEADER, "Exactly one Host header is needed.")
        target = request.raw_path
        if not target.startswith("/"):
            self._check_authority(_authority_of(target) if target != "*" else hosts[0], request)
        self._check_authority(hosts[0], request)

    def check_origin(self, request: web.BaseRequest) -> str:
        """The listed origin that asks, or nothing when no web page asks; raise HttpError."""
        headers = request.headers
        if "Origin" not in headers:
            if headers.get("Sec-Fetch-Site", "none") in _OWN_SITE:
                return ""
            raise HttpError(FOREIGN_ORIGIN, "Web pages may not use this address.")
        origin = self._listed_origin(request)
        if not origin:
            raise HttpError(
                FOREIGN_ORIGIN,
                "This web page or browser extension is not allowed to use Grokdesk.",
            )
        return origin

    def preflight(self, request: web.BaseRequest) -> dict[str, str]:
        """Headers that answer OPTIONS: none that allow anything to an unknown origin."""
        origin = self._listed_origin(request)
        if not origin:
            return {"Vary": "Origin"}
        headers = {
            "Vary": "Origin",
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
            "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
            "Access-Control-Max-Age": "600",
        }
        if request.headers.get("Access-Control-Request-Private-Network") == "true":
            headers["Access-Control-Allow-Private-Network"] = "true"
        return headers

    def _listed_origin(self, request: web.BaseRequest) -> str:
        origins = request.headers.getall("Origin", ())
        return origins[0] if len(origins) == 1 and origins[0] in self._origins else ""

    def _check_authority(self, authority: str, request: web.BaseRequest) -> None:
        if authority in self._authorities or authority.lower() in self._authorities:
            return
        if self._own_addresses and authority == _own_authority(request):
            return
        raise HttpError(
            WRONG_HOST,
            "Grokdesk does not answer to this host name. "
            "Use 127.0.0.1 or localhost and the port shown in the window.",
        )


def _authorities(name: str, port: int) -> Iterable[str]:
    """How clients write a name and our port; a name may bring its own port."""
    name = name.lower()
    if ":" in name and not name.startswith("["):
        try:
            name = f"[{ipaddress.IPv6Address(name)}]"
        except ValueError:
            return (name,)
    if "]:" in name:
        return (name,)
    return (f"{name}:{port}", name) if port == 80 else (f"{name}:{port}",)


def _authority_of(target: str) -> str:
    """Of `http://host:port/path`, or the target itself where there is no such thing."""
    _, separator, rest = target.partition("://")
    if not separator:
        return target
    for end in "/?#":
        rest = rest.partition(end)[0]
    return rest


def _own_authority(request: web.BaseRequest) -> str | None:
    transport = request.transport
    if transport is None:
        return None
    host, port = transport.get_extra_info("sockname")[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
