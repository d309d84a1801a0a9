"""What the user chose for one account or for several, and what of it has changed."""

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from grokdesk.domain.account import Tier
from grokdesk.services.account_bounds import IN_FLIGHT_LIMIT, PRIORITY_LIMIT
from grokdesk.services.accounts import DEFAULT, AccountSnapshot, Default
from grokdesk.ui import text

T = TypeVar("T")

_WHOLE = re.compile(r"-?\d{1,9}", re.ASCII)


class Mixed(enum.Enum):
    """The accounts differ; saving leaves each as it is."""

    MIXED = enum.auto()


MIXED = Mixed.MIXED

TierChoice: TypeAlias = Tier | Default | Mixed

TIER_CHOICES: tuple[tuple[str, Tier | None], ...] = (
    ("Find out by checking", None),
    ("Basic", Tier.BASIC),
    ("Super", Tier.SUPER),
    ("Heavy", Tier.HEAVY),
)


@dataclass(frozen=True, slots=True)
class Preferences:
    """`DEFAULT`: as the settings say, or as checking finds."""

    label: str | Mixed
    priority: int | Mixed
    max_in_flight: int | Default | Mixed
    tier: TierChoice
    note: str | Mixed

    @classmethod
    def of(cls, accounts: Sequence[AccountSnapshot]) -> "Preferences":
        """What all of these have in common."""
        return cls(
            label=_common([account.label for account in accounts]),
            priority=_common([account.priority for account in accounts]),
            max_in_flight=_common([account.max_in_flight or DEFAULT for account in accounts]),
            tier=_common([_chosen_tier(account) for account in accounts]),
            note=_common([account.note for account in accounts]),
        )

    def changes_from(self, before: "Preferences") -> dict[str, Any]:
        """What `AccountService.configure` is to be told."""
        names = ("label", "priority", "max_in_flight", "tier", "note")
        wanted = {name: getattr(self, name) for name in names}
        return {
            name: value
            for name, value in wanted.items()
            if value is not MIXED and value != getattr(before, name)
        }


class FieldError(Exception):
    """`param` is the name that `configure` has for the field."""

    def __init__(self, param: str, sentence: str) -> None:
        super().__init__(sentence)
        self.param = param


def parse_priority(entered: str) -> int:
    """Empty is the usual one. Raise FieldError."""
    return _whole("priority", entered or "0", -PRIORITY_LIMIT, PRIORITY_LIMIT)


def parse_calls(entered: str) -> int | Default:
    """Empty is as the settings say. Raise FieldError."""
    if not entered:
        return DEFAULT
    return _whole("max_in_flight", entered, 1, IN_FLIGHT_LIMIT)


def _whole(param: str, entered: str, least: int, most: int) -> int:
    # Neither "1_000" nor the digits of other scripts, which int() would take.
    value = int(entered) if _WHOLE.fullmatch(entered) else least - 1
    if not least <= value <= most:
        limits = f"{text.number(least)} to {text.number(most)}"
        raise FieldError(param, f"Enter a whole number from {limits}.")
    return value


def _chosen_tier(account: AccountSnapshot) -> Tier | Default:
    return account.tier if account.tier_pinned and account.tier is not None else DEFAULT


def _common(values: Sequence[T]) -> T | Mixed:
    first = values[0]
    return first if all(value == first for value in values) else MIXED
