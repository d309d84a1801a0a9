"""GET /metrics, for Prometheus and whoever reads its format."""

from aiohttp import web

from grokdesk.gateway.errors import NO_SUCH_PATH, HttpError
from grokdesk.gateway.exchange import Exchange

_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


async def show_metrics(exchange: Exchange) -> web.StreamResponse:
    page = await exchange.services.metrics.scrape()
    if page is None:
        raise HttpError(
            NO_SUCH_PATH, "Metrics are switched off; the setting metrics.enabled turns them on."
        )
    return exchange.answer(page, content_type=_CONTENT_TYPE)
