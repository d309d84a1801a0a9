"""Request headers in the order in which Chrome sends them.

They are complete: the transport sends these and no defaults of its own, because the defaults of
an impersonated browser are those of typing an address, not of a script on the page.
"""

from typing import TypeAlias

from grokdesk.domain.errors import SettingsError
from grokdesk.upstream.web.wire.browser import BrowserProfile
from grokdesk.upstream.web.wire.facts import Endpoint, Origins

Headers: TypeAlias = list[tuple[str, str]]

_ENCODINGS = "gzip, deflate, br, zstd"
JSON = "application/json"
GRPC_WEB = "application/grpc-web+proto"


def xhr_headers(
    profile: BrowserProfile,
    origins: Origins,
    endpoint: Endpoint,
    *,
    cookie: str,
    request_id: str = "",
    content_type: str = JSON,
    statsig: str = "",
) -> Headers:
    """A call by a script on the page. Leave `content_type` empty where the transport sets it.

    Uploads and gRPC take neither `request_id` nor `statsig`.
    """
    posted = endpoint.method == "POST"
    headers: Headers = []
    if request_id:
        headers.append(("x-xai-request-id", request_id))
    if statsig:
        headers.append(("x-statsig-id", _printable("upstream.statsig_id", statsig)))
    headers += [*profile.client_hints(), ("user-agent", profile.user_agent)]
    if posted and content_type:
        headers.append(("content-type", content_type))
    headers.append(("accept", "*/*"))
    if posted:
        headers.append(("origin", origins.web))
    return [
        *headers,
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-dest", "empty"),
        ("referer", f"{origins.web}{endpoint.referer}"),
        ("accept-encoding", _ENCODINGS),
        ("accept-language", profile.accept_language),
        ("cookie", cookie),
        ("priority", "u=1, i"),
    ]


def grpc_web_headers(
    profile: BrowserProfile, origins: Origins, endpoint: Endpoint, *, cookie: str
) -> Headers:
    return [
        ("x-grpc-web", "1"),
        ("x-user-agent", "connect-es/2.1.1"),
        *xhr_headers(profile, origins, endpoint, cookie=cookie, content_type=GRPC_WEB),
    ]


def socket_headers(profile: BrowserProfile, origins: Origins, *, cookie: str) -> Headers:
    """Beside those of the handshake itself. Chrome sends no client hints here."""
    return [
        ("pragma", "no-cache"),
        ("cache-control", "no-cache"),
        ("user-agent", profile.user_agent),
        ("origin", origins.web),
        ("accept-language", profile.accept_language),
        ("cookie", cookie),
    ]


def download_headers(profile: BrowserProfile, *, cookie: str, accept: str = "*/*") -> Headers:
    """An asset opened like a page of its own."""
    return [
        *profile.client_hints(),
        ("upgrade-insecure-requests", "1"),
        ("user-agent", profile.user_agent),
        ("accept", accept),
        ("sec-fetch-site", "none"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-user", "?1"),
        ("sec-fetch-dest", "document"),
        ("accept-encoding", _ENCODINGS),
        ("accept-language", profile.accept_language),
        ("cookie", cookie),
        ("priority", "u=0, i"),
    ]


def _printable(key: str, value: str) -> str:
    if not (value.isascii() and value.isprintable()):
        raise SettingsError(
            key, "The value has characters that a header cannot hold. Copy it anew."
        )
    return value
