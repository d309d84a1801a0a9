"""Every error of ours and what a client gets to see of it."""

import inspect
import json

import pytest

from grokdesk.domain import errors as domain
from grokdesk.gateway import errors as table
from grokdesk.gateway.errors import (
    STOPPING,
    TOO_MANY_ATTEMPTS,
    HttpError,
    headers_of,
    render_error,
    verdict_of,
)

NOW = 1_000_000.0
EVERY_KIND = [
    kind
    for _, kind in inspect.getmembers(domain, inspect.isclass)
    if issubclass(kind, domain.GrokdeskError)
]


def make(kind):
    if kind is domain.SettingsError:
        return kind("gateway.port", "No.")
    return kind("No.", retry_after=7) if kind is domain.KeyLimitError else kind("No.")


@pytest.mark.parametrize(
    ("error", "status", "type", "code"),
    [
        (domain.InvalidRequestError("x"), 400, "invalid_request_error", "invalid_value"),
        (domain.UnauthorizedError("x"), 401, "invalid_request_error", "invalid_api_key"),
        (domain.UnknownModelError("x"), 404, "invalid_request_error", "model_not_found"),
        (domain.ModelNotAllowedError("x"), 403, "permission_error", "model_not_allowed"),
        (domain.GatewayPausedError("x"), 503, "service_unavailable", "gateway_paused"),
        (domain.NoAccountError("x"), 503, "service_unavailable", "no_account"),
        (domain.NoAccountError("x", retry_at=NOW), 429, "rate_limit_error", "quota_exhausted"),
        (domain.VaultLockedError("x"), 503, "service_unavailable", "keyring_locked"),
        (domain.RateLimitedError("x"), 429, "rate_limit_error", "quota_exhausted"),
        (
            domain.UpstreamUnavailableError("x", status=503),
            429,
            "rate_limit_error",
            "upstream_busy",
        ),
        (domain.UpstreamUnavailableError("x"), 502, "upstream_error", "upstream_unavailable"),
        (domain.ChallengedError("x"), 503, "upstream_error", "upstream_challenge"),
        (domain.AntiBotError("x"), 502, "upstream_error", "upstream_rejected"),
        (domain.AccountBlockedError("x"), 403, "permission_error", "account_blocked"),
        (
            domain.ContentRefusedError("x"),
            400,
            "invalid_request_error",
            "content_policy_violation",
        ),
        (domain.UpstreamTimeoutError("x", status=503), 504, "upstream_error", "upstream_timeout"),
        (domain.IncompleteReplyError("x"), 502, "upstream_error", "upstream_incomplete"),
        (domain.ProtocolChangedError("x"), 502, "upstream_error", "upstream_changed"),
        (domain.GrokdeskError("x"), 500, "server_error", "internal_error"),
    ],
)
def test_each_error_has_its_place_in_http(error, status, type, code):
    verdict = verdict_of(error)
    assert (verdict.status, verdict.type, verdict.code) == (status, type, code)


@pytest.mark.parametrize("kind", EVERY_KIND, ids=lambda kind: kind.__name__)
def test_no_error_of_the_tree_is_without_an_answer(kind):
    error = make(kind)
    verdict = verdict_of(error)
    assert 400 <= verdict.status <= 599
    body = json.loads(render_error(error, verdict, "req_1"))["error"]
    assert set(body) == {"message", "type", "param", "code", "request_id"}
    assert body["message"]
    assert verdict.code


@pytest.mark.parametrize("kind", EVERY_KIND, ids=lambda kind: kind.__name__)
def test_whoever_must_wait_is_told_how_long(kind):
    error = make(kind)
    verdict = verdict_of(error)
    waits = verdict.status in (429, 503)
    assert ("Retry-After" in headers_of(error, verdict, NOW)) == waits


@pytest.mark.parametrize("status", [429, 503])
def test_every_verdict_that_means_wait_says_how_long(status):
    verdicts = [value for value in vars(table).values() if isinstance(value, table.Verdict)]
    verdicts += table._TABLE.values()
    waiting = [verdict for verdict in verdicts if verdict.status == status]
    assert waiting
    for verdict in waiting:
        assert verdict.retry_after, verdict.code
        assert int(headers_of(HttpError(verdict, "x"), verdict, NOW)["Retry-After"]) >= 1


def test_upstreams_wish_to_be_left_alone_is_handed_on():
    error = domain.ForbiddenError("x", may_retry=False)
    assert headers_of(error, verdict_of(error), NOW)["x-should-retry"] == "false"


def test_a_new_error_takes_the_answer_of_its_parent():
    class StrangeTimeoutError(domain.UpstreamTimeoutError):
        pass

    assert verdict_of(StrangeTimeoutError("x")).status == 504


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (domain.NoAccountError("x", retry_at=NOW + 41.2), "42"),
        (domain.NoAccountError("x", retry_at=NOW - 5), "1"),
        (domain.NoAccountError("x", retry_at=NOW + 1e9), "86400"),
        (domain.RateLimitedError("x", retry_after=7), "7"),
        (domain.RateLimitedError("x", retry_after=float("inf")), "86400"),
        (domain.RateLimitedError("x", retry_after=float("nan")), "1"),
        (domain.RateLimitedError("x"), "60"),
        (domain.GatewayPausedError("x"), "30"),
        (HttpError(TOO_MANY_ATTEMPTS, "x", retry_after=12.5), "13"),
        (HttpError(STOPPING, "x"), "5"),
    ],
)
def test_the_time_to_wait_is_whole_and_within_a_day(error, seconds):
    assert headers_of(error, verdict_of(error), NOW)["Retry-After"] == seconds


def test_a_parameter_and_a_code_of_the_error_itself_are_kept():
    error = domain.InvalidRequestError("x", param="messages[0]", code="invalid_json")
    body = json.loads(render_error(error, verdict_of(error), "req_1"))["error"]
    assert (body["param"], body["code"]) == ("messages[0]", "invalid_json")


def test_a_message_without_end_is_cut_and_half_characters_are_replaced():
    error = domain.UnknownModelError("\ud800" + "x" * 100_000)
    body = json.loads(render_error(error, verdict_of(error), "req_1"))["error"]
    assert len(body["message"]) <= 401
    assert "\ud800" not in body["message"]


def test_evidence_from_upstream_is_not_for_clients():
    error = domain.UpstreamError("Failed.", status=500, excerpt="secret-excerpt")
    assert b"secret-excerpt" not in render_error(error, verdict_of(error), "req_1")
