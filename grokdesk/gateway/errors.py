"""The one place that knows HTTP status codes: errors to answers, by a table."""

import math
from dataclasses import dataclass, field

import msgspec

from grokdesk.domain.errors import (
    AccountBlockedError,
    AccountsBlockedError,
    AnswerFormatError,
    AntiBotError,
    ChallengedError,
    CircuitOpenError,
    ConflictError,
    ContentRefusedError,
    ForbiddenError,
    GatewayPausedError,
    GrokdeskError,
    IncompleteReplyError,
    InvalidRequestError,
    KeyLimitError,
    LocalNetworkError,
    ModelNotAllowedError,
    NoAccountError,
    ProtocolChangedError,
    RateLimitedError,
    RequestError,
    RequestTooLargeError,
    SettingsError,
    SocketUnknownError,
    TokenRejectedError,
    UnauthorizedError,
    UnknownModelError,
    UnknownResponseError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
    VaultLockedError,
)

_MESSAGE_CHARS = 400
_LONGEST_RETRY_S = 86_400


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a client gets to see of a kind of error. `retry_after` in seconds."""

    status: int
    type: str
    code: str
    retry_after: float | None = None
    headers: dict[str, str] = field(default_factory=dict)


_INVALID = "invalid_request_error"
_UNAVAILABLE = "service_unavailable"
_UPSTREAM = "upstream_error"

BAD_HEADER = Verdict(400, _INVALID, "invalid_header")
NO_SUCH_PATH = Verdict(404, _INVALID, "not_found")
NO_PREVIOUS = Verdict(404, _INVALID, "previous_response_not_found")
WRONG_METHOD = Verdict(405, _INVALID, "method_not_allowed")
SLOW_BODY = Verdict(408, _INVALID, "request_timeout")
BODY_TOO_LARGE = Verdict(413, _INVALID, "request_too_large")
WRONG_CONTENT = Verdict(415, _INVALID, "unsupported_media_type")
WRONG_HOST = Verdict(421, _INVALID, "host_not_allowed")
FOREIGN_ORIGIN = Verdict(403, "permission_error", "origin_not_allowed")
TOO_MANY_ATTEMPTS = Verdict(429, "rate_limit_error", "too_many_failed_attempts", 60)
NO_SOCKET = Verdict(426, _INVALID, "websocket_not_supported")
STOPPING = Verdict(503, _UNAVAILABLE, "gateway_stopping", 5)
INTERNAL = Verdict(500, "server_error", "internal_error")
BUSY = Verdict(429, "rate_limit_error", "upstream_busy", 20)
# SDKs would wait and try again, and nothing would have changed.
_NO_RETRY = {"x-should-retry": "false"}
NOT_OFFERED = Verdict(501, _INVALID, "not_supported", headers=_NO_RETRY)
NO_ACCOUNT = Verdict(503, _UNAVAILABLE, "no_account", 60, _NO_RETRY)

_TABLE: dict[type[GrokdeskError], Verdict] = {
    GrokdeskError: INTERNAL,
    RequestError: Verdict(400, _INVALID, "invalid_request"),
    InvalidRequestError: Verdict(400, _INVALID, "invalid_value"),
    # Claude Code (2.1) asks ten times more otherwise, for minutes.
    UnauthorizedError: Verdict(
        401, _INVALID, "invalid_api_key", None, {"WWW-Authenticate": "Bearer", **_NO_RETRY}
    ),
    UnknownModelError: Verdict(404, _INVALID, "model_not_found"),
    ModelNotAllowedError: Verdict(403, "permission_error", "model_not_allowed"),
    UnknownResponseError: Verdict(404, _INVALID, "response_not_found"),
    KeyLimitError: Verdict(429, "rate_limit_error", "key_limit", 60),
    AnswerFormatError: Verdict(422, _INVALID, "answer_format_not_met"),
    GatewayPausedError: Verdict(503, _UNAVAILABLE, "gateway_paused", 30),
    NoAccountError: Verdict(429, "rate_limit_error", "quota_exhausted", 60),
    AccountsBlockedError: Verdict(403, "permission_error", "account_blocked"),
    CircuitOpenError: Verdict(503, _UNAVAILABLE, "upstream_unavailable", 5),
    VaultLockedError: Verdict(503, _UNAVAILABLE, "keyring_locked", 30),
    SettingsError: INTERNAL,
    ConflictError: Verdict(409, _INVALID, "conflict"),
    UpstreamError: Verdict(502, _UPSTREAM, "upstream_error"),
    TokenRejectedError: Verdict(502, _UPSTREAM, "upstream_token_rejected"),
    AccountBlockedError: Verdict(403, "permission_error", "account_blocked"),
    RateLimitedError: Verdict(429, "rate_limit_error", "quota_exhausted", 60),
    ChallengedError: Verdict(503, _UPSTREAM, "upstream_challenge", 60),
    AntiBotError: Verdict(502, _UPSTREAM, "upstream_rejected"),
    ForbiddenError: Verdict(502, _UPSTREAM, "upstream_rejected"),
    ContentRefusedError: Verdict(400, _INVALID, "content_policy_violation"),
    RequestTooLargeError: Verdict(413, _INVALID, "context_length_exceeded"),
    UpstreamUnavailableError: Verdict(502, _UPSTREAM, "upstream_unavailable"),
    UpstreamTimeoutError: Verdict(504, _UPSTREAM, "upstream_timeout"),
    IncompleteReplyError: Verdict(502, _UPSTREAM, "upstream_incomplete"),
    SocketUnknownError: Verdict(502, _UPSTREAM, "upstream_changed"),
    LocalNetworkError: Verdict(502, _UPSTREAM, "network_error"),
    ProtocolChangedError: Verdict(502, _UPSTREAM, "upstream_changed"),
}
_OVERLOADED = frozenset({429, 503, 529})
_FOR_THE_DOCTOR = (ChallengedError, AntiBotError)


class HttpError(GrokdeskError):
    """A refusal that has a meaning in HTTP only: a path, a header, a size."""

    def __init__(
        self,
        verdict: Verdict,
        message: str,
        *,
        retry_after: float | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.verdict = verdict
        self.retry_after = retry_after
        self.headers = headers or {}


def body_too_large(limit: int) -> HttpError:
    return HttpError(
        BODY_TOO_LARGE,
        f"The body is larger than {limit // 1024 // 1024} MB, the limit in Settings.",
    )


def verdict_of(error: GrokdeskError) -> Verdict:
    """The row of the nearest class; a few errors say more than their class."""
    if isinstance(error, HttpError):
        return error.verdict
    if type(error) is NoAccountError and error.retry_at is None:
        return NO_ACCOUNT
    if type(error) is UpstreamUnavailableError and error.status in _OVERLOADED:
        return BUSY
    return next(_TABLE[kind] for kind in type(error).__mro__ if kind in _TABLE)


def headers_of(error: GrokdeskError, verdict: Verdict, now: float) -> dict[str, str]:
    """`now` is Unix time."""
    headers = dict(verdict.headers)
    if isinstance(error, HttpError):
        headers |= error.headers
    if isinstance(error, UpstreamError) and not error.may_retry:
        headers["x-should-retry"] = "false"
    if verdict.status in (429, 503):
        headers["Retry-After"] = str(_retry_after(error, verdict, now))
    return headers


def render_error(error: GrokdeskError, verdict: Verdict, request_id: str) -> bytes:
    """OpenAI's error object; the request id is there too for those who only see the stream."""
    return msgspec.json.encode(
        {
            "error": {
                "message": sentence_of(error),
                "type": verdict.type,
                "param": _param_of(error),
                "code": _code_of(error) or verdict.code,
                "request_id": request_id,
            }
        }
    )


