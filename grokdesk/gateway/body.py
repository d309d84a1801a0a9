"""Reading a request's body: type, coding, size and time are checked before anyone looks in."""

import asyncio
import contextlib

from aiohttp import web
from aiohttp.compression_utils import HAS_BROTLI, HAS_ZSTD

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.errors import BODY_TOO_LARGE, SLOW_BODY, WRONG_CONTENT, HttpError
from grokdesk.gateway.exchange import Exchange

_FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_CODINGS = frozenset({"identity", "gzip", "deflate", *["br"] * HAS_BROTLI, *["zstd"] * HAS_ZSTD})


async def read_json_body(exchange: Exchange) -> bytes:
    """Raise HttpError (408, 413, 415) or InvalidRequestError for a broken coding."""
    request = exchange.request
    _check_type(request)
    limit = exchange.services.settings.current.gateway.max_body_mb * 1024 * 1024
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    if "Expect" in request.headers:
        await _invite(request)
    try:
        return await _read(exchange, limit)
    except web.RequestPayloadError:
        raise InvalidRequestError(
            "The body cannot be decoded: its encoding or its framing is broken.",
            code="invalid_body",
        ) from None


def _check_type(request: web.BaseRequest) -> None:
    # Any web page may send these without asking first; so it may text/plain, but real clients
    # use that too, and the guard has looked at the page.
    if request.content_type in _FORM_TYPES:
        raise HttpError(WRONG_CONTENT, "Send the body as application/json.")
    coding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in _CODINGS:
        raise HttpError(
            WRONG_CONTENT, f"A body may be encoded as {', '.join(sorted(_CODINGS))}, or not at all."
        )


async def _invite(request: web.BaseRequest) -> None:
    """Answer `Expect: 100-continue` only now that we do want the body."""
    with contextlib.suppress(ConnectionError):
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def _read(exchange: Exchange, limit: int) -> bytes:
    content = exchange.request.content
    if content.is_eof():
        # All there already; aiohttp reads ahead far less than any limit.
        return content.read_nowait()
    limits = exchange.context.limits
    loop = asyncio.get_running_loop()
    deadline = loop.time() + limits.body_total_s
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(None) as patience:
            while True:
                patience.reschedule(min(loop.time() + limits.body_idle_s, deadline))
                piece = await content.readany()
                if not piece:
                    return b"".join(pieces)
                pieces.append(piece)
                size += len(piece)
                if size > limit:
                    raise _too_large(limit)
    except TimeoutError:
        raise HttpError(SLOW_BODY, "The body of the request did not arrive in time.") from None


def _too_large(limit: int) -> HttpError:
    return HttpError(
        BODY_TOO_LARGE,
        f"The body is larger than {limit // 1024 // 1024} MB, the limit in Settings.",
    )
