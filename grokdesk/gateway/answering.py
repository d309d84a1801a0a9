"""What all dialects do alike: run a chat call and tell its chunks, streamed or whole."""

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from aiohttp import web

from grokdesk.domain.chat import ChatRequest, Chunk, Emit
from grokdesk.domain.errors import GrokdeskError
from grokdesk.gateway.errors import Verdict
from grokdesk.gateway.exchange import EVENT_STREAM, Exchange
from grokdesk.gateway.sse import PING
from grokdesk.services.admission import Admission
from grokdesk.services.calls import Call, ChatResult


class StreamRenderer(Protocol):
    """One streamed answer in a dialect: bytes for every chunk, then for its end."""

    def render(self, chunk: Chunk) -> bytes:
        """Nothing for a chunk that the dialect has no place for."""
        ...

    def render_end(self, result: ChatResult) -> bytes: ...

    def render_error(self, error: GrokdeskError, verdict: Verdict, request_id: str) -> bytes:
        """What ends a stream that had begun; nothing follows."""
        ...


@dataclass(frozen=True, slots=True)
class StreamForm:
    """`ping` is sent in silence, at most `ping_s` apart; empty: never."""

    content_type: str = EVENT_STREAM
    ping: bytes = PING
    ping_s: float = math.inf


EVENTS = StreamForm()


async def run_chat(
    exchange: Exchange,
    admission: Admission,
    request: ChatRequest,
    emit: Emit,
    *,
    route: str,
    streamed: bool,
) -> ChatResult:
    """Until the reply is complete. Raise GrokdeskError."""
    key = exchange.api_key
    call = Call(exchange.request_id, route, key.id if key else "", streamed)
    if request.model != admission.model.id:
        request = replace(request, model=admission.model.id)
    # Interrupted when the gateway stops or the key ends; that raises an error of its own.
    with exchange.context.calls.block(call.key_id):
        return await exchange.services.chat.run(request, emit, call)


async def stream_chat(
    exchange: Exchange,
    admission: Admission,
    request: ChatRequest,
    renderer: StreamRenderer,
    *,
    route: str,
    form: StreamForm = EVENTS,
    before_end: Callable[[ChatResult], Awaitable[None]] | None = None,
) -> web.StreamResponse:
    """Answer piece by piece, from the first chunk on.

    `before_end` is done when all is rendered and before the client hears of the end.
    """
    stream = exchange.open_stream(
        renderer.render_error, content_type=form.content_type, ping=form.ping, ping_s=form.ping_s
    )

    async def emit(chunk: Chunk) -> None:
        data = renderer.render(chunk)
        if data:
            await stream.write(data)

    with stream:
        result = await run_chat(exchange, admission, request, emit, route=route, streamed=True)
    last = renderer.render_end(result)
    if before_end is not None:
        await before_end(result)
    return await stream.end(last)
