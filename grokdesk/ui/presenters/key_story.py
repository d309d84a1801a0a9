"""What is known of one API key, and what its owner may want to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass

from grokdesk.domain.apikey import ApiKey
from grokdesk.domain.catalog import ModelCatalog
from grokdesk.domain.usage import KeyUsage
from grokdesk.ui import text
from grokdesk.ui.presenters.fact import Fact
from grokdesk.ui.presenters.key_row import model_parts, name_of
from grokdesk.ui.presenters.key_words import (
    REASONING_NAMES,
    KeyState,
    limit_parts,
    problem_with_aliases,
    problem_with_models,
    state_name,
    state_of,
    use_parts,
)


@dataclass(frozen=True, slots=True)
class Left:
    """Requests of the tighter limit; in `reset_s` seconds all of them are free again."""

    requests: int
    limit: int
    reset_s: float


@dataclass(frozen=True, slots=True)
class KeyStory:
    title: str
    happened: str
    advice: str
    """Empty when nothing needs to be done."""
    rules: tuple[Fact, ...]
    use: tuple[Fact, ...]

    @property
    def as_text(self) -> str:
        facts = (f"{fact.caption}: {fact.value}" for fact in (*self.rules, *self.use))
        return "\n".join(filter(None, (self.title, self.happened, self.advice, *facts)))


def story_of(
    key: ApiKey, usage: KeyUsage | None, left: Left | None, catalog: ModelCatalog, now: float
) -> KeyStory:
    return KeyStory(
        title=f"{name_of(key)}  ·  {state_name(key, now)}",
        happened=_happened(key, now),
        advice=_advice(key, catalog, now),
        rules=tuple(_rules(key)),
        use=tuple(_use(key, usage or KeyUsage(), left, now)),
    )


def _happened(key: ApiKey, now: float) -> str:
    match state_of(key, now):
        case KeyState.OFF:
            return "Programs that use it are refused."
        case KeyState.EXPIRED:
            return f"It expired {_moment(key, now)}; programs that use it are refused."
        case KeyState.ACTIVE | KeyState.ENDING if key.expires_at is not None:
            return f"Programs can use it until {text.local_time(key.expires_at)}."
        case KeyState.ACTIVE | KeyState.ENDING:
            return "Programs can use it."


def _advice(key: ApiKey, catalog: ModelCatalog, now: float) -> str:
    if state_of(key, now) is KeyState.EXPIRED:
        return "Edit it to give it more time, or revoke it."
    return problem_with_models(key.models, catalog) or problem_with_aliases(key.aliases, catalog)


def _rules(key: ApiKey) -> Iterator[Fact]:
    yield Fact("Models", ", ".join(model_parts(key)) or "All")
    yield Fact("Limits", ", ".join(limit_parts(key)) or "None")
    if key.aliases:
        names = ", ".join(f"{alias.pattern} → {alias.model}" for alias in key.aliases)
        yield Fact("Model names", names)
    yield Fact("Reasoning", REASONING_NAMES[key.reasoning_format])


def _use(key: ApiKey, usage: KeyUsage, left: Left | None, now: float) -> Iterator[Fact]:
    yield Fact("Key", key.hint)
    yield Fact("Created", text.local_date(key.created_at))
    yield Fact("Last used", text.last_used(usage.last_used_at, now))
    yield Fact("Today", _sum(usage.requests_today, usage.tokens_today))
    yield Fact("30 days", _sum(usage.requests_month, usage.tokens_month))
    if left is not None and state_of(key, now) in (KeyState.ACTIVE, KeyState.ENDING):
        yield Fact("Left now", _left(left))


def _sum(requests: int, tokens: int) -> str:
    return ", ".join(use_parts(requests, tokens)) if requests else "Nothing"


def _left(left: Left) -> str:
    words = f"{text.number(left.requests)} of {text.count(left.limit, 'request')}"
    return words if left.requests == left.limit else f"{words}, all {text.until(left.reset_s)}"


def _moment(key: ApiKey, now: float) -> str:
    moment = key.expires_at if key.expires_at is not None else now
    return f"{text.ago(now - moment)} ({text.local_time(moment)})"
