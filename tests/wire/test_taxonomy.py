"""The whole way of every row of upstream's error taxonomy (protocol, section 9).

What upstream answered -> the error's class -> what the pool does to quota and account -> the state
and the evidence that a person sees -> verdict, sentence and action.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from grokdesk.domain.account import Account, AccountState, Tier
from grokdesk.domain.diagnosis import diagnose
from grokdesk.domain.errors import (
    AccountBlockedError,
    AntiBotError,
    ChallengedError,
    ContentRefusedError,
    ForbiddenError,
    IncompleteReplyError,
    LocalNetworkError,
    ProtocolChangedError,
    RateLimitedError,
    TokenRejectedError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow
from grokdesk.domain.verdict import Verdict
from grokdesk.kernel.clock import ManualClock
from grokdesk.pool.outcome import AccountEffect, QuotaEffect, outcome_of
from grokdesk.pool.pool import AccountPool
from grokdesk.upstream.web.wire.refusals import classify, classify_inband
from grokdesk.upstream.web.wire.rest_decoder import RestDecoder

HTML = {"content-type": "text/html; charset=UTF-8"}
IN_A_ROW = 3


@dataclass(frozen=True)
class Effect:
    """What one class of the taxonomy does; `state` is that after three such failures in a row."""

    error: type[UpstreamError]
    quota: QuotaEffect
    account: AccountEffect
    retryable: bool
    state: AccountState
    verdict: Verdict
    sentence: str
    action: str


TOKEN_INVALID = Effect(
    TokenRejectedError,
    QuotaEffect.REFUND,
    AccountEffect.EXPIRE,
    True,
    AccountState.EXPIRED,
    Verdict.SESSION_EXPIRED,
    "no longer accepts the token",
    "import the new token",
)
ACCOUNT_BLOCKED = Effect(
    AccountBlockedError,
    QuotaEffect.REFUND,
    AccountEffect.BLOCK,
    True,
    AccountState.BLOCKED,
    Verdict.ACCOUNT_BLOCKED,
    "has blocked this account",
    "Sign in at grok.com with this account to see why",
)
CHALLENGE = Effect(
    ChallengedError,
    QuotaEffect.REFUND,
    AccountEffect.NONE,
    True,
    AccountState.READY,
    Verdict.CHALLENGE,
    "the account is fine",
    "from another network",
)
ANTI_BOT = Effect(
    AntiBotError,
    QuotaEffect.REFUND,
    AccountEffect.NONE,
    True,
    AccountState.READY,
    Verdict.REFUSED_BY_RULES,
    "took the request for an automated one",
    "another network",
)
FORBIDDEN = Effect(
    ForbiddenError,
    QuotaEffect.REFUND,
    AccountEffect.COOL,
    True,
    AccountState.COOLING,
    Verdict.REFUSED_BY_RULES,
    "without a reason",
    "another account",
)
MODERATED = Effect(
    ContentRefusedError,
    QuotaEffect.KEEP,
    AccountEffect.NONE,
    False,
    AccountState.READY,
    Verdict.CONTENT_REFUSED,
    "content rules",
    "Change the prompt",
)
RATE_LIMITED = Effect(
    RateLimitedError,
    QuotaEffect.EXHAUST,
    AccountEffect.NOTE,
    True,
    AccountState.EXHAUSTED,
    Verdict.QUOTA_USED,
    "quota is used",
    "Wait until the quota is renewed",
)
NOT_FOUND = Effect(
    ProtocolChangedError,
    QuotaEffect.REFUND,
    AccountEffect.NONE,
    False,
    AccountState.READY,
    Verdict.PROTOCOL_CHANGED,
    "grok.com",
    "Look for an update",
)
TRANSIENT = Effect(
    UpstreamUnavailableError,
    QuotaEffect.REFUND,
    AccountEffect.COOL,
    True,
    AccountState.COOLING,
    Verdict.OVERLOADED,
    "grok.com",
    "Try again",
)
INCOMPLETE = Effect(
    IncompleteReplyError,
    QuotaEffect.REFUND,
    AccountEffect.COOL,
    True,
    AccountState.COOLING,
    Verdict.OVERLOADED,
    "",
    "",
)
LOCAL = Effect(
    LocalNetworkError,
    QuotaEffect.REFUND,
    AccountEffect.NONE,
    False,
    AccountState.READY,
    Verdict.LOCAL_NETWORK,
    "proxy",
    "",
)


def said(message: str, code: int | None = 7) -> bytes:
    return json.dumps({"error": {"code": code, "message": message, "details": []}}).encode()


def http(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> UpstreamError:
    return classify(status, headers or {}, body)


def end_of(stream: bytes) -> UpstreamError:
    """How a REST reply of these bytes ends."""
    decoder = RestDecoder()
    errors = [part for part in (*decoder.feed(stream), *decoder.end()) if _is_error(part)]
    assert len(errors) == 1
    return errors[0]  # type: ignore[return-value]


def _is_error(part: object) -> bool:
    return isinstance(part, UpstreamError)


DEAD = (
    "invalid-credentials",
    "bad-credentials",
    "failed to look up session id",
    "session not found",
    "token revoked",
    "token expired",
)
MARKERS = (
    "just a moment",
    "cloudflare",
    "challenge-platform",
    "__cf_chl",
    "cf-chl-",
    "cf-mitigated",
)
WEEKLY = "You've reached your usage limit for this model."
PIECE = b'{"result":{"response":{"token":"Hel","isThinking":false,"messageTag":"final"}}}\n'
LIMIT_FRAME = json.dumps(
    {"result": {"response": {"error": {"code": 8, "message": WEEKLY}}}}
).encode()
STREAM_ERRORS = json.dumps(
    {
        "result": {
            "response": {
                "modelResponse": {"streamErrors": [{"error": {"code": 8, "message": "x"}}]}
            }
        }
    }
).encode()

ROWS: dict[str, tuple[Effect, UpstreamError]] = {
    "1 a bare 401": (TOKEN_INVALID, http(401)),
    "1 a page with 401": (TOKEN_INVALID, http(401, b"<html>Sign in</html>", HTML)),
    **{
        f"1 {status} {words}": (TOKEN_INVALID, http(status, said(f"No. [WKE=x:{words}]", 16)))
        for status in (400, 401, 403)
        for words in DEAD
    },
    "1 in a reply": (TOKEN_INVALID, classify_inband(16, "")),
    "2 gRPC's shape": (
        ACCOUNT_BLOCKED,
        http(
            403,
            b'{"code":7,"message":"User is blocked [WKE=unauthorized:blocked-user]","details":[]}',
        ),
    ),
    "2 in code and error": (
        ACCOUNT_BLOCKED,
        http(403, b'{"code":"unauthorized:blocked-user","error":"User is blocked"}'),
    ),
    "2 suspended": (ACCOUNT_BLOCKED, http(403, said("Account suspended"))),
    "2 with its reason": (
        ACCOUNT_BLOCKED,
        http(
            403,
            said(
                "User is blocked: Bot abuse - free tier account 1 [WKE=unauthorized:blocked-user]"
            ),
        ),
    ),
    "2 the domain of its address": (
        ACCOUNT_BLOCKED,
        http(
            400, said("This email domain has been rejected. [WKE=account:email-domain-rejected]", 3)
        ),
    ),
    "3 a page": (CHALLENGE, http(403, b"<html>Attention</html>", HTML)),
    "3 nothing": (CHALLENGE, http(403)),
    "3 the header": (CHALLENGE, http(403, said("anything"), {"CF-Mitigated": "challenge"})),
    "3 a page with 200": (CHALLENGE, http(200, b"<html>Just a moment...</html>", HTML)),
    "3 a page with 503": (CHALLENGE, http(503, b"<html>Just a moment...</html>", HTML)),
    **{f"3 text: {words}": (CHALLENGE, http(403, words.encode())) for words in MARKERS},
    "3 a page that speaks of blocking": (
        CHALLENGE,
        http(403, b"<html>User is blocked</html>", HTML),
    ),
    "4 by HTTP": (ANTI_BOT, http(403, said("Request rejected by anti-bot rules."))),
    "4 as a word": (ANTI_BOT, http(403, b'{"code":"anti_bot"}')),
    "4 in a reply": (ANTI_BOT, classify_inband(7, "Request rejected by anti-bot rules.")),
    "5 something went wrong": (FORBIDDEN, http(403, said("Something went wrong"))),
    "5 blocked in details only": (
        FORBIDDEN,
        http(403, b'{"code":7,"message":"Something went wrong","details":["user is blocked"]}'),
    ),
    **{
        f"6 {status} {words}": (MODERATED, http(status, said(words)))
        for status in (400, 403)
        for words in (
            "[WKE=content-moderated]",
            "Content violates usage guidelines.",
            "SAFETY_CHECK_TYPE_CSAM",
        )
    },
    "7 by HTTP": (RATE_LIMITED, http(429, said("Too many requests", 8))),
    "7 nothing": (RATE_LIMITED, http(429)),
    "7 a page": (RATE_LIMITED, http(429, b"<html>slow down</html>", HTML)),
    "7 code 8 with another status": (RATE_LIMITED, http(400, said("x", 8))),
    "7 usage limit": (RATE_LIMITED, http(403, said(WEEKLY))),
    "7 in a reply": (RATE_LIMITED, classify_inband(8, "Too many requests")),
    "7 in a frame": (RATE_LIMITED, end_of(LIMIT_FRAME)),
    "7 among the errors of a stream": (RATE_LIMITED, end_of(STREAM_ERRORS)),
    "7 free use is over": (RATE_LIMITED, http(403, said("subscription:free-usage-exhausted"))),
    **{
        f"8 {status}": (NOT_FOUND, http(status, said("Not found", 5))) for status in (404, 405, 410)
    },
    **{
        f"9 {status}": (TRANSIENT, http(status, b"<html>Bad gateway</html>", HTML))
        for status in (425, 500, 502, 503, *range(520, 524), 525, 526, 527, 530, 599)
    },
    "9 internal, in a reply": (TRANSIENT, classify_inband(13, "Internal error")),
    "10 cut": (INCOMPLETE, end_of(PIECE + PIECE[:30])),
    "10 empty": (INCOMPLETE, end_of(b"")),
    "11 the allowance is spent": (
        RATE_LIMITED,
        http(402, said("Blocked [personal-team-blocked:spending-limit]")),
    ),
    "11 the allowance is spent, as 403": (
        RATE_LIMITED,
        http(403, b'{"code":"personal-team-blocked:spending-limit","error":"No."}'),
    ),
    "11 no permission": (FORBIDDEN, http(403, b'{"code":"permission-denied","error":"No."}')),
    "12 DPoP with 401": (NOT_FOUND, http(401, said("DPoP required"))),
    "12 DPoP with 403": (NOT_FOUND, http(403, said("dpop required"))),
    "the proxy asks for a password": (LOCAL, http(407)),
}

SLOW = {408: UpstreamTimeoutError, 504: UpstreamTimeoutError, 524: UpstreamTimeoutError}

each_row = pytest.mark.parametrize(("effect", "error"), ROWS.values(), ids=ROWS.keys())


@each_row
def test_each_row_has_its_class(effect: Effect, error: UpstreamError) -> None:
    assert type(error) is effect.error
    assert error.retryable is effect.retryable


@each_row
def test_each_row_has_its_effect_on_quota_and_account(effect: Effect, error: UpstreamError) -> None:
    outcome = outcome_of(error)
    assert (outcome.quota, outcome.account) == (effect.quota, effect.account)


@each_row
def test_each_row_has_its_verdict_sentence_and_action(effect: Effect, error: UpstreamError) -> None:
    diagnosis = diagnose(error)
    assert diagnosis.verdict is effect.verdict
    assert effect.sentence in diagnosis.sentence
    assert effect.action in diagnosis.action


@each_row
async def test_each_row_leads_to_its_state_with_the_evidence_for_it(
    effect: Effect, error: UpstreamError
) -> None:
    clock = ManualClock()
    pool = AccountPool(clock, rng=random.Random(0))
    account = Account("a", "a", "print", "…1234", tier=Tier.BASIC)
    window = QuotaWindow(Mode.FAST, 30, 30, 7200.0, provenance=Provenance.MEASURED)
    pool.put(account, [window])
    for turn in range(IN_A_ROW):
        if pool.view("a").state is not AccountState.READY:
            break
        with pytest.raises(effect.error):
            async with pool.lease(Mode.FAST, Tier.BASIC, request_id=f"req-{turn}"):
                raise error
    view = pool.view("a")
    assert view.state is effect.state
    assert view.account.enabled
    if effect.state is AccountState.READY:
        assert view.trouble is None
        return
    diagnosis = diagnose(error)
    evidence = view.trouble
    assert evidence is not None
    assert (evidence.at, evidence.status) == (clock.now(), error.status)
    assert (evidence.verdict, evidence.summary, evidence.action) == (
        diagnosis.verdict.value,
        diagnosis.sentence,
        diagnosis.action,
    )
    assert evidence.request_id.startswith("req-")
    assert evidence.excerpt == error.excerpt[:300]


@pytest.mark.parametrize(("status", "kind"), SLOW.items())
def test_slow_answers_are_like_row_9(status: int, kind: type[UpstreamError]) -> None:
    error = http(status)
    assert type(error) is kind
    assert outcome_of(error) == outcome_of(UpstreamUnavailableError("Down."))
    assert diagnose(error).verdict is Verdict.OVERLOADED


@pytest.mark.parametrize(
    "message",
    [
        "The connection to Grok was closed before it answered.",
        "The secure connection to Grok was broken off.",
    ],
)
def test_a_connection_that_broke_is_like_row_9(message: str) -> None:
    error = UpstreamUnavailableError(message)
    assert outcome_of(error).account is AccountEffect.COOL
    assert diagnose(error).verdict is Verdict.OVERLOADED
    assert diagnose(error).sentence == message


EXPECTED = {
    "token_invalid": TOKEN_INVALID,
    "account_blocked": ACCOUNT_BLOCKED,
    "forbidden_transient": FORBIDDEN,
    "cloudflare_challenge": CHALLENGE,
    "content_moderated": MODERATED,
    "rate_limited": RATE_LIMITED,
    "upstream_transient": TRANSIENT,
    "not_found": NOT_FOUND,
}


def test_every_recorded_refusal_has_its_whole_way(cases: Callable[[str], dict[str, Any]]) -> None:
    recorded = cases("http-errors.ndjson")
    assert len(recorded) >= 8
    for name, case in recorded.items():
        effect = EXPECTED[case["expected"]]
        given = case["body"]
        raw = given.encode() if isinstance(given, str) else json.dumps(given).encode()
        error = classify(case["status"], case["headers"], raw)
        assert type(error) is effect.error, name
        test_each_row_has_its_effect_on_quota_and_account(effect, error)
        test_each_row_has_its_verdict_sentence_and_action(effect, error)


def test_every_row_of_the_taxonomy_is_here() -> None:
    numbers = {name.split()[0] for name in ROWS}
    assert {str(number) for number in range(1, 13)} <= numbers


@each_row
def test_no_words_of_upstream_and_no_jargon_are_shown(effect: Effect, error: UpstreamError) -> None:
    diagnosis = diagnose(error)
    shown = f"{diagnosis.sentence} {diagnosis.action}"
    for word in ("WKE", "403", "<html", "HTTP", "gRPC", "DPoP", "statsig", "exception"):
        assert word not in shown
