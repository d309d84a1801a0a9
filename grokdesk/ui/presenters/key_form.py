"""What the user entered about an API key, as the service wants to hear it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QLocale

from grokdesk.domain.apikey import ApiKey, ReasoningFormat, allows
from grokdesk.domain.catalog import ModelCatalog
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.model_names import parse_aliases, parse_patterns, text_of
from grokdesk.services.gateway import GatewaySnapshot, GatewayState
from grokdesk.services.key_policy import parse_expiry
from grokdesk.ui import text
from grokdesk.ui.presenters.key_words import problem_with_aliases, problem_with_models

KEEP = ""
"""The key goes on to expire when it does."""
NEVER = "never"
ON_A_DATE = "date"

EXPIRY_CHOICES = (
    ("Never", NEVER),
    ("In a day", "1d"),
    ("In a week", "7d"),
    ("In 30 days", "30d"),
    ("In 90 days", "90d"),
    ("In a year", "365d"),
    ("On a date…", ON_A_DATE),
)

REASONING_CHOICES = (
    ("In a field of its own (usual)", ReasoningFormat.FIELD.value),
    ("In the text, as <think> tags", ReasoningFormat.THINK.value),
)


@dataclass(frozen=True, slots=True)
class KeyForm:
    """As it stands in the fields. Named as the service names them, but for `expires`."""

    name: str
    expires: str = NEVER
    """What `parse_expiry` takes, or KEEP."""
    models: str = ""
    requests_per_minute: str = ""
    requests_per_day: str = ""
    max_concurrent: str = ""
    reasoning_format: str = ReasoningFormat.FIELD.value
    aliases: str = ""

    @classmethod
    def of(cls, key: ApiKey) -> "KeyForm":
        return cls(
            name=key.name,
            expires=NEVER if key.expires_at is None else KEEP,
            models=text_of(key.models),
            requests_per_minute=_shown(key.requests_per_minute),
            requests_per_day=_shown(key.requests_per_day),
            max_concurrent=_shown(key.max_concurrent),
            reasoning_format=key.reasoning_format.value,
            aliases="\n".join(map(str, key.aliases)),
        )

    def wishes_beside(self, before: "KeyForm", now: float) -> dict[str, Any]:
        """What differs, for `create` and `configure`. Raise InvalidRequestError."""
        wishes: dict[str, Any] = {
            field: value
            for field in self.__slots__
            if (value := getattr(self, field)) != getattr(before, field)
        }
        for limit in ("requests_per_minute", "requests_per_day", "max_concurrent"):
            if limit in wishes:
                wishes[limit] = _as_limit(wishes[limit])
        if "expires" in wishes:
            wishes["expires_at"] = parse_expiry(wishes.pop("expires"), now)
        return wishes


def free_name(keys: Iterable[ApiKey]) -> str:
    """`Key 3`."""
    taken = {key.name.casefold() for key in keys}
    return next(
        name for n in range(1, len(taken) + 2) if (name := f"Key {n}").casefold() not in taken
    )


def date_in(days: int, now: float) -> str:
    """As `parse_expiry` reads it: the local day in so many days."""
    return text.iso_date(now + days * 86_400.0)


def expiry_hint(entered: str, before: float | None, now: float) -> str:
    """When that is, as far as it can be read; `before` is what KEEP stands for."""
    try:
        moment = before if entered == KEEP else parse_expiry(entered, now) or None
    except InvalidRequestError:
        return ""
    if moment is None:
        return ""
    if moment <= now:
        return f"It expired {text.local_time(moment)}."
    return f"{text.local_time(moment)}, {text.until(moment - now)}"


def models_hint(entered: str, catalog: ModelCatalog) -> str:
    """How many models the patterns let through; empty while they cannot be read."""
    try:
        patterns = parse_patterns(entered)
    except ValueError:
        return ""
    if not patterns:
        return "Tick those that it may use, or write names; * stands for anything."
    allowed = sum(allows(patterns, model) for model in catalog.models)
    return problem_with_models(patterns, catalog) or (
        f"{text.number(allowed)} of {text.count(len(catalog.models), 'model')} may be used."
    )


def aliases_hint(entered: str, catalog: ModelCatalog) -> str:
    try:
        problem = problem_with_aliases(parse_aliases(entered), catalog)
    except ValueError:
        problem = ""
    return problem or "What a program asks for = the model that it gets, one a line."


def address_of(gateway: GatewaySnapshot, host: str, port: int) -> str:
    """Where programs connect to; before the gateway runs as the settings say, and empty when they
    take any port."""
    if gateway.port:
        return gateway.base_url
    return replace(gateway, host=host, port=port).base_url if port else ""


def waiting_note(gateway: GatewaySnapshot) -> str:
    """What keeps a new key from being used at once; empty: nothing."""
    match gateway.state:
        case GatewayState.RUNNING:
            return ""
        case GatewayState.PAUSED:
            return "The gateway is paused: it refuses requests until you resume it."
        case _:
            return "The gateway does not run at the moment; the key works as soon as it does."


def _as_limit(entered: str) -> int | str:
    """What is no number goes to the service as it is, which says what is wrong with it."""
    if not entered:
        return 0
    value, is_number = QLocale().toInt(entered)
    return value if is_number else entered


def _shown(limit: int) -> str:
    return str(limit) if limit else ""
