"""Where grok.com is: hosts, paths, referers, and which addresses we talk to at all."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlencode, urlsplit

from grokdesk.domain.errors import SettingsError

WEB_HOST = "grok.com"
ASSETS_HOST = "assets.grok.com"
_HTTP = ("http", "https")
_ODD = re.compile(r"[^!-~]|\\")  # what parsers of addresses disagree about
_SOCKET_PATH = re.compile(r"(?P<origin>[^/]*//[^/]*)(?P<path>(?:/[\w-]+)+/?)", re.ASCII)

ASSET_HOSTS = frozenset({ASSETS_HOST, "imagine-public.x.ai", "imgen.x.ai"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`referer` is the page from which the browser makes this call."""

    method: str
    path: str
    referer: str = "/"


CHAT = Endpoint("POST", "/rest/app-chat/conversations/new")
MEDIA_CHAT = Endpoint("POST", "/rest/app-chat/conversations/new", "/imagine")
CHAT_SOCKET = Endpoint("GET", "/ws/mgw/")
SESSION = Endpoint("GET", "/api/auth/session")
RATE_LIMITS = Endpoint("POST", "/rest/rate-limits")
IMAGINE_QUOTA = Endpoint("POST", "/rest/media/imagine/quota_info", "/imagine")
WEEKLY_CREDITS = Endpoint("POST", "/grok_api_v2.GrokBuildBilling/GetGrokCreditsConfig")
UPLOAD = Endpoint("POST", "/http/upload-file-v2/direct")
MEDIA_UPLOAD = Endpoint("POST", "/http/upload-file-v2/direct", "/imagine")
LEGACY_UPLOAD = Endpoint("POST", "/rest/app-chat/upload-file")


@dataclass(frozen=True, slots=True)
class Origins:
    """The three origins of one upstream; made by `of`, which lets no other host in."""

    web: str = f"https://{WEB_HOST}"
    assets: str = f"https://{ASSETS_HOST}"
    socket: str = f"wss://{WEB_HOST}"
    socket_path: str = CHAT_SOCKET.path

    @classmethod
    def of(cls, web_url: str, assets_url: str = "", socket_url: str = "") -> "Origins":
        """Derive what is left empty; only `socket_url` may have a path.

        Raise SettingsError unless all are grok.com itself or loopback: tokens are sent there.
        """
        web = _origin("upstream.web_url", web_url, WEB_HOST, "http")
        beside = f"https://{ASSETS_HOST}" if web == f"https://{WEB_HOST}" else web
        socket_origin, socket_path = _without_path(socket_url or f"ws{web.removeprefix('http')}")
        return cls(
            web,
            _origin("upstream.assets_url", assets_url or beside, ASSETS_HOST, "http"),
            _origin("upstream.socket_url", socket_origin, WEB_HOST, "ws"),
            socket_path or CHAT_SOCKET.path,
        )

    def url(self, endpoint: Endpoint) -> str:
        return f"{self.web}{endpoint.path}"

    def chat_socket_url(self, user_id: str) -> str:
        return f"{self.socket}{self.socket_path}?{urlencode({'uid': user_id})}"

    def asset_url(self, reference: str) -> str | None:
        """Make what upstream calls an asset absolute; None for any other host than the known."""
        if not reference or _ODD.search(reference):
            return None
        if reference.startswith("//"):
            reference = f"https:{reference}"
        parts = _split(reference)
        if parts is None:
            return None
        if not parts.scheme:
            return f"{self.assets}/{reference.removeprefix('/')}"
        if f"{parts.scheme}://{parts.netloc}".lower() == self.assets:
            return reference
        if _is_loopback_origin(self.assets) or parts.netloc.lower() not in ASSET_HOSTS:
            return None
        return parts._replace(scheme="https").geturl() if parts.scheme in _HTTP else None


GROK = Origins()


def _origin(key: str, url: str, real_host: str, scheme: str) -> str:
    """`scheme` is http or ws; the real host needs its encrypted form."""
    parts = None if _ODD.search(url) else _split(url)
    if parts is None or not _is_bare(parts) or parts.scheme not in (scheme, f"{scheme}s"):
        raise _refused(key, url, real_host, scheme)
    host = parts.hostname or ""
    is_real = host == real_host and parts.scheme == f"{scheme}s" and parts.port in (None, 443)
    if is_real:
        return f"{scheme}s://{real_host}"
    if not _is_loopback(host):
        raise _refused(key, url, real_host, scheme)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _without_path(url: str) -> tuple[str, str]:
    found = _SOCKET_PATH.fullmatch(url)
    return (found["origin"], found["path"]) if found else (url, "")


def _refused(key: str, url: str, real_host: str, scheme: str) -> SettingsError:
    return SettingsError(
        key,
        f"'{url[:100]}' is not an address that may receive tokens. "
        f"Use {scheme}s://{real_host} or an address of this computer such as "
        f"{scheme}://127.0.0.1:8080.",
    )


def _split(url: str) -> SplitResult | None:
    """None when the address cannot be taken apart, such as one with port 99999."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _is_bare(parts: SplitResult) -> bool:
    """Scheme, host and port alone: no user, path, query or fragment."""
    return not (parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc)


def _is_loopback_origin(origin: str) -> bool:
    return _is_loopback(urlsplit(origin).hostname or "")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
