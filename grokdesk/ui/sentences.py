"""What an error means for the person in front of the window, and what to do about it."""

import enum
from dataclasses import dataclass

from grokdesk.domain.errors import (
    AntiBotError,
    ChallengedError,
    ContentRefusedError,
    GatewayPausedError,
    GrokdeskError,
    LocalNetworkError,
    NoAccountError,
    ProtocolChangedError,
    TokenRejectedError,
    UpstreamUnavailableError,
    VaultLockedError,
)
from grokdesk.ui import text

UNEXPECTED = "Something went wrong inside Grokdesk. The log has the details."


class Remedy(enum.StrEnum):
    """The one button that helps; the value is its label."""

    NONE = ""
    RESUME = "Resume gateway"
    ACCOUNTS = "Open accounts"
    RETRY = "Try again"


@dataclass(frozen=True, slots=True)
class Explanation:
    sentence: str
    remedy: Remedy = Remedy.NONE


# The first class that fits decides; subclasses stand before their bases.
_ADVICE: tuple[tuple[type[GrokdeskError], str, Remedy], ...] = (
    (GatewayPausedError, "", Remedy.RESUME),
    (NoAccountError, "", Remedy.ACCOUNTS),
    (VaultLockedError, "Unlock the keyring of your desktop, then try again.", Remedy.RETRY),
    (TokenRejectedError, "Import a new token for this account.", Remedy.ACCOUNTS),
    (ChallengedError, "This says nothing about the account.", Remedy.RETRY),
    (AntiBotError, "This says nothing about the account.", Remedy.RETRY),
    (ContentRefusedError, "", Remedy.NONE),
    (UpstreamUnavailableError, "", Remedy.RETRY),
    (LocalNetworkError, "Check the connection and the proxy.", Remedy.RETRY),
    (ProtocolChangedError, "Look for a newer version of Grokdesk.", Remedy.NONE),
    (GrokdeskError, "", Remedy.NONE),
)


def explain(error: BaseException, now: float) -> Explanation:
    """Anything but a GrokdeskError is a bug: it gets a neutral sentence, never its own text."""
    if not isinstance(error, GrokdeskError):
        return Explanation(UNEXPECTED)
    advice, remedy = next(
        (advice, remedy) for kind, advice, remedy in _ADVICE if isinstance(error, kind)
    )
    if isinstance(error, NoAccountError) and error.retry_at is not None:
        advice = f"The next account is expected {text.until(error.retry_at - now)}."
    return Explanation(_joined(text.one_line(str(error), 400), advice), remedy)


def _joined(sentence: str, advice: str) -> str:
    ended = sentence if sentence.rstrip("\u2069").endswith((".", "!", "?", "…")) else f"{sentence}."
    return f"{ended} {advice}".strip()
