"""What went wrong with an attempt, in words for a person: a verdict, a sentence, an action.

The error class decides (a table); what is known of its surroundings may overrule it. Messages are
shown, never searched: ours say first what happened and then, perhaps, what can be done.
"""

import asyncio
import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace

from grokdesk.domain.errors import (
    AccountBlockedError,
    AccountsBlockedError,
    AnswerFormatError,
    AntiBotError,
    ChallengedError,
    CircuitOpenError,
    ConflictError,
    ContentRefusedError,
    ForbiddenError,
    GatewayPausedError,
    GrokdeskError,
    IncompleteReplyError,
    KeyLimitError,
    LocalNetworkError,
    ModelNotAllowedError,
    NoAccountError,
    ProtocolChangedError,
    RateLimitedError,
    RequestError,
    RequestTooLargeError,
    SettingsError,
    SocketUnknownError,
    TokenRejectedError,
    UnauthorizedError,
    UnknownModelError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
    VaultLockedError,
)

CLOCK_TOLERANCE_S = 120.0
"""A clock that is further off breaks sign-ins and secure connections."""
ALONE_AFTER = 2
"""So many earlier failures in a row make a failure the account's own, if others are served."""


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
class Surroundings:
    """What is known beside the error itself. None: not known."""

    account_failures: int = 0
    """How many attempts with this account failed in a row before this one."""
    others_succeed: bool | None = None
    """Whether another account was served within the last minutes."""
    online: bool | None = None
    """Whether this machine has a route to the internet."""
    clock_skew_s: float | None = None
    """Our clock minus upstream's."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    verdict: Verdict
    sentence: str
    """What happened."""
    action: str
    """What the person can do now."""


def diagnose(error: BaseException, around: Surroundings | None = None) -> Diagnosis:
    """Pure and total: every error has a diagnosis."""
    by_itself = _in_words(_row_of(error), error)
    if around is None:
        return by_itself
    overruled = (rule(error, by_itself, around) for rule in _CIRCUMSTANCES)
    return next(filter(None, overruled), by_itself)


_OWN = ""
"""The error's own words say what happened; its class alone does not."""

