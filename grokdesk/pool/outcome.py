"""How a call ended, and what that does to quota and account. A table, read top down."""

import asyncio
import enum
from dataclasses import dataclass

from grokdesk.domain.errors import (
    AccountBlockedError,
    AntiBotError,
    ChallengedError,
    ContentRefusedError,
    ForbiddenError,
    GrokdeskError,
    LocalNetworkError,
    ProtocolChangedError,
    RateLimitedError,
    RequestTooLargeError,
    SocketUnknownError,
    TokenRejectedError,
    UpstreamUnavailableError,
    VaultLockedError,
)


class QuotaEffect(enum.Enum):
    KEEP = "stays spent"
    REFUND = "refunded"
    EXHAUST = "zero until reset"


class AccountEffect(enum.Enum):
    NONE = "untouched"
    NOTE = "the evidence is kept"
    SUCCESS = "failures forgotten"
    COOL = "cooldown after repeats"
    EXPIRE = "expired"
    BLOCK = "blocked"
    SEAL = "its token cannot be read"


@dataclass(frozen=True, slots=True)
class Outcome:
    quota: QuotaEffect
    account: AccountEffect


COMPLETE = Outcome(QuotaEffect.KEEP, AccountEffect.SUCCESS)
ABANDONED = Outcome(QuotaEffect.KEEP, AccountEffect.NONE)

_TABLE: tuple[tuple[type[BaseException], Outcome], ...] = (
    (RateLimitedError, Outcome(QuotaEffect.EXHAUST, AccountEffect.NOTE)),
    (TokenRejectedError, Outcome(QuotaEffect.REFUND, AccountEffect.EXPIRE)),
    (AccountBlockedError, Outcome(QuotaEffect.REFUND, AccountEffect.BLOCK)),
    (ChallengedError, Outcome(QuotaEffect.REFUND, AccountEffect.NONE)),
    (AntiBotError, Outcome(QuotaEffect.REFUND, AccountEffect.NONE)),
    (ForbiddenError, Outcome(QuotaEffect.REFUND, AccountEffect.COOL)),
    (ContentRefusedError, Outcome(QuotaEffect.KEEP, AccountEffect.NONE)),
    (RequestTooLargeError, Outcome(QuotaEffect.REFUND, AccountEffect.NONE)),
    (UpstreamUnavailableError, Outcome(QuotaEffect.REFUND, AccountEffect.COOL)),
    (LocalNetworkError, Outcome(QuotaEffect.REFUND, AccountEffect.NONE)),
    (SocketUnknownError, Outcome(QuotaEffect.REFUND, AccountEffect.NONE)),
    (ProtocolChangedError, Outcome(QuotaEffect.REFUND, AccountEffect.NONE)),
    (VaultLockedError, Outcome(QuotaEffect.REFUND, AccountEffect.SEAL)),
    (asyncio.CancelledError, ABANDONED),
    (GrokdeskError, Outcome(QuotaEffect.REFUND, AccountEffect.NONE)),
    (BaseException, ABANDONED),
)


def outcome_of(error: BaseException | None) -> Outcome:
    if error is None:
        return COMPLETE
    return next(outcome for kind, outcome in _TABLE if isinstance(error, kind))
