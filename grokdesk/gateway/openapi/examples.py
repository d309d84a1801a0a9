"""A body for each operation that takes one, to begin with."""

from typing import Any

_MODEL = "grok-chat-fast"
_MESSAGES = [{"role": "user", "content": "What is a lease?"}]

EXAMPLES: dict[str, dict[str, Any]] = {
    "/chat/completions": {"model": _MODEL, "messages": _MESSAGES},
    "/completions": {"model": _MODEL, "prompt": "A lease is"},
    "/responses": {"model": _MODEL, "input": "What is a lease?"},
    "/messages": {"model": _MODEL, "max_tokens": 1000, "messages": _MESSAGES},
    "/messages/count_tokens": {"model": _MODEL, "messages": _MESSAGES},
    "/api/show": {"model": _MODEL},
    "/api/chat": {"model": _MODEL, "messages": _MESSAGES},
    "/api/generate": {"model": _MODEL, "prompt": "What is a lease?"},
}
"""By path of the route."""
