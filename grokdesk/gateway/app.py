"""The gateway's routes, and the border where errors become answers."""

import asyncio
import logging

from aiohttp import web

from grokdesk.domain.errors import GrokdeskError
from grokdesk.gateway import health, metrics
from grokdesk.gateway.anthropic import routes as anthropic
from grokdesk.gateway.anthropic.errors import ANTHROPIC
from grokdesk.gateway.auth import Authenticator
from grokdesk.gateway.dialect import OPENAI, Dialect
from grokdesk.gateway.errors import (
    BODY_TOO_LARGE,
    INTERNAL,
    SLOW_BODY,
    STOPPING,
    HttpError,
    headers_of,
    verdict_of,
)
from grokdesk.gateway.exchange import Exchange, GatewayContext
from grokdesk.gateway.guard import Guard
from grokdesk.gateway.ids import RequestIds
from grokdesk.gateway.interrupt import RunningCalls
from grokdesk.gateway.limits import Limits
from grokdesk.gateway.ollama import routes as ollama
from grokdesk.gateway.openai import absent, chat, completions, models
from grokdesk.gateway.openapi.page import DocumentPage
from grokdesk.gateway.responses import routes as responses
from grokdesk.gateway.routing import Route, RouteTable
from grokdesk.gateway.sweeper import Sweeper
from grokdesk.services.bundle import Services

_log = logging.getLogger(__name__)


ROUTES: tuple[Route, ...] = (
    Route("GET", "/", health.show_root, needs_key=False, dialect=None),
    Route("GET", "/api/hello", health.show_root, needs_key=False, dialect=None),
    Route("GET", "/health", health.show_health, needs_key=False),
    Route("GET", "/metrics", metrics.show_metrics),
    Route("GET", "/models", models.list_models, dialect=None),
    Route("GET", "/models/*", models.show_model, dialect=None),
    Route("POST", "/chat/completions", chat.complete),
    Route("POST", "/completions", completions.complete_text),
    *responses.ROUTES,
    *anthropic.ROUTES,
    *ollama.ROUTES,
    *absent.ROUTES,
    Route("GET", "/openapi.json", DocumentPage(lambda: ROUTES).show),
)

_HANG_UP = (STOPPING, BODY_TOO_LARGE, SLOW_BODY)
"""After these there is nothing more to say, and a body that nobody reads."""


class App:
    """Takes a request through guard, route, key and handler; every error ends here."""

    def __init__(self, context: GatewayContext, guard: Guard) -> None:
        self.context = context
        self.guard = guard
        self.ids = RequestIds()
        self.stopping = False
        self._services = context.services
        self._auth = Authenticator(context.services.keys, context.services.clock)
        self._routes = RouteTable(ROUTES)

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        exchange = Exchange(self.context, request, self.ids.next())
        try:
            return await self._answer(exchange)
        except asyncio.CancelledError:
            if not self.stopping:
                _log.info("%s: cancelled by client", exchange.request_id)
            raise
        except GrokdeskError as error:
            return await self._fail(exchange, error)
        except Exception:  # noqa: BLE001 - a border: whatever this is, the client gets an answer
            _log.exception("%s failed", exchange.request_id)
            fault = HttpError(INTERNAL, "Something went wrong inside Grokdesk.")
            return await self._fail(exchange, fault)

    async def _answer(self, exchange: Exchange) -> web.StreamResponse:
        request = exchange.request
        try:
            self.guard.check_host(request)
            if request.method == "OPTIONS":
                return self._preflight(exchange)
            exchange.origin = self.guard.check_origin(request)
            route, exchange.tail = self._routes.resolve(request.method, _target(request))
        except HttpError:
            exchange.dialect = _dialect_of(request)
            raise
        exchange.dialect = route.dialect or _dialect_of(request)
        if self.stopping:
            raise HttpError(STOPPING, "Grokdesk is shutting down.")
        if route.needs_key if route.key_rule is None else route.key_rule(exchange):
            exchange.api_key = self._auth.check(request)
        return await route.handler(exchange)

    def _preflight(self, exchange: Exchange) -> web.StreamResponse:
        headers = {"Server": "grokdesk", "x-request-id": exchange.request_id}
        methods = self._routes.methods(_target(exchange.request))
        headers |= self.guard.preflight(exchange.request, methods)
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
        if verdict in _HANG_UP:
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


def _target(request: web.BaseRequest) -> str:
    target = request.raw_path
    return target if target.startswith("/") else request.path_qs


def _dialect_of(request: web.BaseRequest) -> Dialect:
    """Of who asks for something that several dialects have, or none."""
    is_anthropic = "anthropic-version" in request.headers or "/messages" in request.raw_path
    return ANTHROPIC if is_anthropic else OPENAI
