"""Parts of OpenAI's API that are not there: 501 and one sentence, instead of a puzzling 404."""

from aiohttp import web

from grokdesk.gateway.errors import NOT_OFFERED, HttpError
from grokdesk.gateway.exchange import Exchange, Handler
from grokdesk.gateway.routing import Route

_NO_SERVICE = "Grok has no such service, so Grokdesk cannot offer it."
_NO_STATE = "Grokdesk keeps no such objects: send what a model needs with each request."
_NOT_YET = "This version of Grokdesk offers no pictures and videos."
_REASONS = {
    _NO_SERVICE: (
        "/audio",
        "/embeddings",
        "/evals",
        "/fine_tuning",
        "/graders",
        "/moderations",
        "/organization",
        "/realtime",
        "/rerank",
    ),
    _NO_STATE: (
        "/assistants",
        "/batches",
        "/containers",
        "/conversations",
        "/files",
        "/threads",
        "/uploads",
        "/vector_stores",
    ),
    _NOT_YET: ("/images", "/videos"),
}


def _refusing(reason: str) -> Handler:
    async def refuse(_exchange: Exchange) -> web.StreamResponse:
        raise HttpError(NOT_OFFERED, reason)

    return refuse


ROUTES = tuple(
    Route(method, form, handler, served=False)
    for reason, paths in _REASONS.items()
    for handler in (_refusing(reason),)
    for path in paths
    for form in (path, f"{path}/*")
    for method in ("GET", "POST", "DELETE")
)
