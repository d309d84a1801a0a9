"""FlareSolverr: a program of the user's that solves Cloudflare's check in a real browser."""

import contextlib
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from grokdesk.domain.errors import (
    LocalNetworkError,
    SettingsError,
    UpstreamError,
    UpstreamTimeoutError,
)
from grokdesk.upstream.web.clearance import Clearance
from grokdesk.upstream.web.proxies import Proxy
from grokdesk.upstream.web.transport import Response, Transport
from grokdesk.upstream.web.watchdog import Timeouts
from grokdesk.upstream.web.wire.browser import BrowserProfile
from grokdesk.upstream.web.wire.cookies import clearance_cookies
from grokdesk.upstream.web.wire.excerpts import excerpt

_CONNECT_S = 5.0
_GRACE_S = 15.0
"""The solver may take so much longer than it was told to, for starting its browser."""
_BODY_CAP = 32 << 20
"""It sends the whole page along."""


@dataclass(frozen=True, slots=True)
class Solver:
    """`interval_s` 0: only after a challenge."""

    url: str
    timeout_s: float = 60.0
    interval_s: float = 600.0


class _Cookie(msgspec.Struct):
    name: str
    value: str
    domain: str = ""


class _Solution(msgspec.Struct, rename="camel"):
    user_agent: str = ""
    cookies: list[_Cookie] = []


class _Answer(msgspec.Struct):
    status: str
    message: str = ""
    solution: _Solution | None = None


async def solve(solver: Solver, target: str, proxy: Proxy | None) -> Clearance:
    """Clearance for `target`, reached through `proxy` as our own requests are.

    Raise LocalNetworkError with what is wrong with the solver.
    """
    limit_s = solver.timeout_s + _GRACE_S
    # A way of its own: the solver is near by, or behind https; a proxy would hear the cookies.
    transport = Transport(
        BrowserProfile().impersonate, timeouts=Timeouts(_CONNECT_S, limit_s, limit_s)
    )
    async with contextlib.aclosing(transport):
        try:
            response = await transport.fetch(
                "POST",
                f"{solver.url}/v1",
                [("content-type", "application/json"), ("accept", "application/json")],
                msgspec.json.encode(_command(solver, target, proxy)),
                timeout_s=limit_s,
                limit=_BODY_CAP,
            )
        except UpstreamTimeoutError:
            raise LocalNetworkError(
                f"FlareSolverr at {_place(solver)} took longer than {limit_s:.0f} s. Look at its "
                "log, or raise upstream.flaresolverr_timeout_s."
            ) from None
        except UpstreamError:
            raise LocalNetworkError(
                f"FlareSolverr at {_place(solver)} does not answer. Start it, or correct "
                "upstream.flaresolverr_url."
            ) from None
    return _clearance(response, target)


def _command(solver: Solver, target: str, proxy: Proxy | None) -> dict[str, object]:
    command: dict[str, object] = {
        "cmd": "request.get",
        "url": target,
        "maxTimeout": int(solver.timeout_s * 1000),
    }
    if proxy is not None:
        # Browsers know no "h": they leave names to a SOCKS proxy anyway.
        url = proxy.url.replace("socks5h://", "socks5://").replace("socks4a://", "socks4://")
        command["proxy"] = {"url": url}
        if proxy.user:
            command["proxy"] = {"url": url, "username": proxy.user, "password": proxy.password}
    return command


def _clearance(response: Response, target: str) -> Clearance:
    try:
        answer = msgspec.json.decode(response.body, type=_Answer)
    except msgspec.DecodeError:
        raise LocalNetworkError(
            "What answers at upstream.flaresolverr_url is not FlareSolverr. Correct the address."
        ) from None
    solution = answer.solution
    if answer.status != "ok" or solution is None or not solution.user_agent:
        raise LocalNetworkError(
            f"FlareSolverr could not pass the browser check: {_reason(answer)}. Look at its log."
        )
    host = urlsplit(target).hostname or ""
    cookies = "; ".join(
        f"{cookie.name}={cookie.value}" for cookie in solution.cookies if _is_for(host, cookie)
    )
    try:
        profile = BrowserProfile.of(solution.user_agent)
    except SettingsError as error:
        raise LocalNetworkError(f"FlareSolverr cannot be used: {error}") from None
    return Clearance(clearance_cookies(cookies), profile)


def _reason(answer: _Answer) -> str:
    return excerpt(answer.message).strip().rstrip(".")[:200] or "it gave no reason"


def _is_for(host: str, cookie: _Cookie) -> bool:
    domain = cookie.domain.lstrip(".").lower()
    return not domain or host == domain or host.endswith(f".{domain}")


def _place(solver: Solver) -> str:
    return urlsplit(solver.url).netloc
