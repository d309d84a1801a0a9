"""POST /v1/messages, streamed or whole, and what belongs to it."""

import msgspec
from aiohttp import web

from grokdesk.gateway.answering import StreamForm, run_chat, stream_chat
from grokdesk.gateway.anthropic.answer import MessageCollector
from grokdesk.gateway.anthropic.count import count_input
from grokdesk.gateway.anthropic.parse import parse_call, parse_count
from grokdesk.gateway.anthropic.render import PING, Heading, MessageStreamRenderer
from grokdesk.gateway.body import parse_body, read_json_body
from grokdesk.gateway.errors import NOT_OFFERED, HttpError
from grokdesk.gateway.exchange import Exchange

_ROUTE = "messages"
_FORM = StreamForm(ping=PING, ping_s=5.0)
"""Claude Code gives a silent stream up sooner than others do."""


async def create(exchange: Exchange) -> web.StreamResponse:
    call = await parse_body(parse_call, await read_json_body(exchange))
    request = call.request
    with exchange.admit(request.model) as admission:
        heading = Heading(f"msg_{exchange.id}", admission.model.id, count_input(request))
        if call.wants_stream:
            renderer = MessageStreamRenderer(
                heading,
                thinks=call.wants_thinking,
                hides_thinking=call.hides_thinking,
            )
            return await stream_chat(
                exchange, admission, request, renderer, route=_ROUTE, form=_FORM
            )
        collector = MessageCollector(thinks=call.wants_thinking, hides_thinking=call.hides_thinking)
        result = await run_chat(
            exchange, admission, request, collector.emit, route=_ROUTE, streamed=False
        )
        return exchange.answer(collector.render(heading, result))


async def count_tokens(exchange: Exchange) -> web.StreamResponse:
    """Nobody is asked, so this counts against no limit."""
    request = await parse_body(parse_count, await read_json_body(exchange))
    exchange.services.admission.model(exchange.api_key, request.model)
    return exchange.answer(msgspec.json.encode({"input_tokens": count_input(request)}))


async def refuse_batches(_exchange: Exchange) -> web.StreamResponse:
    raise HttpError(NOT_OFFERED, "Grokdesk runs no batches: send the messages one by one.")


async def forget_events(exchange: Exchange) -> web.StreamResponse:
    """What Claude Code reports about itself. It is not read, let alone kept."""
    return exchange.answer(b"{}")
