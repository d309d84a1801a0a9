"""What upstream says about an account when it is asked."""

from dataclasses import dataclass

from grokdesk.domain.account import Tier
from grokdesk.domain.quota import Mode, QuotaWindow


@dataclass(frozen=True, slots=True)
class QuotaReading:
    """Windows of modes that could not be read are missing: what is known of them stays."""

    windows: tuple[QuotaWindow, ...]
    absent: frozenset[Mode] = frozenset()
    """Modes that the account does not have, as upstream says."""
    tier: Tier | None = None
    """None: nothing that we know how to read, or not enough to take a tier away."""


@dataclass(frozen=True, slots=True)
class ProbeReading:
    """A `QuotaReading` and whose account it is."""

    user_id: str
    email: str
    tier: Tier | None
    windows: tuple[QuotaWindow, ...]
    absent: frozenset[Mode] = frozenset()
