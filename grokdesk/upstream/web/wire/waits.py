"""How long upstream asks us to wait."""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

LIMIT_S = 86_400.0
"""Nobody waits longer because of one header."""


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds to wait by Retry-After, within 0 and LIMIT_S; None when upstream does not say.

    Header names are lower case. A date counts from the answer's own Date, else from `now`.
    """
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[+-]?\d{1,12}(?:\.\d{1,6})?", value, re.ASCII):
        return _within_limit(float(value))
    until, answered_at = _unix_time(value), _unix_time(headers.get("date", ""))
    since = now if answered_at is None else answered_at
    return None if until is None or since is None else _within_limit(until - since)


def server_time(headers: Mapping[str, str]) -> float | None:
    """When upstream answered by its own clock, Unix time."""
    return _unix_time(headers.get("date", ""))


def _within_limit(seconds: float) -> float:
    return min(LIMIT_S, max(0.0, seconds))


def _unix_time(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
