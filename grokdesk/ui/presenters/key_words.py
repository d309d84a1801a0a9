"""API keys in words: their state, limits and use, and what of them leads nowhere."""

import enum
from collections.abc import Iterable

from grokdesk.domain.apikey import ApiKey, ReasoningFormat
from grokdesk.domain.catalog import ModelCatalog
from grokdesk.domain.model_names import Aliases, Patterns
from grokdesk.services.key_policy import aliases_without_model, patterns_without_model
from grokdesk.ui import text

_SOON_S = 7 * 86_400.0

REASONING_NAMES = {
    ReasoningFormat.FIELD: "In a field of its own",
    ReasoningFormat.THINK: "In the text, as <think> tags",
}


class KeyState(enum.IntEnum):
    """In the order in which a table sorts them."""

    ACTIVE = enum.auto()
    ENDING = enum.auto()
    """Active, but not for long."""
    OFF = enum.auto()
    EXPIRED = enum.auto()


def state_of(key: ApiKey, now: float) -> KeyState:
    if not key.enabled:
        return KeyState.OFF
    if key.expires_at is None or key.expires_at - now > _SOON_S:
        return KeyState.ACTIVE
    return KeyState.EXPIRED if key.has_expired(now) else KeyState.ENDING


def state_name(key: ApiKey, now: float) -> str:
    match state_of(key, now):
        case KeyState.OFF:
            return "Switched off"
        case KeyState.EXPIRED:
            return "Expired"
        case KeyState.ACTIVE | KeyState.ENDING:
            left = key.expires_at - now if key.expires_at is not None else None
            return "Active" if left is None else f"Expires in {text.rough(left)}"


def limit_parts(key: ApiKey) -> tuple[str, ...]:
    """`60 a minute`, `1,000 a day`, `4 at once`: those that there are."""
    limits = (
        (key.requests_per_minute, "a minute"),
        (key.requests_per_day, "a day"),
        (key.max_concurrent, "at once"),
    )
    return tuple(f"{text.number(limit)} {per}" for limit, per in limits if limit)


def use_parts(requests: int, tokens: int) -> tuple[str, str]:
    """Requests are counted, tokens are estimated."""
    return text.short_count(requests, "request"), f"≈{text.short_count(tokens, 'token')}"


def problem_with_models(models: Patterns, catalog: ModelCatalog) -> str:
    """No mistake for certain, since models come and go; empty: nothing is odd."""
    return _nobody(pattern.text for pattern in patterns_without_model(models, catalog))


def problem_with_aliases(aliases: Aliases, catalog: ModelCatalog) -> str:
    """Like `problem_with_models`."""
    return _nobody(alias.model for alias in aliases_without_model(aliases, catalog))


def _nobody(names: Iterable[str]) -> str:
    unknown = " or ".join(f"“{text.one_line(name, 60)}”" for name in dict.fromkeys(names))
    return f"No model is called {unknown} at present." if unknown else ""
