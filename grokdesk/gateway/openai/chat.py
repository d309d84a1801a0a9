"""POST /v1/chat/completions, streamed or whole."""

from aiohttp import web

from grokdesk.domain.catalog import ModelKind
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.answering import run_chat, stream_chat
from grokdesk.gateway.body import read_json_body
from grokdesk.gateway.exchange import Exchange
from grokdesk.gateway.openai.parse import parse_chat
from grokdesk.gateway.openai.render import AnswerCollector, ChatStreamRenderer, Heading

_ROUTE = "chat.completions"


async def complete(exchange: Exchange) -> web.StreamResponse:
    call = parse_chat(await read_json_body(exchange))
    with exchange.admit(call.request.model) as admission:
        model = admission.model
        if model.kind is not ModelKind.CHAT:
            raise InvalidRequestError(f"'{model.id}' is not a chat model.", param="model")
        now = int(exchange.services.clock.now())
        heading = Heading(f"chatcmpl-{exchange.id}", now, model.id)
        if call.wants_stream:
            renderer = ChatStreamRenderer(heading, with_usage=call.wants_usage)
            return await stream_chat(exchange, admission, call.request, renderer, route=_ROUTE)
        collector = AnswerCollector()
        result = await run_chat(
            exchange, admission, call.request, collector.emit, route=_ROUTE, streamed=False
        )
        return exchange.answer(collector.render(heading, result))
