"""POST /api/chat and /api/generate, streamed unless the client says otherwise."""

from aiohttp import web

from grokdesk.gateway.answering import StreamForm, run_chat, stream_chat
from grokdesk.gateway.body import parse_body, read_json_body
from grokdesk.gateway.exchange import Exchange
from grokdesk.gateway.ollama.parse import OllamaCall, parse_chat, parse_generate
from grokdesk.gateway.ollama.render import (
    CHAT,
    GENERATE,
    Heading,
    LineCollector,
    LineRenderer,
    Shape,
    render_loaded,
)

_LINES = StreamForm(content_type="application/x-ndjson", ping=b"")
"""A line that is no JSON would break clients, so silence stays silent."""


async def chat(exchange: Exchange) -> web.StreamResponse:
    call = await parse_body(parse_chat, await read_json_body(exchange))
    return await _answer(exchange, call, CHAT)


async def generate(exchange: Exchange) -> web.StreamResponse:
    call = await parse_body(parse_generate, await read_json_body(exchange))
    return await _answer(exchange, call, GENERATE)


async def _answer(exchange: Exchange, call: OllamaCall, shape: Shape) -> web.StreamResponse:
    request = call.request
    now = exchange.services.clock.now()
    if not request.messages:
        model = exchange.services.admission.model(exchange.api_key, request.model)
        return exchange.answer(render_loaded(Heading(model.id, now), shape))
    with exchange.admit(request.model) as admission:
        heading = Heading(admission.model.id, now)
        if call.wants_stream:
            renderer = LineRenderer(heading, shape, thinks=call.wants_thinking)
            return await stream_chat(
                exchange, admission, request, renderer, route=shape.route, form=_LINES
            )
        collector = LineCollector(thinks=call.wants_thinking)
        result = await run_chat(
            exchange, admission, request, collector.emit, route=shape.route, streamed=False
        )
        return exchange.answer(collector.render(heading, shape, result))
