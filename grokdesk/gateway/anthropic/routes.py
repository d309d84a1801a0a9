"""Where Anthropic's API is served."""

from grokdesk.gateway.anthropic.errors import ANTHROPIC
from grokdesk.gateway.anthropic.messages import (
    count_tokens,
    create,
    forget_events,
    refuse_batches,
)
from grokdesk.gateway.routing import Route

_BATCHES = "/messages/batches"
_EVENTS = "/api/event_logging"

ROUTES = (
    Route("POST", "/messages", create, dialect=ANTHROPIC),
    Route("POST", "/messages/count_tokens", count_tokens, dialect=ANTHROPIC),
    *(
        Route(method, path, refuse_batches, dialect=ANTHROPIC, served=False)
        for method in ("GET", "POST", "DELETE")
        for path in (_BATCHES, f"{_BATCHES}/*")
    ),
    *(
        Route("POST", path, forget_events, needs_key=False, dialect=ANTHROPIC)
        for path in (f"{_EVENTS}/batch", f"{_EVENTS}/*/batch")
    ),
)
