"""Ollama's form of errors: one sentence."""

import msgspec

from grokdesk.domain.errors import GrokdeskError
from grokdesk.gateway.dialect import Dialect
from grokdesk.gateway.errors import Verdict, sentence_of


def render_error(error: GrokdeskError, _verdict: Verdict, _request_id: str) -> bytes:
    return msgspec.json.encode({"error": sentence_of(error, with_param=True)})


def render_error_line(error: GrokdeskError, verdict: Verdict, request_id: str) -> bytes:
    """What ends a stream that had begun."""
    return render_error(error, verdict, request_id) + b"\n"


OLLAMA = Dialect(render_error)
