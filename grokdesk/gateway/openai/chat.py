"""POST /v1/chat/completions, streamed or whole."""

from aiohttp import web

from grokdesk.domain.catalog import ModelKind
from grokdesk.domain.chat import Chunk, Emit, FinishReason
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.usage import TokenCount
from grokdesk.gateway.body import read_json_body
from grokdesk.gateway.exchange import Exchange
from grokdesk.gateway.openai.parse import ChatCall, parse_chat
from grokdesk.gateway.openai.render import AnswerCollector, Ending, Heading, StreamRenderer
from grokdesk.gateway.openai.stop import StopCutter
from grokdesk.services.chat import Call, ChatResult

_ROUTE = "chat.completions"


async def complete(exchange: Exchange) -> web.StreamResponse:
    services = exchange.services
    call = parse_chat(await read_json_body(exchange))
    model = services.catalog.resolve(call.request.model)
    if model.kind is not ModelKind.CHAT:
        raise InvalidRequestError(f"'{model.id}' is not a chat model.", param="model")
    heading = Heading(f"chatcmpl-{exchange.id}", int(services.clock.now()), model.id)
    with services.gateway.admit():
        if call.wants_stream:
            return await _stream(exchange, call, heading)
        collector = AnswerCollector()
        ending = await _run(exchange, call, collector.emit)
        return exchange.answer(collector.render(heading, ending))


async def _stream(exchange: Exchange, call: ChatCall, heading: Heading) -> web.StreamResponse:
    renderer = StreamRenderer(heading)
    stream = exchange.open_stream()

    async def emit(chunk: Chunk) -> None:
        data = renderer.render(chunk)
        if data:
            await stream.write(data)

    with stream:
        ending = await _run(exchange, call, emit)
    return await stream.end(renderer.render_end(ending, with_usage=call.wants_usage))


async def _run(exchange: Exchange, call: ChatCall, emit: Emit) -> Ending:
    """Until the reply is complete, or cut at a stop text. Raise GrokdeskError."""
    key = exchange.api_key
    caller = Call(exchange.request_id, _ROUTE, key.id if key else "", call.wants_stream)
    result: ChatResult | None = None
    cutter: StopCutter | None = None
    with exchange.context.calls.block() as block:
        if call.stop:
            cutter = StopCutter(call.stop, emit, block)
            emit = cutter.emit
        result = await exchange.services.chat.run(call.request, emit, caller)
    if cutter is not None and not cutter.found:
        await cutter.flush()
    if result is not None:
        return Ending(result.reason, result.tokens)
    return Ending(FinishReason.STOP, _estimate(exchange, call, cutter))


def _estimate(exchange: Exchange, call: ChatCall, cutter: StopCutter | None) -> TokenCount:
    """Tokens of a call that we cut ourselves, and whose result is therefore missing."""
    estimate = exchange.services.usage.estimate
    passed = "".join(cutter.passed) if cutter else ""
    return TokenCount(
        prompt=sum(estimate(message.text) for message in call.request.messages),
        completion=estimate(passed),
    )
