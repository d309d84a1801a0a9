"""One API key as the table shows, sorts and finds it."""

import math
from dataclasses import dataclass

from grokdesk.domain.apikey import ApiKey
from grokdesk.domain.usage import KeyUsage
from grokdesk.ui import text
from grokdesk.ui.presenters.key_words import limit_parts, state_name, state_of

Key = float | str

_MINUTES_A_DAY = 1_440


@dataclass(frozen=True, slots=True)
class KeyRow:
    """`usage` is None until it has been read."""

    key: ApiKey
    usage: KeyUsage | None
    keys: tuple[Key, ...]
    """What each column sorts by."""
    haystack: str

    @property
    def id(self) -> str:
        return self.key.id


def build_row(key: ApiKey, usage: KeyUsage | None, now: float) -> KeyRow:
    known = usage or KeyUsage()
    keys: tuple[Key, ...] = (
        key.name.casefold(),
        state_of(key, now) + _how_late(key),
        ", ".join(model_parts(key)),
        _requests_a_day(key),
        -(known.last_used_at or 0.0),
        float(known.requests_today),
        float(known.requests_month),
    )
    return KeyRow(key, usage, keys, _haystack(key, now))


def name_of(key: ApiKey) -> str:
    return text.one_line(key.name, 60)


def model_parts(key: ApiKey) -> tuple[str, ...]:
    return tuple(pattern.text for pattern in key.models)


def tooltip(row: KeyRow, now: float) -> str:
    """Everything about the key that fits a few lines."""
    key = row.key
    lines = (
        f"{name_of(key)} ({key.hint})",
        state_name(key, now),
        f"Models: {', '.join(model_parts(key)) or 'all'}",
        f"Limits: {', '.join(limit_parts(key)) or 'none'}",
    )
    return "\n".join(lines)


def _how_late(key: ApiKey) -> float:
    """Less than 1; the sooner it ends, the less."""
    return 0.5 if key.expires_at is None else key.expires_at / 1e12


def _requests_a_day(key: ApiKey) -> float:
    """What the limits come to."""
    return min(
        key.requests_per_day or math.inf, key.requests_per_minute * _MINUTES_A_DAY or math.inf
    )


def _haystack(key: ApiKey, now: float) -> str:
    words = (
        key.name,
        key.hint,
        state_name(key, now),
        *model_parts(key),
        *(f"{alias.pattern}\n{alias.model}" for alias in key.aliases),
    )
    return "\n".join(words).casefold()
