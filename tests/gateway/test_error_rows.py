"""Each row of the table of errors as a client sees it, over HTTP and in two dialects."""

import json
import time

import pytest

from grokdesk.domain import errors as domain
from grokdesk.domain.account import AccountState
from tests.gateway.stand_in import chat_body, fails, says

URL = "/v1/chat/completions"


async def ask(http, gateway, url=URL, data=None, **fields):
    if data is None:
        data = json.dumps(chat_body(**fields)).encode()
    headers = {**gateway.headers, "Content-Type": "application/json"}
    async with http.post(gateway.origin + url, data=data, headers=headers) as response:
        assert response.headers["x-request-id"].startswith("req_")
        assert response.content_type == "application/json"
        answer = await response.json()
        if response.status in (429, 503):
            assert int(response.headers["Retry-After"]) >= 1
        return response, answer["error"]


@pytest.mark.parametrize(
    ("error", "status", "type", "code", "waits"),
    [
        (domain.RateLimitedError("x"), 429, "rate_limit_error", "quota_exhausted", None),
        (
            domain.UpstreamUnavailableError("x", status=503, may_retry=False),
            429,
            "rate_limit_error",
            "upstream_busy",
            20,
        ),
        (domain.ChallengedError("x"), 503, "upstream_error", "upstream_challenge", None),
        (domain.AntiBotError("x"), 502, "upstream_error", "upstream_rejected", None),
        (domain.AccountBlockedError("x"), 403, "permission_error", "account_blocked", None),
        (domain.TokenRejectedError("x"), 503, "service_unavailable", "no_account", None),
        (
            domain.ContentRefusedError("x"),
            400,
            "invalid_request_error",
            "content_policy_violation",
            None,
        ),
        (
            domain.RequestTooLargeError("x", status=413),
            413,
            "invalid_request_error",
            "context_length_exceeded",
            None,
        ),
        (
            domain.UpstreamTimeoutError("x", may_retry=False),
            504,
            "upstream_error",
            "upstream_timeout",
            None,
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
@pytest.mark.parametrize("stream", [False, True])
async def test_what_upstream_refuses_has_its_status(
    http, gateway, error, status, type, code, waits, stream
):
    gateway.upstream.play = fails(error)
    response, told = await ask(http, gateway, stream=stream)
    assert (response.status, told["type"], told["code"]) == (status, type, code)
    if waits is not None:
        assert response.headers["Retry-After"] == str(waits)


@pytest.mark.parametrize(
    ("data", "code", "param"),
    [
        (b"{", "invalid_json", None),
        (b"[]", "invalid_json", None),
        (b'{"model": 1, "messages": []}', "invalid_json", "model"),
        (b'{"model": "grok-fast"}', "invalid_json", "messages"),
    ],
)
async def test_a_malformed_request_is_a_400_that_names_the_place(http, gateway, data, code, param):
    response, told = await ask(http, gateway, data=data)
    assert (response.status, told["type"]) == (400, "invalid_request_error")
    assert (told["code"], told["param"]) == (code, param)


@pytest.mark.parametrize("error", [domain.ChallengedError("No."), domain.AntiBotError("No.")])
async def test_who_meets_a_check_is_sent_to_the_doctor(http, gateway, error):
    gateway.upstream.play = fails(error)
    _, told = await ask(http, gateway)
    assert told["message"] == "No. 'grokdesk doctor' looks into it."


async def test_an_unknown_model_is_a_404_that_knows_a_better_name(http, gateway):
    response, told = await ask(http, gateway, model="grok-fats")
    assert (response.status, told["code"]) == (404, "model_not_found")
    assert "'grok-fast'" in told["message"]


async def test_a_paused_gateway_says_when_to_come_back(http, gateway):
    gateway.services.gateway.pause()
    response, told = await ask(http, gateway)
    assert (response.status, told["code"]) == (503, "gateway_paused")
    assert response.headers["Retry-After"] == "30"


async def test_without_an_account_the_person_is_sent_to_the_window(http, start_gateway):
    gateway = await start_gateway(accounts=0)
    response, told = await ask(http, gateway)
    assert (response.status, told["code"]) == (503, "no_account")
    assert "Open Grokdesk" in told["message"]


async def test_when_all_accounts_are_used_up_the_next_renewal_is_told(http, start_gateway):
    gateway = await start_gateway(accounts=2)
    gateway.upstream.play = fails(domain.RateLimitedError("x", retry_after=600))
    await ask(http, gateway)
    asked = len(gateway.upstream.requests)
    response, told = await ask(http, gateway)
    assert (response.status, told["code"]) == (429, "quota_exhausted")
    assert int(response.headers["Retry-After"]) > 1
    assert len(gateway.upstream.requests) == asked


async def test_a_blocked_account_gives_way_to_another_one(http, start_gateway):
    gateway = await start_gateway(accounts=2)
    tried = []

    async def play(request, emit):
        tried.append(request)
        if len(tried) == 1:
            raise domain.AccountBlockedError("x", status=403, may_retry=False)
        await says("fine")(request, emit)

    gateway.upstream.play = play
    async with http.post(
        gateway.origin + URL, json=chat_body(), headers=gateway.headers
    ) as response:
        assert response.status == 200
    assert len(tried) == 2


async def test_once_all_accounts_are_blocked_nobody_is_asked_any_more(http, start_gateway):
    gateway = await start_gateway(accounts=3)
    gateway.upstream.play = fails(domain.AccountBlockedError("x", status=403))
    for _ in range(2):
        response, told = await ask(http, gateway)
        assert (response.status, told["code"]) == (403, "account_blocked")
        assert "Retry-After" not in response.headers
    assert len(gateway.upstream.requests) == 3
    states = {account.state for account in gateway.services.accounts.snapshot()}
    assert states == {AccountState.BLOCKED}


async def test_an_account_that_is_switched_off_does_not_hide_that_the_rest_is_blocked(
    http, start_gateway
):
    gateway = await start_gateway(accounts=2)
    await gateway.services.accounts.configure("account-0", enabled=False)
    gateway.upstream.play = fails(domain.AccountBlockedError("x"))
    response, told = await ask(http, gateway)
    assert (response.status, told["code"]) == (403, "account_blocked")


async def test_a_blocked_and_a_signed_out_account_are_no_account(http, start_gateway):
    gateway = await start_gateway(accounts=2)
    kinds = iter((domain.AccountBlockedError("x"), domain.TokenRejectedError("x")))

    async def play(_request, _emit):
        raise next(kinds)

    gateway.upstream.play = play
    response, told = await ask(http, gateway)
    assert (response.status, told["code"]) == (503, "no_account")


@pytest.mark.alone
async def test_what_upstream_wants_left_alone_is_left_alone(http, start_gateway):
    gateway = await start_gateway(accounts=3)
    gateway.upstream.play = fails(domain.ForbiddenError("x", status=403, may_retry=False))
    started = time.monotonic()
    response, told = await ask(http, gateway)
    assert (response.status, told["code"]) == (502, "upstream_rejected")
    assert response.headers["x-should-retry"] == "false"
    assert len(gateway.upstream.requests) == 1
    assert time.monotonic() - started < 0.4, "no pause, since nothing follows it"


async def test_the_same_failure_is_tried_elsewhere_when_upstream_does_not_mind(http, start_gateway):
    gateway = await start_gateway(accounts=3)
    gateway.upstream.play = fails(domain.ForbiddenError("x", status=403))
    response, _ = await ask(http, gateway)
    assert response.status == 502
    assert "x-should-retry" not in response.headers
    assert len(gateway.upstream.requests) == 3


async def test_an_error_in_the_middle_ends_the_stream_without_a_done(http, gateway):
    gateway.upstream.play = fails(domain.UpstreamUnavailableError("Gone."), "half an ans")
    async with http.post(
        gateway.origin + URL, json=chat_body(stream=True), headers=gateway.headers
    ) as response:
        assert response.status == 200
        body = await response.read()
    assert b"half an ans" in body
    last = json.loads(body.strip().rpartition(b"\n\n")[2].removeprefix(b"data: "))
    assert last["error"]["code"] == "upstream_unavailable"
    assert last["error"]["request_id"] == response.headers["x-request-id"]
    assert b"[DONE]" not in body


# -- whose words


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v1/nothing", {"anthropic-version": "2023-06-01"}),
        ("/v1/messages/nothing/at/all", {}),
        ("/v1/models/nothing", {"anthropic-version": "2023-06-01"}),
        ("/v1/models", {"anthropic-version": "2023-06-01", "Origin": "https://evil.example"}),
    ],
)
async def test_who_speaks_anthropic_is_answered_so_even_where_there_is_nothing(
    http, gateway, path, headers
):
    headers = {**gateway.headers, **headers}
    async with http.get(gateway.origin + path, headers=headers) as response:
        assert response.status in (403, 404)
        answer = await response.json()
    assert answer["type"] == "error"
    assert answer["error"]["type"] in ("not_found_error", "permission_error")
    assert answer["request_id"] == response.headers["x-request-id"]


async def test_openais_own_routes_answer_in_openais_words_whatever_the_headers(http, gateway):
    headers = {**gateway.headers, "anthropic-version": "2023-06-01"}
    async with http.post(gateway.origin + URL, data=b"{", headers=headers) as response:
        assert (await response.json())["error"]["code"] == "invalid_json"
