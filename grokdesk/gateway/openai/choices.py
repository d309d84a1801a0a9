"""Several answers to one request: a call for each, all at once."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

from aiohttp import web

from grokdesk.domain.chat import ChatRequest, Chunk, Emit
from grokdesk.domain.errors import GrokdeskError
from grokdesk.domain.usage import TokenCount
from grokdesk.gateway.answering import run_chat
from grokdesk.gateway.errors import Verdict
from grokdesk.gateway.exchange import Exchange
from grokdesk.services.admission import Admission
from grokdesk.services.calls import ChatResult


class ChoiceRenderer(Protocol):
    """One of the answers in a stream."""

    def render(self, chunk: Chunk) -> bytes: ...

    def render_finish(self, result: ChatResult) -> bytes: ...

    def render_close(self, tokens: TokenCount) -> bytes:
        """Asked of one of them, when all are finished; `tokens` are those of all."""
        ...

    def render_error(self, error: GrokdeskError, verdict: Verdict, request_id: str) -> bytes: ...


async def run_choices(
    exchange: Exchange,
    admission: Admission,
    requests: Sequence[ChatRequest],
    emits: Sequence[Emit],
    *,
    route: str,
) -> list[ChatResult]:
    """Answers that are given whole. The first failure ends the others; raise GrokdeskError."""
    return await _at_once(
        [
            run_chat(exchange, admission, request, emit, route=route, streamed=False)
            for request, emit in zip(requests, emits, strict=True)
        ]
    )


async def stream_choices(
    exchange: Exchange,
    admission: Admission,
    requests: Sequence[ChatRequest],
    renderers: Sequence[ChoiceRenderer],
    *,
    route: str,
) -> web.StreamResponse:
    """Answer with server-sent events of all choices, as they come."""
    stream = exchange.open_stream(renderers[0].render_error)

    async def run(request: ChatRequest, renderer: ChoiceRenderer) -> ChatResult:
        async def emit(chunk: Chunk) -> None:
            data = renderer.render(chunk)
            if data:
                await stream.write(data)

        result = await run_chat(exchange, admission, request, emit, route=route, streamed=True)
        await stream.write(renderer.render_finish(result))
        return result

    with stream:
        results = await _at_once([*map(run, requests, renderers)])
    return await stream.end(renderers[0].render_close(total_tokens(requests, results)))


def total_tokens(requests: Sequence[ChatRequest], results: Sequence[ChatResult]) -> TokenCount:
    """A question that was asked several times counts once."""
    if len(results) == 1:
        return results[0].tokens
    prompts = {
        id(request.messages): result.tokens.prompt
        for request, result in zip(requests, results, strict=True)
    }
    return TokenCount(
        prompt=sum(prompts.values()),
        completion=sum(result.tokens.completion for result in results),
        reasoning=sum(result.tokens.reasoning for result in results),
    )


async def _at_once(calls: Sequence[Coroutine[Any, Any, ChatResult]]) -> list[ChatResult]:
    if len(calls) == 1:
        return [await calls[0]]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