_TABLE: Mapping[type[BaseException], Diagnosis] = {
    ChallengedError: Diagnosis(
        Verdict.CHALLENGE,
        _OWN,
        "Try again in a few minutes or from another network, or give Grokdesk the clearance of "
        "your own browser: grokdesk egress clearance.",
    ),
    AntiBotError: Diagnosis(
        Verdict.REFUSED_BY_RULES,
        _OWN,
        "Try again later or from another network; values pasted from a browser may be out of date.",
    ),
    ForbiddenError: Diagnosis(
        Verdict.REFUSED_BY_RULES,
        _OWN,
        "Try again later; another account may be served.",
    ),
    UpstreamUnavailableError: Diagnosis(
        Verdict.OVERLOADED, _OWN, "Nothing is wrong on your side; try again in a moment."
    ),
    UpstreamTimeoutError: Diagnosis(
        Verdict.OVERLOADED,
        _OWN,
        "Try again in a moment; a shorter conversation is answered sooner.",
    ),
    IncompleteReplyError: Diagnosis(
        Verdict.OVERLOADED, _OWN, "Ask again; grok.com cuts answers short when it is overloaded."
    ),
    CircuitOpenError: Diagnosis(
        Verdict.OVERLOADED,
        "grok.com failed again and again, so Grokdesk leaves it alone for a moment.",
        "Wait a little; Grokdesk tries again by itself.",
    ),
    RateLimitedError: Diagnosis(
        Verdict.QUOTA_USED,
        "grok.com gives this account no more answers for now: its quota is used, or grok.com is "
        "full.",
        "Wait until the quota is renewed, which Grokdesk notices by itself, or add another "
        "account.",
    ),
    TokenRejectedError: Diagnosis(
        Verdict.SESSION_EXPIRED,
        "grok.com no longer accepts the token of this account: it was signed out or has expired.",
        "Sign in at grok.com with this account and import the new token.",
    ),
    AccountBlockedError: Diagnosis(
        Verdict.ACCOUNT_BLOCKED,
        "grok.com has blocked this account.",
        "Sign in at grok.com with this account to see why; once it works there, test it again "
        "here.",
    ),
    LocalNetworkError: Diagnosis(
        Verdict.LOCAL_NETWORK, _OWN, "Check the network connection and the proxy."
    ),
    NoAccountError: Diagnosis(
        Verdict.NO_ACCOUNT, _OWN, "Wait until one is free again, or add another account."
    ),
    AccountsBlockedError: Diagnosis(
        Verdict.ACCOUNT_BLOCKED, _OWN, "Import an account that is not blocked."
    ),
    VaultLockedError: Diagnosis(
        Verdict.VAULT_LOCKED, _OWN, "Unlock the keyring of your desktop, then try again."
    ),
    SettingsError: Diagnosis(Verdict.SETUP, _OWN, "Correct this setting."),
    ConflictError: Diagnosis(
        Verdict.SETUP, _OWN, "End the other program, or choose another port or profile."
    ),
    GatewayPausedError: Diagnosis(Verdict.PAUSED, _OWN, "Resume the gateway."),
    ContentRefusedError: Diagnosis(
        Verdict.CONTENT_REFUSED, _OWN, "Change what is asked; no other account will answer it."
    ),
    RequestTooLargeError: Diagnosis(Verdict.CLIENT_ERROR, _OWN, "Shorten the conversation."),
    RequestError: Diagnosis(
        Verdict.CLIENT_ERROR, _OWN, "Correct the request in the program that sent it."
    ),
    KeyLimitError: Diagnosis(
        Verdict.CLIENT_ERROR, _OWN, "Wait, or raise the limits of the API key."
    ),
    AnswerFormatError: Diagnosis(
        Verdict.CLIENT_ERROR, _OWN, "Ask for a simpler format, or choose another model."
    ),
    UnauthorizedError: Diagnosis(
        Verdict.CLIENT_ERROR, _OWN, "Give the program a key made by: grokdesk keys create."
    ),
    UnknownModelError: Diagnosis(
        Verdict.CLIENT_ERROR, _OWN, "Choose one of the models that Grokdesk offers."
    ),
    ModelNotAllowedError: Diagnosis(
        Verdict.CLIENT_ERROR, _OWN, "Choose another model, or use another key."
    ),
    asyncio.CancelledError: Diagnosis(
        Verdict.CLIENT_ERROR,
        "The program that asked went away before the answer was complete.",
        "Nothing needs to be done.",
    ),
    SocketUnknownError: Diagnosis(
        Verdict.PROTOCOL_CHANGED,
        "grok.com has no chat socket where this version of Grokdesk looks for it.",
        "Set upstream.chat_transport to auto, and look for an update of Grokdesk.",
    ),
    ProtocolChangedError: Diagnosis(
        Verdict.PROTOCOL_CHANGED,
        _OWN,
        "Look for an update of Grokdesk; until then the other upstream.chat_transport may work.",
    ),
    UpstreamError: Diagnosis(
        Verdict.UNKNOWN, _OWN, "Try again; if it stays so, look for an update of Grokdesk."
    ),
    GrokdeskError: Diagnosis(
        Verdict.UNKNOWN, _OWN, "Try again; 'grokdesk doctor' looks for what is in the way."
    ),
    BaseException: Diagnosis(
        Verdict.UNKNOWN,
        "Something went wrong inside Grokdesk.",
        "Try again; if it happens again, report it with the log.",
    ),
}


def _row_of(error: BaseException) -> Diagnosis:
    if type(error) is NoAccountError and error.retry_at is None:
        return replace(_TABLE[NoAccountError], action="Import an account that can serve this.")
    return next(_TABLE[kind] for kind in type(error).__mro__ if kind in _TABLE)


