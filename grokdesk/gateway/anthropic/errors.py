"""Anthropic's form of errors, and its numbers for them."""

import msgspec

from grokdesk.domain.errors import GrokdeskError
from grokdesk.gateway.anthropic.headers import rate_headers
from grokdesk.gateway.dialect import Dialect
from grokdesk.gateway.errors import Verdict, sentence_of

_OVERLOADED = 529
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    _OVERLOADED: "overloaded_error",
}


def render_error(error: GrokdeskError, verdict: Verdict, request_id: str) -> bytes:
    told = {
        "type": "error",
        "error": {"type": _type_of(verdict), "message": sentence_of(error, with_param=True)},
        "request_id": request_id,
    }
    return msgspec.json.encode(told)


def render_error_event(error: GrokdeskError, verdict: Verdict, request_id: str) -> bytes:
    """What ends a stream that had begun."""
    return b"event: error\ndata: %b\n\n" % render_error(error, verdict, request_id)


def _type_of(verdict: Verdict) -> str:
    status = ANTHROPIC.status(verdict)
    usual = "invalid_request_error" if status < 500 or status == 501 else "api_error"
    return _TYPES.get(status, usual)


ANTHROPIC = Dialect(
    render_error,
    statuses={422: 400, 503: _OVERLOADED, "upstream_busy": _OVERLOADED},
    id_header="request-id",
    rate_headers=rate_headers,
)
