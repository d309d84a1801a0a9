"""One upstream login: its tier, its state and the token that opens it."""

import enum
import hashlib
from dataclasses import dataclass, field


class Tier(enum.IntEnum):
    """Ordered: a higher tier may serve whatever a lower one may."""

    BASIC = 1
    SUPER = 2
    HEAVY = 3

    @property
    def label(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, text: str) -> "Tier":
        """Raise KeyError for an unknown name."""
        return cls[text.strip().upper()]


class AccountState(enum.StrEnum):
    """What the pool may do with an account; times and reasons are kept beside it."""

    READY = "ready"
    BUSY = "busy"
    COOLING = "cooling"
    EXHAUSTED = "exhausted"
    EXPIRED = "expired"
    BLOCKED = "blocked"
    DISABLED = "disabled"
    SEALED = "sealed"


class Token:
    """A session token. It cannot print itself: only `reveal()` gives the text away."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hex: recognises a duplicate without keeping the token."""
        return hashlib.sha256(self._text.encode()).hexdigest()

    @property
    def hint(self) -> str:
        """The last four characters, for people to tell tokens apart."""
        return f"…{self._text[-4:]}" if len(self._text) >= 12 else "…"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return f"Token({self.hint})"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a token is not to be pickled")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why an account changed its state by itself."""

    at: float
    summary: str
    status: int | None = None
    excerpt: str = ""
    """What upstream said, redacted and cut."""
    request_id: str = ""
    verdict: str = ""
    """The value of a `verdict.Verdict`."""
    action: str = ""
    """What the person can do about it; one sentence."""


@dataclass(frozen=True, slots=True)
class Account:
    """What is stored about one login. Live figures (in flight, windows) are the pool's."""

    id: str
    label: str
    fingerprint: str
    token_hint: str
    tier: Tier | None = None
    """None: not known yet; routed as basic."""
    tier_pinned: bool = False
    """The user chose the tier; a probe does not change it."""
    enabled: bool = True
    priority: int = 0
    """Higher is taken first."""
    note: str = ""
    max_in_flight: int | None = None
    """Calls at once; None: as the settings say."""
    state: AccountState = AccountState.READY
    """Only what outlives a restart: READY, EXPIRED or BLOCKED."""
    user_id: str = ""
    email: str = ""
    evidence: Evidence | None = None
    created_at: float = 0.0
    probed_at: float | None = None
    demo: bool = field(default=False, compare=False)

    @property
    def effective_tier(self) -> Tier:
        return self.tier or Tier.BASIC
