"""The bodies grok.com and Cloudflare answer with when they refuse or have nothing to say."""

from dataclasses import dataclass
from typing import Final

import msgspec
from aiohttp import web

_JSON: Final = "application/json"
_HTML: Final = "text/html; charset=UTF-8"

# Not JSON, not UTF-8, and with an unbalanced brace.
GARBAGE: Final = b"\x00\xff\xfe<<< not a frame {\xc3\x28 ]]>\n\n{{{\n"

_CHALLENGE: Final = """<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title>
<meta name="robots" content="noindex,nofollow"></head><body><h2>Checking your browser</h2>
<script src="/cdn-cgi/challenge-platform/h/g/orchestrate/chl_page/v1"></script></body></html>
"""

_INDEX: Final = """<!DOCTYPE html><html lang="en"><head><title>Grok</title>
<meta name="grok-site-verification" content="c2ltdWxhdG9yLW9mLWEtc2l0ZS12ZXJpZmljYXRpb24tdmFsdWU">
</head><body><div id="app"></div></body></html>
"""


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    body: bytes
    content_type: str = _JSON
    headers: tuple[tuple[str, str], ...] = ()

    def response(self, retry_after_s: int | None = None) -> web.Response:
        headers = dict(self.headers)
        if self.content_type:
            headers["Content-Type"] = self.content_type
        if retry_after_s is not None and self.status == 429:
            headers["Retry-After"] = str(retry_after_s)
        return web.Response(status=self.status, body=self.body, headers=headers)


def error_body(code: int, message: str) -> bytes:
    """The shape of most refusals; the numbers are those of gRPC."""
    return msgspec.json.encode({"error": {"code": code, "message": message, "details": []}})


def invalid(message: str) -> web.Response:
    return Refusal(400, error_body(3, message)).response()


def not_found() -> web.Response:
    return NOT_FOUND.response()


def unauthenticated() -> web.Response:
    return REFUSALS["401"].response()


def denied(message: str) -> web.Response:
    return Refusal(403, error_body(7, message)).response()


def json_response(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type=_JSON)


def index() -> web.Response:
    return web.Response(text=_INDEX, content_type="text/html")


NOT_FOUND: Final = Refusal(404, error_body(5, "Not found"))

REFUSALS: Final[dict[str, Refusal]] = {
    "401": Refusal(
        401,
        error_body(16, "Failed to look up session ID [WKE=unauthenticated:bad-credentials]"),
    ),
    "blocked": Refusal(
        403,
        msgspec.json.encode(
            {
                "code": 7,
                "message": "User is blocked [WKE=unauthorized:blocked-user]",
                "details": [],
            }
        ),
    ),
    "cf": Refusal(
        403,
        _CHALLENGE.encode(),
        _HTML,
        (("cf-mitigated", "challenge"), ("server", "cloudflare")),
    ),
    "antibot": Refusal(403, error_body(7, "Request rejected by anti-bot rules.")),
    "forbidden": Refusal(403, error_body(7, "Something went wrong")),
    "moderated": Refusal(
        403, error_body(7, "Content violates usage guidelines. [WKE=content-moderated]")
    ),
    "429": Refusal(429, error_body(8, "Too many requests")),
    "500": Refusal(500, error_body(13, "Internal error")),
    "502": Refusal(502, b"<html>502 Bad Gateway</html>", "text/html"),
}
