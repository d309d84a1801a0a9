"""What the owner may decide of an API key, and what is wrong with a decision, in words."""

import datetime
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypedDict

from grokdesk.domain.apikey import ReasoningFormat, allows
from grokdesk.domain.catalog import ModelCatalog
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.model_names import (
    Alias,
    Aliases,
    NamePattern,
    parse_aliases,
    parse_patterns,
)

NEVER = 0.0
_NAME_CHARS = 60
_MOST_PER_MINUTE = 100_000
_MOST_PER_DAY = 1_000_000
_MOST_AT_ONCE = 10_000
_PERIOD = re.compile(r"(\d{1,5})\s*([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}


class KeyWishes(TypedDict, total=False):
    """What is absent stays as it is. A limit of 0 is none, and so is an `expires_at` of 0."""

    enabled: bool
    expires_at: float
    """Unix time."""
    models: str
    """Patterns with commas; empty: all models."""
    aliases: str
    """NAME=MODEL with commas."""
    requests_per_minute: int
    requests_per_day: int
    max_concurrent: int
    reasoning_format: str


def checked(wishes: Mapping[str, Any], now: float) -> dict[str, Any]:
    """As fields of an ApiKey. InvalidRequestError, whose param is the wish that cannot be."""
    fields: dict[str, Any] = {}
    for name, value in wishes.items():
        check = _CHECKS.get(name)
        if check is None:
            raise InvalidRequestError(f"A key has no '{name}'.", param=name)
        try:
            fields[name] = check(value)
        except ValueError as error:
            raise InvalidRequestError(f"{error}.", param=name) from None
    expires_at = fields.get("expires_at")
    if expires_at is not None and expires_at <= now:
        raise InvalidRequestError("The key would expire in the past.", param="expires_at")
    return fields


def parse_expiry(text: str, now: float) -> float:
    """`2026-12-31` (to its end), `2026-12-31T18:00`, `30d`, `12h`, `2w`, `never`: as Unix time.

    Local time, unless it names its zone. Raise InvalidRequestError.
    """
    text = text.strip().lower()
    if text == "never":
        return NEVER
    if match := _PERIOD.fullmatch(text):
        return now + int(match[1]) * _HOURS[match[2]] * 3600.0
    try:
        moment = datetime.datetime.fromisoformat(text.upper())
        if len(text) <= len("2026-12-31"):
            moment += datetime.timedelta(days=1)
        return moment.astimezone().timestamp() if moment.tzinfo is None else moment.timestamp()
    except (ValueError, OverflowError):
        raise InvalidRequestError(
            f"'{text[:40]}' is no time to expire; write a date such as 2026-12-31, a period such "
            "as 30d or 12h, or never.",
            param="expires",
        ) from None


def patterns_without_model(
    patterns: Iterable[NamePattern], catalog: ModelCatalog
) -> tuple[NamePattern, ...]:
    """No mistake for certain, since models come and go."""
    return tuple(
        pattern
        for pattern in patterns
        if not any(allows((pattern,), model) for model in catalog.models)
    )


def aliases_without_model(aliases: Aliases, catalog: ModelCatalog) -> tuple[Alias, ...]:
    """Like `patterns_without_model`."""
    return tuple(alias for alias in aliases if catalog.find(alias.model) is None)


def _name(value: object) -> str:
    name = value.strip() if isinstance(value, str) else ""
    if not name or len(name) > _NAME_CHARS or not name.isprintable():
        raise ValueError(f"A key needs a name of 1 to {_NAME_CHARS} printable characters")
    return name


def _limit(words: str, most: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        if type(value) is not int or not 0 <= value <= most:
            raise ValueError(f"The limit of {words} is a number from 1 to {most:,}, or 0 for none")
        return value

    return check


def _expires_at(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("The time to expire is a number of seconds")
    return float(value) or None


def _enabled(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("A key is enabled or not: true or false")
    return value


def _reasoning(value: object) -> ReasoningFormat:
    try:
        return ReasoningFormat(str(value))
    except ValueError:
        choices = " or ".join(f"'{choice.value}'" for choice in ReasoningFormat)
        raise ValueError(f"The reasoning format is {choices}") from None


def _parsed(words: str, parse: Callable[[str], Any]) -> Callable[[object], Any]:
    def check(value: object) -> Any:
        try:
            return parse(value if isinstance(value, str) else "=")
        except ValueError as error:
            raise ValueError(f"The list of {words} {error}") from None

    return check


_CHECKS: dict[str, Callable[[object], Any]] = {
    "name": _name,
    "enabled": _enabled,
    "expires_at": _expires_at,
    "models": _parsed("models", parse_patterns),
    "aliases": _parsed("aliases", parse_aliases),
    "requests_per_minute": _limit("requests per minute", _MOST_PER_MINUTE),
    "requests_per_day": _limit("requests per day", _MOST_PER_DAY),
    "max_concurrent": _limit("requests at once", _MOST_AT_ONCE),
    "reasoning_format": _reasoning,
}
