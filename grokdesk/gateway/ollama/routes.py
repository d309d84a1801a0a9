"""Where Ollama's API is served, if it is."""

from grokdesk.gateway.exchange import Handler
from grokdesk.gateway.ollama import chat, models
from grokdesk.gateway.ollama.access import needs_key
from grokdesk.gateway.ollama.errors import OLLAMA
from grokdesk.gateway.routing import Route

_UPKEEP = ("copy", "create", "delete", "embed", "embeddings", "pull", "push")


def _route(method: str, name: str, handler: Handler, *, served: bool = True) -> Route:
    return Route(method, f"/api/{name}", handler, key_rule=needs_key, dialect=OLLAMA, served=served)


ROUTES = (
    _route("GET", "version", models.show_version),
    _route("GET", "tags", models.list_models),
    _route("GET", "ps", models.list_running),
    _route("POST", "show", models.show_model),
    _route("POST", "chat", chat.chat),
    _route("POST", "generate", chat.generate),
    *(
        _route("DELETE" if name == "delete" else "POST", name, models.refuse_upkeep, served=False)
        for name in _UPKEEP
    ),
)
