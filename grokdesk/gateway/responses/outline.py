"""The response object: what is known of it from the start, and how it goes on from there."""

from collections.abc import Sequence
from typing import Any

import msgspec

from grokdesk.domain.usage import TokenCount
from grokdesk.gateway.jsontext import json_object

_encode = msgspec.json.encode


class Outline(msgspec.Struct, frozen=True):
    """`echo` is a JSON object: what the client asked for, as every state of the response repeats.

    The rest decides how chunks become items; it is kept with the response, so that it looks the
    same whenever it is asked for.
    """

    id: str
    echo: msgspec.Raw
    hosted: tuple[str, ...] = ()
    """Tools that have items of their own kind instead of function calls."""
    namespaces: tuple[str, ...] = ()
    shows_searches: bool = False
    shows_sources: bool = False
    seals_reasoning: bool = False

    def item_id(self, prefix: str, index: int) -> str:
        """From it the response can be told again: see `response_of_item`."""
        return f"{prefix}_{self.id.removeprefix('resp_')}_{index}"

    def render(
        self,
        status: str,
        output: Sequence[dict[str, Any]] = (),
        *,
        tokens: TokenCount | None = None,
        incomplete: str = "",
        error: dict[str, str] | None = None,
        completed_at: float | None = None,
    ) -> bytes:
        """The whole object."""
        now = {
            "status": status,
            "error": error,
            "incomplete_details": {"reason": incomplete} if incomplete else None,
            "completed_at": None if completed_at is None else int(completed_at),
            "output": output,
            "usage": None if tokens is None else render_usage(tokens),
        }
        return b'{"id":"%b","object":"response",%b,%b' % (
            self.id.encode(),
            bytes(self.echo)[1:-1],
            json_object(now)[1:],
        )


def response_of_item(item_id: str) -> str:
    """The id of the response that has this item, should it be one of ours."""
    return f"resp_{item_id.partition('_')[2].rpartition('_')[0]}"


def render_usage(tokens: TokenCount) -> dict[str, Any]:
    """`estimated` is ours: upstream reports no counts."""
    return {
        "input_tokens": tokens.prompt,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": tokens.completion,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning, "estimated": True},
        "total_tokens": tokens.total,
    }


_RATE = "rate_limit_exceeded"
_INPUT = "invalid_prompt"
_CODES = {
    "RateLimitedError": _RATE,
    "NoAccountError": _RATE,
    "KeyLimitError": _RATE,
    "ContentRefusedError": _INPUT,
    "InvalidRequestError": _INPUT,
}


def render_failure(error: str, problem: str) -> dict[str, str]:
    """`error` is the name of an error class. This API has few codes of its own."""
    return {"code": _CODES.get(error, "server_error"), "message": problem}
