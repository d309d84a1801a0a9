"""What went wrong, as data: from status, form, code and words of an answer to an error class.

The first rule that fits wins. Codes are gRPC's (3 invalid argument, 7 permission denied, 8 resource
exhausted, 16 unauthenticated) or words; words are looked for in code and message, lower case.
"""

import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from grokdesk.domain.errors import (
    AccountBlockedError,
    AntiBotError,
    ChallengedError,
    ContentRefusedError,
    ForbiddenError,
    LocalNetworkError,
    ProtocolChangedError,
    RateLimitedError,
    RequestTooLargeError,
    SocketUnknownError,
    TokenRejectedError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from grokdesk.upstream.web.wire.excerpts import excerpt
from grokdesk.upstream.web.wire.lenient import object_of, parse_json, text_of
from grokdesk.upstream.web.wire.waits import retry_after


class Form(enum.Enum):
    """What the body is, whatever its content type says."""

    EMPTY = enum.auto()
    HTML = enum.auto()
    JSON = enum.auto()
    TEXT = enum.auto()


@dataclass(frozen=True, slots=True)
class Rule:
    """Empty conditions always hold; one of `codes` or `words` is enough."""

    error: type[UpstreamError]
    sentence: str
    statuses: Collection[int] = ()
    forms: Collection[Form] = ()
    codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer as the rules see it."""

    status: int
    form: Form
    code: str
    words: str


_CHECK = (
    "Cloudflare, which guards grok.com, asked for a browser check; the account is fine. Try again "
    "later or from another network."
)
_CHECK_WORDS = ("just a moment", "challenge-platform", "__cf_chl", "cf-chl-", "cf-mitigated")
_DEAD = "grok.com no longer accepts this token. Sign in at grok.com and import the new token."
_DEAD_WORDS = (
    "invalid-credentials",
    "bad-credentials",
    "failed to look up session id",
    "session not found",
    "token revoked",
    "token expired",
)
_LIMITED = "grok.com limits this account. Wait until its quota is renewed or use another account."
_LIMITED_WORDS = ("too many requests", "rate limit", "usage limit", "usage quota")
_SPENT = "This account may spend no more for now. Wait until its limit is renewed or use another."
_SPENT_WORDS = ("spending-limit", "free-usage-exhausted")
_CHANGED = "grok.com answered in a form that Grokdesk does not know. Look for an update."
_TOO_SLOW = "grok.com took too long. Try again."
_DOWN = "grok.com is out of order or overloaded. Try again later."
_GONE = "grok.com no longer has this address. Look for an update of Grokdesk."

_SAID = (Form.JSON, Form.TEXT)  # pages are Cloudflare's; only the site itself gives reasons

_BLOCKED = Rule(
    AccountBlockedError,
    "grok.com has blocked this account. Sign in at grok.com to see why.",
    statuses=(400, 401, 403),
    forms=_SAID,
    words=("blocked-user", "user is blocked", "account suspended", "email-domain-rejected"),
)
_REJECTED = Rule(
    TokenRejectedError, _DEAD, statuses=(400, 401, 403), forms=_SAID, words=_DEAD_WORDS
)
_REFUSED = Rule(
    ContentRefusedError,
    "grok.com refused the request because of its content rules. Change the prompt.",
    statuses=(400, 403),
    forms=_SAID,
    words=("content-moderated", "content violates usage guidelines", "safety_check_type_"),
)
_ANTI_BOT = Rule(
    AntiBotError,
    "The rules of grok.com took the request for an automated one and refused it. Try again later "
    "or from another network; paste fresh values if you pasted some from your browser.",
    statuses=(403,),
    forms=_SAID,
    words=("anti-bot", "anti_bot"),
)

_UNKNOWN_SIGN_IN = Rule(
    ProtocolChangedError,
    "grok.com asks for a kind of sign-in that Grokdesk does not know. Look for an update.",
    statuses=(401, 403),
    forms=_SAID,
    words=("dpop",),
)
_BILLED = Rule(RateLimitedError, _SPENT, statuses=(400, 402, 403), forms=_SAID, words=_SPENT_WORDS)

_CHALLENGED = Rule(ChallengedError, _CHECK, forms=(Form.HTML, Form.TEXT), words=_CHECK_WORDS)

HTTP_RULES = (
    _CHALLENGED,
    _BLOCKED,
    _REJECTED,
    _UNKNOWN_SIGN_IN,
    Rule(TokenRejectedError, _DEAD, statuses=(401,)),
    _REFUSED,
    _ANTI_BOT,
    _BILLED,
    Rule(RateLimitedError, _LIMITED, statuses=(429,)),
    Rule(RateLimitedError, _LIMITED, forms=(Form.JSON,), codes=("8",), words=_LIMITED_WORDS),
    Rule(ChallengedError, _CHECK, statuses=(200, 403), forms=(Form.HTML,)),
    Rule(ChallengedError, _CHECK, statuses=(403,), forms=(Form.EMPTY,)),
    Rule(ChallengedError, _CHECK, statuses=(403,), forms=(Form.TEXT,), words=("cloudflare",)),
    Rule(
        ForbiddenError,
        "grok.com refused the request without a reason. Try again later or with another account.",
        statuses=(402, 403),
    ),
    Rule(
        LocalNetworkError,
        "The proxy wants to be signed in to. Correct its address in the settings.",
        statuses=(407,),
    ),
    Rule(
        RequestTooLargeError,
        "The request is too large for grok.com. Shorten the conversation.",
        statuses=(413,),
    ),
    Rule(ProtocolChangedError, _GONE, statuses=(404, 405, 410)),
    Rule(UpstreamTimeoutError, _TOO_SLOW, statuses=(408, 504, 524)),
    Rule(UpstreamUnavailableError, _DOWN, statuses=(425, *range(500, 600))),
    Rule(ProtocolChangedError, _CHANGED),
)

# A handshake that is answered like any other request: there is no socket at this address.
_NO_SOCKET = "grok.com has no chat socket at this address. Look for an update of Grokdesk."

SOCKET_RULES = (
    _CHALLENGED,
    Rule(SocketUnknownError, _NO_SOCKET, statuses=(404, 405, 410, 426, 501)),
    Rule(SocketUnknownError, _NO_SOCKET, statuses=(200,), forms=(Form.EMPTY, *_SAID)),
    *HTTP_RULES,
)

# Inside a reply there is no status; what is said counts as it does for a bad request.
_INBAND_STATUS = 400

INBAND_RULES = (
    _BLOCKED,
    _REJECTED,
    Rule(TokenRejectedError, _DEAD, codes=("16",)),
    _REFUSED,
    _BILLED,
    Rule(RateLimitedError, _LIMITED, codes=("8",), words=_LIMITED_WORDS),
    Rule(AntiBotError, _ANTI_BOT.sentence, codes=("7",), words=_ANTI_BOT.words),
    Rule(UpstreamTimeoutError, _TOO_SLOW, codes=("4",)),
    Rule(UpstreamUnavailableError, "grok.com failed while it was answering. Try again."),
)


def classify(
    status: int, headers: Mapping[str, str], body: bytes, *, now: float | None = None
) -> UpstreamError:
    """`now` (Unix time) is for Retry-After dates of answers that carry no Date themselves."""
    return _http(HTTP_RULES, status, headers, body, now)


def classify_handshake(
    status: int, headers: Mapping[str, str], body: bytes, *, now: float | None = None
) -> UpstreamError:
    """The same for a socket that was not opened: SocketUnknownError where there is none."""
    return _http(SOCKET_RULES, status, headers, body, now)


def classify_inband(code: int | str | None, message: str) -> UpstreamError:
    """An error inside a reply that began with success."""
    word = "" if code is None else str(code).strip().lower()
    answer = _Answer(_INBAND_STATUS, Form.JSON, word, f"{word} {message}".lower())
    return _error(INBAND_RULES, answer, evidence=excerpt(message))


def error_fields(value: object) -> tuple[int | str | None, str]:
    """Code and message of an error in any of upstream's shapes; `details` are never looked at."""
    if isinstance(value, str):
        return None, value
    fields = object_of(value)
    inner = fields.get("error")
    if isinstance(inner, dict):
        return error_fields({**inner, "error": None})
    code = fields.get("code")
    texts = (text_of(fields.get(name)) for name in ("message", "error", "detail"))
    return code if isinstance(code, int | str) else None, next(filter(None, texts), "")


def _http(
    rules: tuple[Rule, ...],
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    now: float | None,
) -> UpstreamError:
    lowered = {name.lower(): value for name, value in headers.items()}
    return _error(
        rules,
        _answer(status, lowered, body),
        evidence=excerpt(body),
        status=status,
        wait_s=retry_after(lowered, now),
        may_retry=lowered.get("x-should-retry", "").strip().lower() != "false",
    )


def _error(
    rules: tuple[Rule, ...],
    answer: _Answer,
    *,
    evidence: str,
    status: int | None = None,
    wait_s: float | None = None,
    may_retry: bool = True,
) -> UpstreamError:
    rule = next(rule for rule in rules if _fits(rule, answer))
    return rule.error(
        rule.sentence, status=status, excerpt=evidence, retry_after=wait_s, may_retry=may_retry
    )


def _fits(rule: Rule, answer: _Answer) -> bool:
    if rule.statuses and answer.status not in rule.statuses:
        return False
    if rule.forms and answer.form not in rule.forms:
        return False
    if not (rule.codes or rule.words):
        return True
    return answer.code in rule.codes or any(word in answer.words for word in rule.words)


def _answer(status: int, headers: Mapping[str, str], body: bytes) -> _Answer:
    if "cf-mitigated" in headers:
        return _Answer(status, Form.HTML, "", "cf-mitigated")
    text = body.strip()
    if not text:
        return _Answer(status, Form.EMPTY, "", "")
    value = parse_json(text)
    if value is not None:
        code, message = error_fields(value)
        word = "" if code is None else str(code).lower()
        return _Answer(status, Form.JSON, word, f"{word} {message}".lower())
    is_html = text.startswith(b"<") or headers.get("content-type", "").startswith("text/html")
    words = text.decode("utf-8", "replace").lower()
    return _Answer(status, Form.HTML if is_html else Form.TEXT, "", words)
