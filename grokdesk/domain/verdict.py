"""What a diagnosis of a failure says: a verdict, a sentence, an action."""

import enum
from dataclasses import dataclass


class Verdict(enum.StrEnum):
    """Ordered by who must act: nobody, the site, the network, the user, the caller, us."""

    CHALLENGE = "challenge"
    REFUSED_BY_RULES = "refused_by_rules"
    OVERLOADED = "overloaded"
    QUOTA_USED = "quota_used"
    SESSION_EXPIRED = "session_expired"
    ACCOUNT_BLOCKED = "account_blocked"
    LOCAL_NETWORK = "local_network"
    CLOCK_SKEW = "clock_skew"
    NO_ACCOUNT = "no_account"
    VAULT_LOCKED = "vault_locked"
    SETUP = "setup"
    PAUSED = "paused"
    CONTENT_REFUSED = "content_refused"
    CLIENT_ERROR = "client_error"
    PROTOCOL_CHANGED = "protocol_changed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    verdict: Verdict
    sentence: str
    """What happened."""
    action: str
    """What the person can do now."""
