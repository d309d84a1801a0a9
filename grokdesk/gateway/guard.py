"""Who may talk to us at all: the Host that was asked for and the web page that asks.

Loopback is a public place: any page in the user's browser can reach it. Hence the Host must be
ours to the letter (DNS rebinding), and a page needs to be on the user's list.
"""

import ipaddress
import re
from collections.abc import Iterable

from aiohttp import web

from grokdesk.gateway.errors import BAD_HEADER, FOREIGN_ORIGIN, WRONG_HOST, HttpError

LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]", "host.docker.internal")

_UNSPOKEN_PORTS = (80, 443)
"""Clients leave them out of the Host header."""
_OWN_SITE = frozenset({"none", "same-origin"})
_ALLOWED_HEADERS = (
    "authorization",
    "content-type",
    "x-api-key",
    "api-key",
    "x-requested-with",
    "http-referer",
    "x-title",
    "x-request-id",
    "anthropic-version",
    "anthropic-beta",
    "anthropic-dangerous-direct-browser-access",
    "openai-organization",
    "openai-project",
    "openai-beta",
    *(
        f"x-stainless-{name}"
        for name in (
            "arch",
            "async",
            "custom-poll-interval",
            "helper-method",
            "lang",
            "os",
            "package-version",
            "poll-helper",
            "retry-count",
            "runtime",
            "runtime-version",
            "timeout",
        )
    ),
)
_SDK_HEADER = re.compile(r"(?:x-stainless|openai|anthropic)-[a-z0-9-]{1,64}")
"""SDKs add to these in each version."""
_MOST_SDK_HEADERS = 32
_DEPENDS_ON = "Origin, Access-Control-Request-Headers, Access-Control-Request-Private-Network"
_PREFLIGHT_KEPT_S = 600


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

    def preflight(self, request: web.BaseRequest, methods: Iterable[str]) -> dict[str, str]:
        """Headers that answer OPTIONS: none that allow anything to an unknown origin."""
        headers = {"Vary": _DEPENDS_ON}
        origin = self._listed_origin(request)
        if not origin:
            return headers
        headers |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Allow-Headers": ", ".join((*_ALLOWED_HEADERS, *_sdk_headers(request))),
            "Access-Control-Max-Age": str(_PREFLIGHT_KEPT_S),
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


def _sdk_headers(request: web.BaseRequest) -> list[str]:
    asked = request.headers.get("Access-Control-Request-Headers", "").lower()
    names = dict.fromkeys(name.strip() for name in asked.split(","))
    fitting = [name for name in names if _SDK_HEADER.fullmatch(name)]
    return [name for name in fitting if name not in _ALLOWED_HEADERS][:_MOST_SDK_HEADERS]


def _authorities(name: str, port: int) -> Iterable[str]:
    """How clients write a name and its port, which is ours unless the name brings one."""
    host, own_port = _split_port(name.lower())
    port = own_port or port
    authority = f"{host}:{port}"
    return (authority, host) if port in _UNSPOKEN_PORTS else (authority,)


def _split_port(name: str) -> tuple[str, int]:
    """0: it has none."""
    try:
        return f"[{ipaddress.IPv6Address(name.strip('[]'))}]", 0
    except ValueError:
        host, colon, port = name.rpartition(":")
        return (host, int(port)) if colon else (name, 0)


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
