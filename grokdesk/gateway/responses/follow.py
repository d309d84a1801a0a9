"""The events of a response that is made, or was made, in the background."""

from aiohttp import web

from grokdesk.gateway.exchange import Exchange
from grokdesk.gateway.responses.outline import Outline
from grokdesk.gateway.responses.past import key_id_of
from grokdesk.gateway.responses.render import ResponseStreamRenderer, render_last
from grokdesk.gateway.sse import SseWriter
from grokdesk.services.response_jobs import Job
from grokdesk.services.response_record import StoredResponse

_EVENT_END = b"\n\n"


async def follow(
    exchange: Exchange, outline: Outline, job: Job, *, after: int = -1
) -> web.StreamResponse:
    """From the beginning, or what follows event number `after`; the job does not mind."""
    renderer = ResponseStreamRenderer(outline, lambda: job.response.answer.ended_at)
    stream = exchange.open_stream(renderer.render_error)
    sender = _Sender(stream, after)
    told = 0
    with stream, exchange.context.calls.block(key_id_of(exchange)):
        await sender.send(renderer.begin())
        while True:
            # Asked for before looking, as a client that reads slowly lets much happen meanwhile.
            news, is_over = job.news, job.is_over
            while told < len(job.chunks):
                await sender.send(renderer.render(job.chunks[told]))
                told += 1
            if is_over:
                break
            await news.wait()
    return await stream.end(sender.rest(_last(renderer, job.response)))


async def replay(
    exchange: Exchange, outline: Outline, response: StoredResponse, *, after: int = -1
) -> web.StreamResponse:
    """The same events for a response that is over."""
    renderer = ResponseStreamRenderer(outline, lambda: response.answer.ended_at)
    stream = exchange.open_stream(renderer.render_error)
    sender = _Sender(stream, after)
    with stream:
        await sender.send(renderer.begin())
        for chunk in response.answer.chunks:
            await sender.send(renderer.render(chunk))
    return await stream.end(sender.rest(_last(renderer, response)))


def _last(renderer: ResponseStreamRenderer, response: StoredResponse) -> bytes:
    return render_last(renderer, response.state, response.answer)


class _Sender:
    """Leaves out the events that the client has already."""

    def __init__(self, stream: SseWriter, after: int) -> None:
        self._stream = stream
        self._known = after + 1

    async def send(self, events: bytes) -> None:
        data = self.rest(events)
        if data:
            await self._stream.write(data)

    def rest(self, events: bytes) -> bytes:
        if self._known <= 0:
            return events
        count = events.count(_EVENT_END)
        skipped = min(count, self._known)
        self._known -= skipped
        return events.split(_EVENT_END, skipped)[-1]
