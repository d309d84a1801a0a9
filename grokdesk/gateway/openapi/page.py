"""GET /openapi.json: the document, made when it is first asked for."""

from collections.abc import Callable, Iterable

import msgspec
from aiohttp import web

from grokdesk.gateway.exchange import Exchange
from grokdesk.gateway.routing import Route


class DocumentPage:
    """`routes` is asked late: this page is one of them."""

    def __init__(self, routes: Callable[[], Iterable[Route]]) -> None:
        self._routes = routes
        self._page: bytes | None = None

    async def show(self, exchange: Exchange) -> web.StreamResponse:
        if self._page is None:
            from grokdesk.gateway.openapi.document import describe  # few ask for it

            self._page = msgspec.json.encode(describe(self._routes()))
        return exchange.answer(self._page)
