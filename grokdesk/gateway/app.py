"""The gateway's routes, and the border where errors become answers."""

import logging

from aiohttp import web

from grokdesk.domain.errors import GrokdeskError
from grokdesk.gateway import health, metrics
from grokdesk.gateway.auth import Authenticator
from grokdesk.gateway.errors import (
    BODY_TOO_LARGE,
    INTERNAL,
    NOT_OFFERED,
    SLOW_BODY,
    STOPPING,
    HttpError,
    Verdict,
    headers_of,
    verdict_of,
)
from grokdesk.gateway.exchange import Exchange, GatewayContext
from grokdesk.gateway.guard import Guard
from grokdesk.gateway.ids import RequestIds
from grokdesk.gateway.interrupt import RunningCalls
from grokdesk.gateway.limits import Limits
from grokdesk.gateway.openai import chat, models
from grokdesk.gateway.routing import Route, RouteTable
from grokdesk.gateway.sweeper import Sweeper
from grokdesk.services.bundle import Services

_log = logging.getLogger(__name__)


async def _not_offered(_exchange: Exchange) -> web.StreamResponse:
    raise HttpError(NOT_OFFERED, "Grok has no such service, so Grokdesk cannot offer it.")


_ABSENT = ("/embeddings", "/moderations", "/rerank", "/batches", "/fine_tuning/jobs")

ROUTES = (
    Route("GET", "/", health.show_root, needs_key=False),
    Route("GET", "/api/hello", health.show_root, needs_key=False),
    Route("GET", "/health", health.show_health, needs_key=False),
    Route("GET", "/metrics", metrics.show_metrics),
    Route("GET", "/models", models.list_models),
    Route("GET", "/models/*", models.show_model),
    Route("POST", "/chat/completions", chat.complete),
    *(Route("POST", path, _not_offered) for path in _ABSENT),
)


class App:
    """Takes a request through guard, route, key and handler; every error ends here."""

    def __init__(self, context: GatewayContext, guard: Guard) -> None:
        self.context = context
        self.ids = RequestIds()
        self.stopping = False
        self._services = context.services
        self._guard = guard
        self._auth = Authenticator(context.services.keys, context.services.clock)
        self._routes = RouteTable(ROUTES)

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        exchange = Exchange(self.context, request, self.ids.next())
        try:
            return await self._answer(exchange)
        except GrokdeskError as error:
            return await self._fail(exchange, error)
        except Exception:  # noqa: BLE001 - a border: whatever this is, the client gets an answer
            _log.exception("%s failed", exchange.request_id)
            fault = HttpError(INTERNAL, "Something went wrong inside Grokdesk.")
            return await self._fail(exchange, fault)

    async def _answer(self, exchange: Exchange) -> web.StreamResponse:
        request = exchange.request
        self._guard.check_host(request)
        if request.method == "OPTIONS":
            return self._preflight(exchange)
        exchange.origin = self._guard.check_origin(request)
        target = request.raw_path
        if not target.startswith("/"):
            target = request.path_qs
        route, exchange.tail = self._routes.resolve(request.method, target)
        exchange.dialect = route.dialect
        if self.stopping:
            raise HttpError(STOPPING, "Grokdesk is shutting down.")
        if route.needs_key:
            exchange.api_key = self._auth.check(request)
        return await route.handler(exchange)

    def _preflight(self, exchange: Exchange) -> web.StreamResponse:
        headers = {"Server": "grokdesk", "x-request-id": exchange.request_id}
        headers |= self._guard.preflight(exchange.request)
        return web.Response(status=204, headers=headers)

    async def _fail(self, exchange: Exchange, error: GrokdeskError) -> web.StreamResponse:
        verdict = verdict_of(error)
        stream = exchange.stream
        if stream is not None and stream.started:
            return await stream.end(exchange.last_words(error, verdict, exchange.request_id))
        dialect = exchange.dialect
        body = dialect.render_error(error, verdict, exchange.request_id)
        response = exchange.answer(body, status=dialect.status(verdict))
        response.headers.update(headers_of(error, verdict, self._services.clock.now()))
        if _must_hang_up(exchange.request, verdict):
            response.force_close()
            # What still comes of the body is thrown away unread.
            exchange.request.protocol.close()
        return response


def build_app(services: Services, guard: Guard, limits: Limits) -> App:
    context = GatewayContext(
        services=services,
        calls=RunningCalls(),
        sweeper=Sweeper(lambda: services.settings.current.gateway.heartbeat_s, limits.stall_s),
        limits=limits,
    )
    return App(context, guard)


def _must_hang_up(request: web.BaseRequest, verdict: Verdict) -> bool:
    if verdict in (STOPPING, BODY_TOO_LARGE, SLOW_BODY):
        return True
    # The rest of a compressed body is not worth unpacking.
    return "Content-Encoding" in request.headers and not request.content.is_eof()
