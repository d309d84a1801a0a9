"""The API contract, its table of errors: what the running program says when Grok fails it."""

import json

import pytest

from tests.e2e.conftest import Program, SimulatorProcess
from tests.e2e.endpoint import Endpoint, Reply

pytestmark = pytest.mark.e2e

TOKENS = [f"contract-account-{number}-super" for number in range(3)]


def ask_in_every_way(endpoint: Endpoint, text: str = "Hello") -> list[Reply]:
    ways = (endpoint.chat, endpoint.respond, endpoint.message)
    return [way(text, stream=stream) for way in ways for stream in (False, True)]


@pytest.mark.parametrize("body", [b"", b"{bad", b"[]", b"null", b"\xff\xfe", b'{"model": 5}'])
@pytest.mark.parametrize("path", ["chat/completions", "responses", "messages", "completions"])
def test_what_is_no_request_is_a_400(endpoint: Endpoint, path: str, body: bytes) -> None:
    reply = endpoint.post(f"/v1/{path}", body)
    assert (reply.status, reply.error["type"]) == (400, "invalid_request_error")
    assert reply.headers["x-request-id"]
    if path != "messages":
        assert reply.error["code"] == "invalid_json"


@pytest.mark.parametrize(
    ("outcome", "status", "kind", "code", "anthropic", "hint"),
    [
        ("moderated", 400, "invalid_request_error", "content_policy_violation", 400, "prompt"),
        ("cf", 503, "upstream_error", "upstream_challenge", 529, "doctor"),
        ("inbandantibot", 502, "upstream_error", "upstream_rejected", 502, "doctor"),
        ("garbage", 502, "upstream_error", "upstream_changed", 502, "update"),
    ],
)
def test_a_refusal_has_its_status_until_the_first_byte(
    endpoint: Endpoint,
    shared_simulator: SimulatorProcess,
    outcome: str,
    status: int,
    kind: str,
    code: str,
    anthropic: int,
    hint: str,
) -> None:
    shared_simulator.script(accounts={token: {"afterwards": outcome} for token in TOKENS})
    try:
        *openai, message, streamed_message = ask_in_every_way(endpoint)
    finally:
        shared_simulator.script(accounts=dict.fromkeys(TOKENS))
    for reply in openai:
        assert reply.status == status
        assert (reply.error["type"], reply.error["code"]) == (kind, code)
    for reply in (message, streamed_message):
        assert (reply.status, reply.json["type"]) == (anthropic, "error")
    for reply in (*openai, message, streamed_message):
        assert hint in reply.error["message"]
        assert ("Retry-After" in reply.headers) == (status in (429, 503))
        assert reply.headers["x-request-id"]
    assert endpoint.chat().status == 200


def test_an_error_in_the_middle_ends_each_stream_in_its_own_way(endpoint: Endpoint) -> None:
    ends = {}
    for way in (endpoint.chat, endpoint.respond, endpoint.message):
        assert way("!error-mid").status == 502
        reply = way("!error-mid", stream=True)
        assert reply.status == 200
        assert b"[DONE]" not in reply.body
        ends[way.__name__], last = reply.events[-1]
        assert reply.headers["x-request-id"].removeprefix("req_") in json.dumps(last)
        assert endpoint.chat().status == 200, "lest upstream be taken for broken"
    assert ends == {"chat": "", "respond": "response.failed", "message": "error"}


def served(program: Program, token: str, **settings: str) -> Endpoint:
    program.environ |= {f"GROKDESK_{name.upper()}": value for name, value in settings.items()}
    program.run("accounts", "import", "-", "--no-probe", stdin=f"{token}\n")
    program.serve()
    return Endpoint.at(program.base_url, program.key())


@pytest.mark.parametrize(
    ("token", "status", "code"),
    [
        ("contract-account-x-super-blocked", 403, "account_blocked"),
        ("contract-account-x-super-stall", 504, "upstream_timeout"),
    ],
)
def test_an_account_in_trouble_is_told(
    program: Program, token: str, status: int, code: str
) -> None:
    endpoint = served(program, token, upstream_first_byte_timeout_s="1", pool_retry_pause_s="0.05")
    reply = endpoint.chat()
    assert (reply.status, reply.error["code"]) == (status, code)


def test_silence_in_the_middle_ends_after_the_idle_limit(program: Program) -> None:  # T14
    token = "contract-account-x-super-stallmid"
    endpoint = served(program, token, upstream_idle_timeout_s="1")
    reply = endpoint.chat(stream=True)
    assert reply.status == 200
    assert reply.chunks[-1]["error"]["code"] == "upstream_timeout"
