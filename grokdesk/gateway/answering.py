"""What all dialects do alike: run a chat call and tell its chunks, streamed or whole."""

from dataclasses import replace
from typing import Protocol

from aiohttp import web

from grokdesk.domain.chat import ChatRequest, Chunk, Emit
from grokdesk.domain.errors import GrokdeskError
from grokdesk.gateway.errors import Verdict
from grokdesk.gateway.exchange import Exchange
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
    # Interrupted when the gateway stops; that raises an error of its own.
    with exchange.context.calls.block():
        return await exchange.services.chat.run(request, emit, call)
    raise AssertionError("a call ends with a result or an error")


async def stream_chat(
    exchange: Exchange,
    admission: Admission,
    request: ChatRequest,
    renderer: StreamRenderer,
    *,
    route: str,
) -> web.StreamResponse:
    """Answer with server-sent events, from the first chunk on."""
    stream = exchange.open_stream(renderer.render_error)

    async def emit(chunk: Chunk) -> None:
        data = renderer.render(chunk)
        if data:
            await stream.write(data)

    with stream:
        result = await run_chat(exchange, admission, request, emit, route=route, streamed=True)
    return await stream.end(renderer.render_end(result))
