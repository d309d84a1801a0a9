"""What upstream says about an account when it is asked."""

from dataclasses import dataclass

from grokdesk.domain.account import Tier
from grokdesk.domain.quota import QuotaWindow


@dataclass(frozen=True, slots=True)
class ProbeReading:
    """`tier` None: no signal that we know. Windows of modes that could not be read are missing."""

    user_id: str
    email: str
    tier: Tier | None
    windows: tuple[QuotaWindow, ...]
