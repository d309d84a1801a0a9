"""POST /v1/chat/completions, streamed or whole."""

from aiohttp import web

from grokdesk.domain.apikey import ReasoningFormat
from grokdesk.gateway.answering import run_chat, stream_chat
from grokdesk.gateway.body import parse_body, read_json_body
from grokdesk.gateway.exchange import Exchange
from grokdesk.gateway.notes import note_ignored
from grokdesk.gateway.openai.answer import AnswerCollector, render_answer
from grokdesk.gateway.openai.body import IGNORED
from grokdesk.gateway.openai.choices import run_choices, stream_choices, total_tokens
from grokdesk.gateway.openai.heading import Heading
from grokdesk.gateway.openai.parse import ChatCall, parse_chat
from grokdesk.gateway.openai.render import ChatStreamRenderer
from grokdesk.gateway.openai.style import PLAIN, AnswerStyle
from grokdesk.services.admission import Admission

_ROUTE = "chat.completions"


async def complete(exchange: Exchange) -> web.StreamResponse:
    raw = await read_json_body(exchange)
    call = await parse_body(parse_chat, raw)
    note_ignored(raw, IGNORED, exchange.request_id)
    with exchange.admit(call.request.model) as admission:
        now = int(exchange.services.clock.now())
        heading = Heading(f"chatcmpl-{exchange.id}", now, admission.model.id)
        if call.wants_stream:
            return await _stream(exchange, admission, call, heading)
        return await _answer(exchange, admission, call, heading)


async def _stream(
    exchange: Exchange, admission: Admission, call: ChatCall, heading: Heading
) -> web.StreamResponse:
    style = _style(exchange, call)
    renderers = [
        ChatStreamRenderer(heading, index=index, with_usage=call.wants_usage, style=style)
        for index in range(call.choices)
    ]
    if call.choices == 1:
        return await stream_chat(exchange, admission, call.request, renderers[0], route=_ROUTE)
    requests = [call.request] * call.choices
    return await stream_choices(exchange, admission, requests, renderers, route=_ROUTE)


async def _answer(
    exchange: Exchange, admission: Admission, call: ChatCall, heading: Heading
) -> web.StreamResponse:
    style = _style(exchange, call)
    if call.choices == 1:
        collector = AnswerCollector(style)
        result = await run_chat(
            exchange, admission, call.request, collector.emit, route=_ROUTE, streamed=False
        )
        return exchange.answer(render_answer(heading, [collector], [result], result.tokens))
    collectors = [AnswerCollector(style) for _ in range(call.choices)]
    requests = [call.request] * call.choices
    results = await run_choices(
        exchange, admission, requests, [each.emit for each in collectors], route=_ROUTE
    )
    tokens = total_tokens(requests, results)
    return exchange.answer(render_answer(heading, collectors, results, tokens))


def _style(exchange: Exchange, call: ChatCall) -> AnswerStyle:
    key = exchange.api_key
    think_tags = key is not None and key.reasoning_format is ReasoningFormat.THINK
    if not think_tags and not call.older_calls:
        return PLAIN
    return AnswerStyle(think_tags, call.older_calls)