def _in_words(row: Diagnosis, error: BaseException) -> Diagnosis:
    """Only our own errors are quoted: nobody knows what others say."""
    if row.sentence or not isinstance(error, GrokdeskError):
        return row
    happened, _, advice = str(error).strip().partition(". ")
    if not happened:
        return replace(row, sentence=_TABLE[BaseException].sentence)
    ended = happened if happened.endswith((".", "?", "!", "…")) else f"{happened}."
    return replace(row, sentence=ended, action=advice or row.action)


def _offline(error: BaseException, _by_itself: Diagnosis, around: Surroundings) -> Diagnosis | None:
    if around.online is not False or not _met_silence(error):
        return None
    return Diagnosis(
        Verdict.LOCAL_NETWORK,
        "This computer has no connection to the internet.",
        "Connect it to a network; Grokdesk goes on by itself.",
    )


def _wrong_clock(
    error: BaseException, _by_itself: Diagnosis, around: Surroundings
) -> Diagnosis | None:
    """A wrong clock makes certificates and sign-ins look expired."""
    skew = around.clock_skew_s
    if skew is None or abs(skew) <= CLOCK_TOLERANCE_S:
        return None
    suspicious = isinstance(error, TokenRejectedError) or (
        _met_silence(error) and not isinstance(error, IncompleteReplyError | CircuitOpenError)
    )
    if not suspicious:
        return None
    return Diagnosis(
        Verdict.CLOCK_SKEW,
        f"The clock of this computer is {describe_skew(skew)}, which makes secure connections and "
        "sign-ins fail.",
        "Set the clock, best by letting the system do it, then test the account again.",
    )


def _only_this_account(
    error: BaseException, by_itself: Diagnosis, around: Surroundings
) -> Diagnosis | None:
    """Pages of Cloudflare and refusals by the site's rules are never blamed on an account."""
    if around.others_succeed is not True or around.account_failures < ALONE_AFTER:
        return None
    if not isinstance(error, UpstreamUnavailableError | ForbiddenError):
        return None
    return replace(
        by_itself,
        sentence=f"grok.com serves other accounts, but this one failed "
        f"{around.account_failures + 1} times in a row. {by_itself.sentence}",
        action="Sign in at grok.com with this account to see whether it works there, then test it "
        "again.",
    )


def _as_for_others(
    error: BaseException, by_itself: Diagnosis, around: Surroundings
) -> Diagnosis | None:
    for kind, others_succeed, action in _SEEN_BESIDE_OTHERS:
        if isinstance(error, kind) and around.others_succeed is others_succeed:
            return replace(by_itself, action=action)
    return None


_SEEN_BESIDE_OTHERS = (
    (
        RateLimitedError,
        True,
        "Nothing needs to be done: other accounts answer until the quota is renewed.",
    ),
    (
        UpstreamUnavailableError,
        False,
        "It is the same for all accounts, so this one is fine; wait until grok.com answers again.",
    ),
)

_CIRCUMSTANCES = (_offline, _wrong_clock, _only_this_account, _as_for_others)


def _met_silence(error: BaseException) -> bool:
    """Nobody answered, as far as we know: no status was seen."""
    if isinstance(error, UpstreamUnavailableError | LocalNetworkError):
        return error.status is None
    return isinstance(error, CircuitOpenError)


def describe_skew(skew_s: float) -> str:
    """`skew_s`: our clock minus the right one."""
    size = abs(skew_s)
    unit, seconds = next(
        ((name, length) for name, length in _UNITS if size >= 2 * length), ("second", 1)
    )
    count = round(size / seconds)
    plural = "" if count == 1 else "s"
    return f"{count} {unit}{plural} {'fast' if skew_s > 0 else 'slow'}"


_UNITS = (("year", 31_557_600), ("day", 86_400), ("hour", 3600), ("minute", 60))
