"""A refusal of the browser session, told with what the user can do about it in these settings."""

from typing import TypeVar

from grokdesk.domain.errors import AntiBotError, ChallengedError, UpstreamError
from grokdesk.upstream.web.session import Session

E = TypeVar("E", bound=UpstreamError)

_ANTI_BOT = "grok.com took this request for one of a robot and refused it; the account is fine."
_CHALLENGED = "Cloudflare, which guards grok.com, wants to check the browser."


def advised(
    error: UpstreamError, session: Session, *, signed: bool, by_rest: bool
) -> UpstreamError:
    """The same error with a better sentence. `signed`: the call carried a pasted statsig value."""
    if isinstance(error, ChallengedError):
        return _again(error, f"{_CHALLENGED} {_after_challenge(session)}")
    if isinstance(error, AntiBotError):
        return _again(error, f"{_ANTI_BOT} {_after_anti_bot(session, signed, by_rest)}")
    return error


def _after_challenge(session: Session) -> str:
    if session.egress.solver is not None:
        return "What FlareSolverr obtained does not count any more; it is asked again."
    if session.clearance.cookies:
        return (
            "The pasted cookie does not count any more, or not on this network: copy it again, "
            "together with the User-Agent of the same browser."
        )
    return (
        "Try another network, or paste the cookie cf_clearance and the User-Agent of a browser "
        "in which grok.com works."
    )


def _after_anti_bot(session: Session, signed: bool, by_rest: bool) -> str:
    ways = []
    if signed:
        ways.append("copy the x-statsig-id anew from a browser, as the pasted one is out of date")
    elif session.clearance.cookies and session.egress.solver is None:
        ways.append("copy the cookie and the User-Agent anew from a browser")
    if by_rest:
        ways.append("set upstream.chat_transport to mgw")
    ways.append("use another network, or wait a while")
    sentence = "; or ".join(ways)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _again(error: E, sentence: str) -> E:
    return type(error)(
        sentence, status=error.status, excerpt=error.excerpt, retry_after=error.retry_after
    )
