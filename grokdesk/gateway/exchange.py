"""One request on its way through the gateway, and the means to answer it."""

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from grokdesk.domain.apikey import ApiKey
from grokdesk.gateway.dialect import OPENAI, Dialect, ErrorRenderer
from grokdesk.gateway.interrupt import RunningCalls
from grokdesk.gateway.limits import Limits
from grokdesk.gateway.sse import PING, SseWriter
from grokdesk.gateway.sweeper import Sweeper
from grokdesk.services.admission import Admission
from grokdesk.services.bundle import Services

JSON = "application/json"
EVENT_STREAM = "text/event-stream; charset=utf-8"
_OF_ERRORS = ("retry-after", "x-should-retry")
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

    __slots__ = (
        "api_key",
        "context",
        "dialect",
        "id",
        "last_words",
        "origin",
        "request",
        "services",
        "stream",
        "tail",
    )

    def __init__(self, context: GatewayContext, request: web.BaseRequest, id: str) -> None:
        self.context = context
        self.services = context.services
        self.request = request
        self.id = id
        self.api_key: ApiKey | None = None
        self.origin = ""
        """The origin of a browser page that the user allowed."""
        self.tail = ""
        """What the `*` in the path of the route stands for."""
        self.dialect: Dialect = OPENAI
        self.last_words: ErrorRenderer = OPENAI.render_error
        """How an error is told in a stream that has begun."""
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
        if self.dialect.id_header:
            headers[self.dialect.id_header] = self.request_id
        key = self.api_key
        if key is not None and key.has_rate:
            allowance = self.services.admission.allowance(key)
            headers |= self.dialect.rate_headers(allowance, self.services.clock.now())
        client_id = self.request.headers.get("X-Request-Id")
        if client_id and _is_clean(client_id):
            headers["x-client-request-id"] = client_id
        if self.origin:
            # A listed web page may read all that we say.
            headers["Access-Control-Expose-Headers"] = ", ".join((*headers, *_OF_ERRORS))
            headers["Access-Control-Allow-Origin"] = self.origin
        return headers

    def answer(
        self, body: bytes, *, status: int = 200, content_type: str = JSON
    ) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers=self.headers(content_type))

    def admit(self, model: str) -> Admission:
        """See AdmissionService.admit."""
        return self.services.admission.admit(self.api_key, model)

    def open_stream(
        self,
        last_words: ErrorRenderer,
        *,
        content_type: str = EVENT_STREAM,
        ping: bytes = PING,
        ping_s: float = math.inf,
    ) -> SseWriter:
        """Answer piece by piece from now on; nothing is sent yet.

        `ping` is sent in silence, every `ping_s` unless the settings want it more often; empty:
        never.
        """
        self.last_words = last_words
        headers = self.headers(content_type)
        self.stream = SseWriter(
            self.request, headers, self.context.sweeper, ping=ping, ping_s=ping_s
        )
        return self.stream


Handler = Callable[[Exchange], Awaitable[web.StreamResponse]]


def _is_clean(text: str) -> bool:
    return len(text) <= _CLIENT_ID_CHARS and text.isascii() and text.isprintable()
