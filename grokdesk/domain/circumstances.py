"""What is known beside an error, and where that says more than the error itself."""

from dataclasses import dataclass, replace

from grokdesk.domain.errors import (
    CircuitOpenError,
    ForbiddenError,
    IncompleteReplyError,
    LocalNetworkError,
    RateLimitedError,
    TokenRejectedError,
    UpstreamUnavailableError,
)
from grokdesk.domain.verdict import Diagnosis, Verdict

CLOCK_TOLERANCE_S = 120.0
"""A clock that is further off breaks sign-ins and secure connections."""
ALONE_AFTER = 2
"""So many earlier failures in a row make a failure the account's own, if others are served."""


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


def overruled(error: BaseException, by_itself: Diagnosis, around: Surroundings) -> Diagnosis:
    """The first circumstance that matters decides; `by_itself` when none does."""
    found = (rule(error, by_itself, around) for rule in _CIRCUMSTANCES)
    return next(filter(None, found), by_itself)


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
