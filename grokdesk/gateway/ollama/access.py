"""Whether Ollama's API is there at all, and who needs no key for it."""

import ipaddress

from grokdesk.gateway.auth import presents_key
from grokdesk.gateway.errors import NO_SUCH_PATH, HttpError
from grokdesk.gateway.exchange import Exchange


def needs_key(exchange: Exchange) -> bool:
    """Raise HttpError where the API is switched off. A key that is sent must be right."""
    settings = exchange.services.settings.current.gateway
    if not settings.ollama:
        raise HttpError(
            NO_SUCH_PATH,
            "Ollama's API is switched off here. The setting gateway.ollama switches it on.",
        )
    request = exchange.request
    is_open = settings.ollama_open and _is_local(request.remote)
    return not is_open or presents_key(request)


def _is_local(peer: str | None) -> bool:
    try:
        return ipaddress.ip_address(peer or "").is_loopback
    except ValueError:
        return False
