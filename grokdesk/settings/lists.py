"""Settings that are lists: one text with commas, checked and tidied entry by entry."""

import ipaddress
import re
from collections.abc import Callable

_MOST = 50
_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>\d{1,5}))?/?"
)
_USUAL_PORTS = {"http": "80", "https": "443"}
"""Browsers leave these out, so they are left out here."""
_HOST = re.compile(
    r"(?P<host>[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::(?P<port>\d{1,5}))?"
)


def entries(text: str) -> tuple[str, ...]:
    """Of a list that has passed its rule."""
    return tuple(entry for entry in text.split(", ") if entry)


def origins(value: str) -> str:
    """Web pages and extensions, to the letter as browsers name them."""
    return _each(value, _origin)


def host_names(value: str) -> str:
    """Names of this computer, with a port where it is not the gateway's own."""
    return _each(value, _host_name)


def _each(value: str, rule: Callable[[str], str]) -> str:
    tidy = dict.fromkeys(rule(entry.strip().lower()) for entry in value.split(",") if entry.strip())
    if len(tidy) > _MOST:
        raise ValueError(f"has more than {_MOST} entries")
    return ", ".join(tidy)


def _origin(text: str) -> str:
    if text in ("*", "null"):
        raise ValueError(f"must not contain {text}, which would let any web page in")
    match = _ORIGIN.fullmatch(text)
    if match is None or not _is_place(match["host"], match["port"]):
        raise ValueError(
            "must be addresses of pages without a path, such as https://chat.example.com or "
            "app://obsidian.md, with commas between them"
        )
    scheme, host, port = match["scheme"], match["host"], match["port"]
    if port is None or port == _USUAL_PORTS.get(scheme):
        return f"{scheme}://{host}"
    return f"{scheme}://{host}:{int(port)}"


def _host_name(text: str) -> str:
    match = _HOST.fullmatch(text)
    if match is None or not _is_place(match["host"], match["port"]):
        raise ValueError(
            "must be names or addresses of this computer, such as my-nas or 192.168.1.5:8080, "
            "with commas between them"
        )
    if _is_everywhere(match["host"]):
        raise ValueError(f"must not contain {match['host']}, which is no address of a computer")
    host, port = match["host"], match["port"]
    return host if port is None else f"{host}:{int(port)}"


def _is_place(host: str, port: str | None) -> bool:
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(host[1:-1])
        except ValueError:
            return False
    return port is None or 0 < int(port) <= 65_535


def _is_everywhere(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return False
