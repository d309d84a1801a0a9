import json

import pytest

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
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from grokdesk.upstream.web.wire import refusals
from grokdesk.upstream.web.wire.refusals import (
    classify,
    classify_handshake,
    classify_inband,
    error_fields,
)

CLASSES = {
    "token_invalid": TokenRejectedError,
    "account_blocked": AccountBlockedError,
    "forbidden_transient": ForbiddenError,
    "cloudflare_challenge": ChallengedError,
    "content_moderated": ContentRefusedError,
    "rate_limited": RateLimitedError,
    "upstream_transient": UpstreamUnavailableError,
    "not_found": ProtocolChangedError,
}


def body(message, code=None):
    return json.dumps({"error": {"code": code, "message": message, "details": []}}).encode()


def test_every_recorded_refusal_gets_its_class(cases):
    for case in cases("http-errors.ndjson").values():
        given = case["body"]
        raw = given.encode() if isinstance(given, str) else json.dumps(given).encode()
        error = classify(case["status"], case["headers"], raw)
        assert type(error) is CLASSES[case["expected"]], case["case"]
        assert error.status == case["status"]


@pytest.mark.parametrize(
    ("status", "raw", "expected"),
    [
        *(
            (status, body(f"Refused [WKE=x:{word}]"), TokenRejectedError)
            for status in (400, 401, 403)
            for word in ("invalid-credentials", "bad-credentials")
        ),
        (403, body("Failed to look up session ID"), TokenRejectedError),
        (400, body("Session not found"), TokenRejectedError),
        (403, body("Token revoked"), TokenRejectedError),
        (403, body("Token expired"), TokenRejectedError),
        (401, b"", TokenRejectedError),
        (401, b"<html>sign in</html>", TokenRejectedError),
        (
            403,
            b'{"code":"unauthorized:blocked-user","error":"User is blocked"}',
            AccountBlockedError,
        ),
        (403, body("User is blocked: Bot abuse - free tier account 1"), AccountBlockedError),
        (401, body("x [WKE=unauthorized:blocked-user]"), AccountBlockedError),
        (403, body("Account suspended"), AccountBlockedError),
        (400, body("Rejected. [WKE=account:email-domain-rejected]", 3), AccountBlockedError),
        (403, b"user is blocked", AccountBlockedError),
        (403, b"", ChallengedError),
        (403, b"  \n", ChallengedError),
        (403, b"<html>x</html>", ChallengedError),
        (403, b"error: cloudflare says no", ChallengedError),
        (503, b"<html><title>Just a moment...</title></html>", ChallengedError),
        (429, b'<script src="/cdn-cgi/challenge-platform/x">', ChallengedError),
        (403, b"window.__cf_chl_opt", ChallengedError),
        (403, b"id=cf-chl-widget", ChallengedError),
        (401, b"<html>just a moment</html>", ChallengedError),
        (200, b"<!DOCTYPE html>", ChallengedError),
        (403, body("Request rejected by anti-bot rules.", 7), AntiBotError),
        (403, b'{"code":"anti_bot"}', AntiBotError),
        (403, body("Something went wrong", 7), ForbiddenError),
        (403, b"no", ForbiddenError),
        (403, b"[]", ForbiddenError),
        (402, body("Team blocked [personal-team-blocked:spending-limit]"), RateLimitedError),
        (403, body("subscription:free-usage-exhausted"), RateLimitedError),
        (402, b"", ForbiddenError),
        (403, b'{"code":"permission-denied","error":"no"}', ForbiddenError),
        (401, body("DPoP required"), ProtocolChangedError),
        (403, body("dpop required"), ProtocolChangedError),
        (400, body("x [WKE=content-moderated]"), ContentRefusedError),
        (403, body("Content violates usage guidelines."), ContentRefusedError),
        (403, body("SAFETY_CHECK_TYPE_CSAM"), ContentRefusedError),
        (413, b"", RequestTooLargeError),
        (429, body("Too many requests", 8), RateLimitedError),
        (429, b"<html>slow down</html>", RateLimitedError),
        (400, body("anything", 8), RateLimitedError),
        (403, body("You've reached your usage limit"), RateLimitedError),
        (500, body("usage quota"), RateLimitedError),
        (404, b"", ProtocolChangedError),
        (405, b"", ProtocolChangedError),
        (410, b"", ProtocolChangedError),
        (400, body("Invalid argument", 3), ProtocolChangedError),
        (302, b"", ProtocolChangedError),
        (200, b"{}", ProtocolChangedError),
        (407, b"", LocalNetworkError),
        (408, b"", UpstreamTimeoutError),
        (504, b"<html>cloudflare: gateway timeout</html>", UpstreamTimeoutError),
        (524, b"", UpstreamTimeoutError),
        (425, b"", UpstreamUnavailableError),
        (500, b"null", UpstreamUnavailableError),
        (502, b"<html>cloudflare: bad gateway</html>", UpstreamUnavailableError),
        (503, b"", UpstreamUnavailableError),
        (599, b"", UpstreamUnavailableError),
    ],
)
def test_a_refusal_gets_the_class_that_carries_the_decision(status, raw, expected):
    assert type(classify(status, {}, raw)) is expected