def sentence_of(error: GrokdeskError, *, with_param: bool = False) -> str:
    """`with_param`: for formats that have no other place for the name of the field at fault."""
    message = str(error)
    param = _param_of(error) if with_param else None
    if param and param not in message and isinstance(error, InvalidRequestError):
        message = f"{param}: {message}"
    if isinstance(error, _FOR_THE_DOCTOR):
        message += " 'grokdesk doctor' looks into it."
    if len(message) > _MESSAGE_CHARS:
        message = message[:_MESSAGE_CHARS] + "…"
    return message.encode("utf-8", "replace").decode()


def _retry_after(error: GrokdeskError, verdict: Verdict, now: float) -> int:
    seconds = verdict.retry_after
    if isinstance(error, NoAccountError | CircuitOpenError) and error.retry_at is not None:
        seconds = error.retry_at - now
    elif (
        isinstance(error, UpstreamError | HttpError | KeyLimitError)
        and error.retry_after is not None
    ):
        seconds = error.retry_after
    if seconds is None or math.isnan(seconds):
        seconds = 1
    return math.ceil(min(max(seconds, 1), _LONGEST_RETRY_S))


def _param_of(error: GrokdeskError) -> str | None:
    if isinstance(error, UnknownModelError | ModelNotAllowedError):
        return "model"
    return error.param if isinstance(error, InvalidRequestError) else None


def _code_of(error: GrokdeskError) -> str | None:
    return error.code if isinstance(error, InvalidRequestError) else None
