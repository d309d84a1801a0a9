"""What all answers of OpenAI's older APIs have in common: heading, usage and end."""

from dataclasses import dataclass
from typing import Any

import msgspec

from grokdesk.domain.errors import GrokdeskError
from grokdesk.domain.usage import TokenCount
from grokdesk.gateway.errors import Verdict, render_error

DONE = b"data: [DONE]\n\n"

_encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class Heading:
    """What every piece of one answer repeats. `created` is Unix time."""

    id: str
    created: int
    model: str

    def opened(self, kind: str) -> bytes:
        """An object with these fields, ready for more: it is not closed."""
        fields = {"id": self.id, "object": kind, "created": self.created, "model": self.model}
        return _encode(fields)[:-1] + b","


def render_usage(tokens: TokenCount) -> dict[str, Any]:
    """`estimated` is ours: upstream reports no counts."""
    return {
        "prompt_tokens": tokens.prompt,
        "completion_tokens": tokens.completion,
        "total_tokens": tokens.total,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": tokens.reasoning, "estimated": True},
    }


def render_close(heading: bytes, tokens: TokenCount | None) -> bytes:
    """The end of a stream: usage in an event of its own, if wanted, and the mark of the end."""
    if tokens is None:
        return DONE
    return b'%b"choices":[],"usage":%b}\n\n%b' % (heading, _encode(render_usage(tokens)), DONE)


def render_stream_error(error: GrokdeskError, verdict: Verdict, request_id: str) -> bytes:
    """Without a mark of the end: the stream is broken off."""
    return b"data: %b\n\n" % render_error(error, verdict, request_id)
