"""What an error means for the person in front of the window, and what to do about it."""

import enum
from dataclasses import dataclass

from grokdesk.domain.diagnosis import diagnose
from grokdesk.domain.errors import (
    AccountBlockedError,
    AntiBotError,
    ChallengedError,
    CircuitOpenError,
    ContentRefusedError,
    GatewayPausedError,
    GrokdeskError,
    LocalNetworkError,
    NoAccountError,
    ProtocolChangedError,
    RequestTooLargeError,
    TokenRejectedError,
    UpstreamError,
    VaultLockedError,
)
from grokdesk.ui import text

UNEXPECTED = "Something went wrong inside Grokdesk. The log has the details."


class Remedy(enum.StrEnum):
    """The one button that helps; the value is its label."""

    NONE = ""
    RESUME = "Resume gateway"
    ACCOUNTS = "Open accounts"
    CONNECTION = "Open connection"
    RETRY = "Try again"


@dataclass(frozen=True, slots=True)
class Explanation:
    sentence: str
    remedy: Remedy = Remedy.NONE


# The first class that fits decides; subclasses stand before their bases.
_REMEDIES: tuple[tuple[type[GrokdeskError], Remedy], ...] = (
    (GatewayPausedError, Remedy.RESUME),
    (NoAccountError, Remedy.ACCOUNTS),
    (TokenRejectedError, Remedy.ACCOUNTS),
    (AccountBlockedError, Remedy.ACCOUNTS),
    (ChallengedError, Remedy.CONNECTION),
    (AntiBotError, Remedy.CONNECTION),
    (LocalNetworkError, Remedy.CONNECTION),
    (ContentRefusedError, Remedy.NONE),
    (RequestTooLargeError, Remedy.NONE),
    (ProtocolChangedError, Remedy.NONE),
    (VaultLockedError, Remedy.RETRY),
    (UpstreamError, Remedy.RETRY),
    (GrokdeskError, Remedy.NONE),
)
_DIAGNOSED = (UpstreamError, CircuitOpenError, VaultLockedError)
"""What the doctor says of other errors is meant for somebody who is not at the window."""


def explain(error: BaseException, now: float) -> Explanation:
    """Anything but a GrokdeskError is a bug: it gets a neutral sentence, never its own text."""
    if not isinstance(error, GrokdeskError):
        return Explanation(UNEXPECTED)
    remedy = next(remedy for kind, remedy in _REMEDIES if isinstance(error, kind))
    return Explanation(_in_words(error, now), remedy)


def _in_words(error: GrokdeskError, now: float) -> str:
    if isinstance(error, _DIAGNOSED):
        diagnosis = diagnose(error)
        return f"{text.sentence(diagnosis.sentence)} {text.sentence(diagnosis.action)}".strip()
    told = text.sentence(str(error), 400)
    if isinstance(error, NoAccountError) and error.retry_at is not None:
        return f"{told} The next account is expected {text.until(error.retry_at - now)}."
    return told
