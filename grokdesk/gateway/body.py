"""Reading a request's body: type, coding, size and time are checked before anyone looks in."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeVar

from aiohttp import web

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.errors import SLOW_BODY, WRONG_CONTENT, HttpError, body_too_large
from grokdesk.gateway.exchange import Exchange
from grokdesk.gateway.unpack import CODINGS, unpack

_FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_UNPACKED_INLINE = 4 * 1024
_PARSED_INLINE = 1024 * 1024
"""About 2 ms; a picture of 40 MB keeps a thread busy for most of a second."""
_SLOW_WORDS = (b'"schema"', b'"format"')
"""A body with these may hold a JSON schema for the answer, whose check takes 10 ms per KB."""

T = TypeVar("T")


async def read_json_body(exchange: Exchange) -> bytes:
    """Raise HttpError (408, 413, 415) or InvalidRequestError for a broken coding."""
    request = exchange.request
    coding = _check_type(request)
    limit = exchange.services.settings.current.gateway.max_body_mb * 1024 * 1024
    if (request.content_length or 0) > limit:
        raise body_too_large(limit)
    if "Expect" in request.headers:
        await _invite(request)
    try:
        body = await _read(exchange, limit)
    except web.RequestPayloadError:
        raise InvalidRequestError(
            "The framing of the body is broken.", code="invalid_body"
        ) from None
    if coding == "identity":
        return body
    if len(body) <= _UNPACKED_INLINE:
        return unpack(body, coding, limit)
    return await asyncio.to_thread(unpack, body, coding, limit)


def _check_type(request: web.BaseRequest) -> str:
    """The coding of the body."""
    # Any web page may send these without asking first; so it may text/plain, but real clients
    # use that too, and the guard has looked at the page.
    if request.content_type in _FORM_TYPES:
        raise HttpError(WRONG_CONTENT, "Send the body as application/json.")
    codings = request.headers.getall("Content-Encoding", ("identity",))
    coding = ",".join(codings).strip().lower()
    if coding != "identity" and coding not in CODINGS:
        raise HttpError(
            WRONG_CONTENT,
            f"A body may be encoded once, as {', '.join(sorted(CODINGS))}, or not at all.",
            headers={"Accept-Encoding": ", ".join(sorted(CODINGS))},
        )
    return coding


async def _invite(request: web.BaseRequest) -> None:
    """Answer `Expect: 100-continue` only now that we do want the body."""
    with contextlib.suppress(ConnectionError):
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def parse_body(parse: Callable[[bytes], T], body: bytes) -> T:
    """`parse(body)`, in a thread when that may take long."""
    if len(body) > _PARSED_INLINE:
        return await asyncio.to_thread(parse, body)
    for word in _SLOW_WORDS:
        if word in body:
            return await asyncio.to_thread(parse, body)
    return parse(body)


async def aside(work: Callable[[], T], size: int) -> T:
    """`work()`, in a thread when `size` says that it has much to read, in bytes."""
    return work() if size <= _PARSED_INLINE else await asyncio.to_thread(work)


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
                    raise body_too_large(limit)
    except TimeoutError:
        raise HttpError(SLOW_BODY, "The body of the request did not arrive in time.") from None
