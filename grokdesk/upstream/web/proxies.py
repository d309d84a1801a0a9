"""Which proxy a connection takes: none, the one of the system, or one that the user named."""

import asyncio
import ipaddress
import urllib.request
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import quote, unquote, urlsplit

from grokdesk.domain.errors import LocalNetworkError

_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_HTTP_OF = {"ws": "http", "wss": "https"}


@dataclass(frozen=True, slots=True)
class Proxy:
    """`url` is scheme, host and port alone."""

    url: str
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str) -> "Proxy":
        """Raise ValueError for what is no address of a proxy; without a scheme it is http."""
        if "://" not in text:
            text = f"http://{text}"
        parts = urlsplit(text.strip())
        scheme = "socks5h" if parts.scheme == "socks" else parts.scheme
        if scheme not in _SCHEMES or not parts.hostname or parts.port == 0:
            raise ValueError("it must look like http://host:port or socks5h://host:port")
        place = parts.netloc.rpartition("@")[2]
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(f"{scheme}://{place}", user, password)

    @property
    def public_url(self) -> str:
        """With the user's name, without the password."""
        if not self.user:
            return self.url
        scheme, _, place = self.url.partition("://")
        return f"{scheme}://{quote(self.user, safe='')}@{place}"

    @property
    def is_socks(self) -> bool:
        return self.url.startswith("socks")


ProxyChoice: TypeAlias = Proxy | Literal["system"] | None


async def proxy_for(choice: ProxyChoice, url: str) -> Proxy | None:
    """Raise LocalNetworkError when the system's own setting cannot be used."""
    if choice == "system":
        # In a thread: Windows looks up names to find out whether to go around the proxy.
        return await asyncio.to_thread(system_proxy, url)
    return choice


def system_proxy(url: str) -> Proxy | None:
    """What the environment says, or else the system's settings; exceptions are respected."""
    parts = urlsplit(url)
    if _is_loopback(parts.hostname or "") or urllib.request.proxy_bypass(parts.netloc):
        return None
    found = urllib.request.getproxies()
    text = found.get(_HTTP_OF.get(parts.scheme, parts.scheme)) or found.get("all")
    if not text and "socks" in found:
        # macOS names the place as if it spoke HTTP.
        text = f"socks5h://{found['socks'].rpartition('://')[2]}"
    try:
        return Proxy.parse(text) if text else None
    except ValueError:
        raise LocalNetworkError(
            "The proxy in the settings of this system has no address that can be used. "
            "Correct it there, or set upstream.proxy_url."
        ) from None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
