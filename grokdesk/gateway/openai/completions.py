"""POST /v1/completions, the API before there were chats: editors complete code with it."""

from aiohttp import web

from grokdesk.gateway.body import parse_body, read_json_body
from grokdesk.gateway.exchange import Exchange
from grokdesk.gateway.notes import note_ignored
from grokdesk.gateway.openai.body import IGNORED
from grokdesk.gateway.openai.choices import run_choices, stream_choices, total_tokens
from grokdesk.gateway.openai.completions_parse import parse_completion
from grokdesk.gateway.openai.completions_render import (
    CompletionCollector,
    CompletionStreamRenderer,
    render_completion,
)
from grokdesk.gateway.openai.heading import Heading

_ROUTE = "completions"


async def complete_text(exchange: Exchange) -> web.StreamResponse:
    raw = await read_json_body(exchange)
    call = await parse_body(parse_completion, raw)
    note_ignored(raw, IGNORED, exchange.request_id)
    with exchange.admit(call.model) as admission:
        now = int(exchange.services.clock.now())
        heading = Heading(f"cmpl-{exchange.id}", now, admission.model.id)
        if call.wants_stream:
            renderers = [
                CompletionStreamRenderer(
                    heading, index=index, echo=echo, with_usage=call.wants_usage
                )
                for index, echo in enumerate(call.echoes)
            ]
            return await stream_choices(exchange, admission, call.requests, renderers, route=_ROUTE)
        collectors = [CompletionCollector(echo) for echo in call.echoes]
        results = await run_choices(
            exchange,
            admission,
            call.requests,
            [collector.emit for collector in collectors],
            route=_ROUTE,
        )
        tokens = total_tokens(call.requests, results)
        return exchange.answer(render_completion(heading, collectors, results, tokens))
