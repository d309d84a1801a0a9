"""How an account behaves, read from the last parts of its token: `anna-super-slow-429`."""

from dataclasses import dataclass
from typing import Final

from grokdesk.simulator.pages import REFUSALS

TIERS: Final = ("basic", "super", "heavy")

# The whole site treats the account so, not only the chat.
EVERYWHERE: Final = frozenset({"401", "blocked", "cf", "forbidden", "500", "502"})

_CHAT_BEHAVIOURS: Final = frozenset(
    {
        "inband429",
        "inbandantibot",
        "exhausted",
        "slow",
        "stall",
        "stallmid",
        "cut",
        "reset",
        "garbage",
        "empty",
        "nomgw",
        "incomplete",
        "sessionended",
    }
)
BEHAVIOURS: Final = frozenset(REFUSALS) | _CHAT_BEHAVIOURS


@dataclass(frozen=True, slots=True)
class Scenario:
    """A tier, if one was named, and what goes wrong."""

    tier: str | None = None
    behaviours: frozenset[str] = frozenset()

    def has(self, behaviour: str) -> bool:
        return behaviour in self.behaviours

    def only(self, behaviours: frozenset[str]) -> "Scenario":
        return Scenario(self.tier, self.behaviours & behaviours)


def scenario_of_token(token: str) -> Scenario:
    """Reads known parts from the end and stops at the first unknown one.

    `ok` ends the list of troubles, so that account 429 of a numbered series can be named
    `demo-429-ok` without being refused.
    """
    tier: str | None = None
    behaviours: set[str] = set()
    healthy = False
    for part in reversed(token.split("-")):
        if part == "ok":
            healthy = True
        elif part in TIERS:
            tier = tier or part
        elif part in BEHAVIOURS:
            behaviours |= set() if healthy else {part}
        else:
            break
    return Scenario(tier, frozenset(behaviours))


def scenario_of_outcome(outcome: str) -> Scenario:
    """Raises ValueError when a part is unknown: a script with a typo must not pass a test."""
    parts = outcome.split("-")
    unknown = [part for part in parts if part != "ok" and part not in BEHAVIOURS]
    if unknown:
        raise ValueError(f"unknown outcome {unknown[0]!r} in {outcome!r}")
    return scenario_of_token(outcome)
