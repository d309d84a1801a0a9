"""Answers for probes: is something there, and is it well?"""

import msgspec
from aiohttp import web

from grokdesk import __version__
from grokdesk.gateway.exchange import Exchange


async def show_root(exchange: Exchange) -> web.StreamResponse:
    return exchange.answer(b'{"name":"Grokdesk","status":"ok"}')


async def show_health(exchange: Exchange) -> web.StreamResponse:
    """Needs no key, and so says nothing that is worth one."""
    gateway = exchange.services.gateway.snapshot()
    accounts = exchange.services.accounts.summary()
    health = {
        "status": "ok",
        "version": __version__,
        "mode": "demo" if gateway.demo else "live",
        "state": gateway.state.value,
        "accounts": {"total": accounts.total, "ready": accounts.ready},
    }
    return exchange.answer(msgspec.json.encode(health))
