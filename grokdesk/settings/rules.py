"""What a value must be: a rule returns the value to keep or raises ValueError with the reason."""

import ipaddress
import re
from collections.abc import Callable
from typing import TypeVar

from grokdesk.domain.model_names import parse_aliases, text_of

N = TypeVar("N", int, float)

# One strict form instead of a URL parser: nothing is left for two parsers to disagree about.
_ORIGIN = re.compile(
    r"(?P<scheme>[a-z]+)://(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(?P<port>\d{1,5}))?/?"
)
_PROXY = re.compile(
    r"(?:https?|socks4a?|socks5h?)://(?:(?P<user>[^\s/@]+)@)?"
    r"(?:[\w.-]+|\[(?P<ipv6>[0-9a-fA-F:.]+)\])(?::(?P<port>\d{1,5}))?/?"
)
SYSTEM_PROXY = "system"
NO_PROXY = "none"
_SOCKET_PATH = re.compile(r"/[a-z0-9/_-]*")

_UPSTREAM_HOSTS = ("grok.com",)
_ASSET_HOSTS = ("grok.com", "x.ai")


def between(low: N, high: N) -> Callable[[N], N]:
    def rule(value: N) -> N:
        if not low <= value <= high:
            raise ValueError(f"must be between {low} and {high}")
        return value

    return rule


def bind_host(value: str) -> str:
    """An address to listen on: never a name that somebody else may point elsewhere."""
    host = value.strip().strip("[]").lower()
    if host == "localhost":
        return host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise ValueError("must be 'localhost' or an IP address of this computer") from None
    if address.is_multicast:
        raise ValueError("is a multicast address, where nobody can listen")
    return str(address)


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach it; `host` has passed `bind_host` or a URL rule."""
    name = host.strip("[]")
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def web_origin(value: str) -> str:
    """https://grok.com, or an upstream on this computer."""
    return _origin(value, "https", "http", _UPSTREAM_HOSTS)


def asset_origin(value: str) -> str:
    """Empty: derived from the web address."""
    return _origin(value, "https", "http", _ASSET_HOSTS) if value.strip() else ""


def socket_url(value: str) -> str:
    """Empty: derived from the web address. May have a path."""
    text = value.strip()
    if not text:
        return ""
    scheme, separator, rest = text.partition("://")
    authority, slash, path = rest.partition("/")
    if slash and not _SOCKET_PATH.fullmatch(slash + path):
        raise ValueError("must be a plain wss:// address")
    return _origin(f"{scheme}{separator}{authority}", "wss", "ws", _UPSTREAM_HOSTS) + slash + path


def proxy_choice(value: str) -> str:
    """`system`, `none` or the address of a proxy; empty is `system`."""
    text = value.strip()
    if text.lower() in ("", SYSTEM_PROXY):
        return SYSTEM_PROXY
    return NO_PROXY if text.lower() == NO_PROXY else _proxy_url(text)


def other_proxy_choice(value: str) -> str:
    """Empty: as the first one says."""
    return proxy_choice(value) if value.strip() else ""


def solver_url(value: str) -> str:
    """Empty: none. It learns cookies, so it is on this computer or behind https."""
    text = value.strip()
    if not text:
        return ""
    match = _ORIGIN.fullmatch(text.lower())
    if match is None or match["scheme"] not in ("http", "https"):
        raise ValueError("must be a plain address such as http://127.0.0.1:8191")
    if match["scheme"] == "http" and not is_loopback(match["host"]):
        raise ValueError(
            "must begin with https:// unless it is on this computer; "
            "otherwise others could read the cookies on their way"
        )
    return match.group().rstrip("/")


def ports(value: str) -> str:
    """Numbers with commas between them; empty: none."""
    words = [word.strip() for word in value.split(",") if word.strip()]
    if not all(word.isdecimal() and word.isascii() and 0 < int(word) <= 65_535 for word in words):
        raise ValueError("must be port numbers with commas between them")
    return ",".join(str(number) for number in sorted(set(map(int, words))))


def model_aliases(value: str) -> str:
    """NAME=MODEL with commas between them; empty: none."""
    return text_of(parse_aliases(value))


def zero_or_between(low: float, high: float) -> Callable[[float], float]:
    within = between(low, high)

    def rule(value: float) -> float:
        return value if value == 0 else within(value)

    return rule


def _proxy_url(text: str) -> str:
    match = _PROXY.fullmatch(text)
    if match is None or not _is_place(match["ipv6"], match["port"]):
        raise ValueError(
            "must be system, none, or look like http://host:port or socks5h://host:port"
        )
    if "***" in (match["user"] or ""):
        raise ValueError("has its user and password masked; type them again")
    return text


def _is_place(ipv6: str | None, port: str | None) -> bool:
    try:
        ipaddress.IPv6Address(ipv6 or "::1")
    except ValueError:
        return False
    return 0 < int(port or 1) <= 65_535


def _origin(value: str, safe: str, plain: str, hosts: tuple[str, ...]) -> str:
    match = _ORIGIN.fullmatch(value.strip().lower())
    if match is None or match["scheme"] not in (safe, plain):
        raise ValueError(f"must be a plain {safe}:// address without path, user or query")
    host, port = match["host"], match["port"]
    if is_loopback(host):
        return match.group().rstrip("/")
    belongs = any(host == known or host.endswith(f".{known}") for known in hosts)
    if match["scheme"] != safe or port not in (None, "443") or not belongs:
        allowed = " or ".join(f"{safe}://{known}" for known in hosts)
        raise ValueError(
            f"must be {allowed} or an address of this computer; "
            "otherwise your tokens would be sent to somebody else"
        )
    return f"{safe}://{host}"
