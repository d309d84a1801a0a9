"""Who may talk to us at all: the Host that was asked for and the web page that asks.

Loopback is a public place: any page in the user's browser can reach it. Hence the Host must be
ours to the letter (DNS rebinding), and a page needs to be on the user's list.
"""

import ipaddress
from collections.abc import Callable, Collection, Iterable

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
    """Checks that need no key. `origins` are exact: scheme, host and port."""

    def __init__(
        self, port: int, host_names: Iterable[str], origins: Callable[[], Collection[str]]
    ) -> None:
        names = (*LOCAL_NAMES, *host_names)
        self._authorities = frozenset(form for name in names for form in _authorities(name, port))
        self._origins = origins

    def check_host(self, request: web.BaseRequest) -> None:
        """Raise HttpError unless both the target and the Host header name us."""
        hosts = request.headers.getall("Host", ())
        if len(hosts) != 1 or not hosts[0]:
            raise HttpError(BAD_HEADER, "Exactly one Host header is needed.")
        target = request.raw_path
        if not target.startswith("/"):
            self._check_authority(_authority_of(target) if target != "*" else hosts[0])
        self._check_authority(hosts[0])

    def check_origin(self, request: web.BaseRequest) -> str:
        """The listed origin that asks, or nothing when no web page asks; raise HttpError."""
        headers = request.headers
        if "Origin" not in headers:
            if headers.get("Sec-Fetch-Site", "none") in _OWN_SITE:
                return ""
            raise HttpError(FOREIGN_ORIGIN, "Web pages may not use this address.")
        origin = self.listed_origin(request)
        if not origin:
            raise HttpError(
                FOREIGN_ORIGIN,
                "This web page or browser extension is not allowed to use Grokdesk. "
                "Add its origin in Settings to allow it.",
            )
        return origin

    def preflight(self, request: web.BaseRequest) -> dict[str, str]:
        """Headers that answer OPTIONS: none that allow anything to an unknown origin."""
        origin = self.listed_origin(request)
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

    def listed_origin(self, request: web.BaseRequest) -> str:
        origins = request.headers.getall("Origin", ())
        if len(origins) == 1 and origins[0] != "null" and origins[0] in self._origins():
            return origins[0]
        return ""

    def _check_authority(self, authority: str) -> None:
        if authority not in self._authorities and authority.lower() not in self._authorities:
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