def test_words_in_details_decide_nothing():
    raw = b'{"code":7,"message":"Something went wrong","details":["user is blocked"]}'
    assert type(classify(403, {}, raw)) is ForbiddenError


def test_a_reason_of_the_site_counts_only_outside_of_pages():
    assert type(classify(403, {}, b"<html>user is blocked</html>")) is ChallengedError
    html = {"Content-Type": "text/html; charset=UTF-8"}
    assert type(classify(403, html, b"user is blocked")) is ChallengedError


def test_cloudflares_own_header_wins_over_the_body():
    error = classify(403, {"CF-Mitigated": "challenge"}, body("User is blocked"))
    assert type(error) is ChallengedError


def test_the_wait_is_told_whatever_the_case_of_the_header():
    assert classify(429, {"Retry-After": "17"}, b"").retry_after == 17
    assert classify(429, {"RETRY-AFTER": "17"}, b"").retry_after == 17
    assert classify(429, {}, b"").retry_after is None
    later = {"retry-after": "Sat, 15 Aug 2026 10:00:10 GMT"}
    assert classify(429, later, b"", now=1786788000.0).retry_after == 10


def test_evidence_is_redacted_and_the_sentence_quotes_nothing():
    error = classify(401, {}, body("token eyJhbGciOiJIUzI1NiJ9.abc of ann@example.org"))
    assert "eyJ" not in error.excerpt
    assert "example.org" not in error.excerpt
    assert "token [hidden] of [hidden]" in error.excerpt
    assert "ann" not in str(error)


@pytest.mark.parametrize("status", [404, 405, 410, 426, 501])
def test_a_socket_that_does_not_exist_is_told_by_its_handshake(status):
    assert type(classify_handshake(status, {}, b"<html>Not found</html>")) is SocketUnknownError


@pytest.mark.parametrize(
    ("status", "raw", "expected"),
    [
        (200, b"", SocketUnknownError),
        (200, b"<html>sign in</html>", ChallengedError),
        (404, b"<html>Just a moment...</html>", ChallengedError),
        (401, b"", TokenRejectedError),
        (403, b"", ChallengedError),
        (403, body("User is blocked"), AccountBlockedError),
        (429, b"", RateLimitedError),
        (502, b"", UpstreamUnavailableError),
    ],
)
def test_other_refused_handshakes_are_refusals_like_any(status, raw, expected):
    assert type(classify_handshake(status, {}, raw)) is expected


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (8, "", RateLimitedError),
        ("8", "", RateLimitedError),
        (None, "Too many requests", RateLimitedError),
        (13, "Rate limit exceeded", RateLimitedError),
        (None, "You've reached your usage limit for this model.", RateLimitedError),
        (None, "You've reached your usage quota.", RateLimitedError),
        (7, "", AntiBotError),
        ("anti_bot", "", AntiBotError),
        (None, "Request rejected by anti-bot rules.", AntiBotError),
        (7, "User is blocked [WKE=unauthorized:blocked-user]", AccountBlockedError),
        (16, "x [WKE=unauthenticated:bad-credentials]", TokenRejectedError),
        (16, "", TokenRejectedError),
        (7, "[WKE=content-moderated]", ContentRefusedError),
        (4, "", UpstreamTimeoutError),
        (13, "Internal error while generating", UpstreamUnavailableError),
        (3, "", UpstreamUnavailableError),
        ("strange", "", UpstreamUnavailableError),
        (None, "", UpstreamUnavailableError),
    ],
)
def test_an_error_inside_a_reply_gets_its_class(code, message, expected):
    error = classify_inband(code, message)
    assert type(error) is expected
    assert (error.status, error.excerpt) == (None, message)


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        ("text", (None, "text")),
        ({"code": 8, "message": "m"}, (8, "m")),
        ({"error": {"code": 8, "message": "m"}}, (8, "m")),
        ({"code": "c", "error": "e"}, ("c", "e")),
        ({"detail": "d"}, (None, "d")),
        ({"error": {"error": {"message": "deep"}}}, (None, "")),
        ({"code": [1], "message": 5}, (None, "")),
        ([1], (None, "")),
        (None, (None, "")),
    ],
)
def test_code_and_message_are_found_in_every_shape(value, fields):
    assert error_fields(value) == fields


def test_every_sentence_says_what_happened_and_what_to_do():
    for rule in (*refusals.HTTP_RULES, *refusals.SOCKET_RULES, *refusals.INBAND_RULES):
        assert rule.sentence.count(". ") == 1
        assert rule.sentence.endswith(".")


@pytest.mark.parametrize(
    ("headers", "may_retry"),
    [
        ({"X-Should-Retry": "false"}, False),
        ({"x-should-retry": " FALSE "}, False),
        ({"x-should-retry": "true"}, True),
        ({"x-should-retry": ""}, True),
        ({}, True),
    ],
)
def test_upstreams_word_on_another_try_is_kept(headers, may_retry):
    assert classify(503, headers, b"").may_retry is may_retry
