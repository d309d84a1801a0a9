"""Where OpenAI's Responses API is served."""

from aiohttp import web

from grokdesk.gateway.errors import NO_SOCKET, NOT_OFFERED, WRONG_METHOD, HttpError
from grokdesk.gateway.exchange import Exchange
from grokdesk.gateway.responses.create import create
from grokdesk.gateway.responses.stored import cancel, delete, list_input, show
from grokdesk.gateway.routing import Route

_ABSENT = ("/responses/compact", "/responses/input_tokens")


async def _refuse_socket(exchange: Exchange) -> web.StreamResponse:
    """Some programs try a WebSocket first, and go on without one when they hear this."""
    if exchange.request.headers.get("Upgrade", "").lower() == "websocket":
        raise HttpError(NO_SOCKET, "Responses are streamed over HTTP here: POST /v1/responses.")
    raise HttpError(WRONG_METHOD, "Use POST for this path.", headers={"Allow": "OPTIONS, POST"})


async def _refuse(_exchange: Exchange) -> web.StreamResponse:
    raise HttpError(NOT_OFFERED, "Grok has no such service, so Grokdesk cannot offer it.")


ROUTES = (
    Route("POST", "/responses", create),
    Route("GET", "/responses", _refuse_socket, served=False),
    Route("GET", "/responses/*", show),
    Route("DELETE", "/responses/*", delete),
    Route("GET", "/responses/*/input_items", list_input),
    Route("POST", "/responses/*/cancel", cancel),
    *(Route("POST", path, _refuse, served=False) for path in _ABSENT),
)
