"""One request on its way through the gateway, and the means to answer it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from grokdesk.domain.apikey import ApiKey
from grokdesk.gateway.interrupt import RunningCalls
from grokdesk.gateway.limits import Limits
from grokdesk.gateway.sse import SseWriter
from grokdesk.gateway.sweeper import Sweeper
from grokdesk.services.bundle import Services

JSON = "application/json"
_CLIENT_ID_CHARS = 64


@dataclass(frozen=True, slots=True)
class GatewayContext:
    """What all handlers share."""

    services: Services
    calls: RunningCalls
    sweeper: Sweeper
    limits: Limits


class Exchange:
    """A request, who asks, and how to answer."""

    __slots__ = ("api_key", "context", "id", "origin", "request", "services", "stream", "tail")

    def __init__(self, context: GatewayContext, request: web.BaseRequest, id: str) -> None:
        self.context = context
        self.services = context.services
        self.request = request
        self.id = id
        self.api_key: ApiKey | None = None
        self.origin = ""
        """The origin of a browser page that the user allowed."""
        self.tail = ""
        """What follows the path of a route that ends in `/*`."""
        self.stream: SseWriter | None = None
        """The events that answer; once they have started, an error must be told in there."""

    @property
    def request_id(self) -> str:
        return f"req_{self.id}"

    def headers(self, content_type: str) -> dict[str, str]:
        """Of every answer. Nothing a client sent gets in here unchecked."""
        headers = {
            "Content-Type": content_type,
            "Server": "grokdesk",
            "Vary": "Origin",
            "x-request-id": self.request_id,
        }
        if self.services.gateway.is_demo:
            headers["x-grokdesk-mode"] = "demo"
        client_id = self.request.headers.get("X-Request-Id")
        if client_id and _is_clean(client_id):
            headers["x-client-request-id"] = client_id
        if self.origin:
            headers["Access-Control-Allow-Origin"] = self.origin
            headers["Access-Control-Expose-Headers"] = "x-request-id, retry-after"
        return headers

    def answer(
        self, body: bytes, *, status: int = 200, content_type: str = JSON
    ) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers=self.headers(content_type))

    def open_stream(self) -> SseWriter:
        """Answer with events from now on; nothing is sent yet."""
        headers = self.headers("text/event-stream; charset=utf-8")
        self.stream = SseWriter(self.request, headers, self.context.sweeper)
        return self.stream


Handler = Callable[[Exchange], Awaitable[web.StreamResponse]]


def _is_clean(text: str) -> bool:
    return len(text) <= _CLIENT_ID_CHARS and text.isascii() and text.isprintable()
