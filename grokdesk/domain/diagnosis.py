"""What went wrong with an attempt, in words for a person: a verdict, a sentence, an action.

The error class decides (a table); what is known of its surroundings may overrule it. Messages are
shown, never searched: ours say first what happened and then, perhaps, what can be done.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from grokdesk.domain.circumstances import Surroundings, overruled
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
from grokdesk.domain.verdict import Diagnosis, Verdict


def diagnose(error: BaseException, around: Surroundings | None = None) -> Diagnosis:
    """Pure and total: every error has a diagnosis."""
    by_itself = _in_words(_row_of(error), error)
    return by_itself if around is None else overruled(error, by_itself, around)


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
