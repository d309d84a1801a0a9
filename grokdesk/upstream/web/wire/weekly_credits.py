"""The weekly credit pool of paying accounts, read over gRPC-web."""

import base64
import binascii
import math
import re
from dataclasses import dataclass

from grokdesk.domain.errors import (
    ForbiddenError,
    RateLimitedError,
    TokenRejectedError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from grokdesk.domain.quota import WEEKLY_TOTAL, Mode, Provenance, QuotaWindow
from grokdesk.upstream.web.wire.lenient import changed
from grokdesk.upstream.web.wire.protobuf import Fields, fields_of, float_at, message_at, whole_at

_WHAT = "the weekly credits"
_TRAILER, _COMPRESSED = 0x80, 0x01
_DAY = 86_400
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]+")

_PRODUCTS = {
    0: "third-party",
    1: "api",
    2: "build",
    3: "plugins",
    4: "chat",
    5: "imagine",
    6: "voice",
}
_PERCENT, _START, _END, _BREAKDOWN = 1, 4, 5, 7  # fields of the pool

_STATUSES: dict[int, tuple[type[UpstreamError], str]] = {
    4: (UpstreamTimeoutError, "grok.com took too long to tell the credits. Try again."),
    7: (ForbiddenError, "grok.com does not tell the credits of this account."),
    8: (RateLimitedError, "grok.com was asked for the credits too often. Try again later."),
    14: (UpstreamUnavailableError, "grok.com cannot tell the credits now. Try again later."),
    16: (
        TokenRejectedError,
        "grok.com no longer accepts this token. Sign in at grok.com and import the new token.",
    ),
}
_OTHER_STATUS = (UpstreamUnavailableError, "grok.com failed to tell the credits. Try again later.")


@dataclass(frozen=True, slots=True)
class WeeklyCredits:
    """`used_percent` is 0 to 100 of the period; times are Unix times."""

    used_percent: float
    starts_at: float
    ends_at: float
    breakdown: tuple[tuple[str, float], ...] = ()
    """Percent by product."""


def parse_weekly_credits(body: bytes, told_status: str = "") -> WeeklyCredits | None:
    """None for an account without a pool. Raise UpstreamError for what else may be wrong.

    `told_status` is the header `grpc-status`, where gRPC puts it when there is no body.
    """
    messages, trailers = _frames(body)
    if told_status:
        trailers.append(f"grpc-status:{told_status}".encode())
    status = _status(trailers, body)
    if status:
        error, sentence = _STATUSES.get(status, _OTHER_STATUS)
        raise error(sentence)
    if not messages:
        raise changed(_WHAT, body)
    try:
        return _credits(message_at(fields_of(messages[0]), 1))
    except ValueError as error:
        raise changed(_WHAT, str(error)) from None


def window_of(credits: WeeklyCredits, now: float) -> QuotaWindow:
    """A pool that is not quite empty has something left."""
    left = (100.0 - credits.used_percent) / 100.0
    remaining = max(1, round(WEEKLY_TOTAL * left)) if left > 0 else 0
    period_s = credits.ends_at - credits.starts_at
    is_near = now < credits.ends_at <= now + period_s
    return QuotaWindow(
        Mode.WEEKLY,
        WEEKLY_TOTAL,
        remaining,
        period_s,
        credits.ends_at if is_near else now + period_s,  # else a clock is wrong
        Provenance.MEASURED,
        now,
    )


def _frames(body: bytes) -> tuple[list[bytes], list[bytes]]:
    """Messages and trailers; the body may be base64 text."""
    raw = _decoded(body)
    messages: list[bytes] = []
    trailers: list[bytes] = []
    at = 0
    while at < len(raw):
        flags = raw[at]
        size = int.from_bytes(raw[at + 1 : at + 5], "big")
        payload = raw[at + 5 : at + 5 + size]
        if len(raw) < at + 5 or len(payload) < size or flags & _COMPRESSED:
            raise changed(_WHAT, body)
        (trailers if flags & _TRAILER else messages).append(payload)
        at += 5 + size
    return messages, trailers


def _decoded(body: bytes) -> bytes:
    if not _BASE64.fullmatch(body):
        return body
    try:
        return base64.b64decode(body)
    except binascii.Error:
        return body


def _status(trailers: list[bytes], body: bytes) -> int:
    """gRPC's status; 0 is success, also where no trailer tells it."""
    for line in b"\r\n".join(trailers).split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"grpc-status":
            if not re.fullmatch(rb"\s*\d{1,3}\s*", value):
                raise changed(_WHAT, body)
            return int(value)
    return 0


def _credits(pool: Fields) -> WeeklyCredits | None:
    percent = float_at(pool, _PERCENT)
    start, end = message_at(pool, _START), message_at(pool, _END)
    if percent is None and not (whole_at(start, 2) or whole_at(end, 2)):
        return None  # a free account has a period too, but one of whole seconds
    starts_at, ends_at = _unix_time(start), _unix_time(end)
    if not _DAY <= ends_at - starts_at <= 31 * _DAY:
        raise ValueError("the period is not one of 1 to 31 days")
    parts = (fields_of(part) for part in pool.get(_BREAKDOWN, ()) if isinstance(part, bytes))
    return WeeklyCredits(
        _percent(percent),
        starts_at,
        ends_at,
        tuple((_product(part), _percent(float_at(part, 2))) for part in parts),
    )


def _unix_time(stamp: Fields) -> float:
    return whole_at(stamp, 1) + whole_at(stamp, 2) / 1e9


def _product(part: Fields) -> str:
    number = whole_at(part, 1)
    return _PRODUCTS.get(number, f"product {number}")


def _percent(value: float | None) -> float:
    return 0.0 if value is None or math.isnan(value) else min(100.0, max(0.0, value))
