"""POST /v1/responses: streamed, whole, or made in the background."""

import contextlib
from dataclasses import dataclass, field, replace

import msgspec
from aiohttp import web

from grokdesk.domain.chat import ChatRequest, Chunk
from grokdesk.gateway.answering import run_chat, stream_chat
from grokdesk.gateway.body import aside, parse_body, read_json_body
from grokdesk.gateway.exchange import Exchange
from grokdesk.gateway.notes import note_ignored
from grokdesk.gateway.responses.body import IGNORED
from grokdesk.gateway.responses.follow import follow
from grokdesk.gateway.responses.outline import Outline
from grokdesk.gateway.responses.parse import ResponseCall, parse_response
from grokdesk.gateway.responses.past import history_of, key_id_of, past_of, referred_in
from grokdesk.gateway.responses.render import ResponseStreamRenderer, render_response
from grokdesk.services.admission import Admission
from grokdesk.services.calls import ChatResult
from grokdesk.services.response_record import Answer, StoredResponse, merged

_ROUTE = "responses"


async def create(exchange: Exchange) -> web.StreamResponse:
    raw = await read_json_body(exchange)
    call = await parse_body(parse_response, raw)
    note_ignored(raw, IGNORED, exchange.request_id)
    past, referred = await past_of(exchange, call), await referred_in(exchange, call)
    # What is large holds pictures, which are decoded now.
    size = len(raw) + sum(len(response.input) for response in past)
    request = await aside(lambda: call.request(history_of(past), referred), size)
    with contextlib.ExitStack() as stack:
        admission = stack.enter_context(exchange.admit(request.model))
        now = int(exchange.services.clock.now())
        outline = call.outline(f"resp_{exchange.id}", admission.model.id, now)
        making = _Making(exchange, call, outline, request, now)
        if call.in_background:
            return await _start(making, admission, stack)
        if call.body.stream:
            return await _stream(making, admission)
        return await _answer(making, admission)


@dataclass(frozen=True, slots=True)
class _Making:
    """One response on its way."""

    exchange: Exchange
    call: ResponseCall
    outline: Outline
    request: ChatRequest = field(repr=False)
    created_at: float

    def stored(self, answer: Answer | None = None) -> StoredResponse:
        return StoredResponse(
            id=self.outline.id,
            key_id=key_id_of(self.exchange),
            created_at=self.created_at,
            heading=msgspec.json.encode(self.outline),
            input=self.call.input_items(),
            previous_id=self.call.body.previous_response_id or "",
            answer=answer or Answer(),
        )

    async def keep(self, renderer: ResponseStreamRenderer, result: ChatResult) -> None:
        """Before the client hears of the end: its next request may refer to this one."""
        if not self.call.keeps:
            return
        answer = Answer(
            tuple(renderer.said), result.reason, result.tokens, ended_at=renderer.ended_at
        )
        responses = self.exchange.services.responses
        await responses.keep(self.stored(answer), on_disk=self.call.body.store is True)

    def renderer(self) -> ResponseStreamRenderer:
        return ResponseStreamRenderer(self.outline, self.exchange.services.clock.now)


async def _stream(making: _Making, admission: Admission) -> web.StreamResponse:
    renderer = making.renderer()

    async def keep(result: ChatResult) -> None:
        await making.keep(renderer, result)

    return await stream_chat(
        making.exchange, admission, making.request, renderer, route=_ROUTE, before_end=keep
    )


async def _answer(making: _Making, admission: Admission) -> web.StreamResponse:
    chunks: list[Chunk] = []

    async def collect(chunk: Chunk) -> None:
        chunks.append(chunk)

    result = await run_chat(
        making.exchange, admission, making.request, collect, route=_ROUTE, streamed=False
    )
    renderer = making.renderer()
    for chunk in merged(chunks):
        renderer.render(chunk)
    renderer.render_end(result)
    await making.keep(renderer, result)
    return making.exchange.answer(renderer.body)


async def _start(
    making: _Making, admission: Admission, stack: contextlib.ExitStack
) -> web.StreamResponse:
    """The admission goes on to the job: it is a running request until it is over."""
    exchange = making.exchange
    request = replace(making.request, model=admission.model.id)
    held = stack.pop_all()
    try:
        job = await exchange.services.responses.start(making.stored(), request, held.close)
    except BaseException:
        held.close()
        raise
    if making.call.body.stream:
        return await follow(exchange, making.outline, job)
    return exchange.answer(render_response(making.outline, job.response.state, Answer()))
