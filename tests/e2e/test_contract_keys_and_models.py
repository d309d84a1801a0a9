"""The API contract, rows K and M: keys and models of the running program."""

import json
import threading
import time

import pytest

from tests.e2e.conftest import Program
from tests.e2e.endpoint import MODEL, Endpoint

pytestmark = pytest.mark.e2e

CHAT = {"model": MODEL, "messages": [{"role": "user", "content": "Hello"}]}


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("Authorization", "Bearer {}"),
        ("Authorization", "  bearer   {}  "),
        ("x-api-key", "{}"),
        ("api-key", " {} "),
    ],
)
def test_a_key_is_found_where_clients_put_it(endpoint: Endpoint, header: str, form: str) -> None:
    headers = {header: form.format(endpoint.key)}  # K1
    assert endpoint.ask("GET", "/v1/models", key="", headers=headers).status == 200


def test_two_different_keys_are_one_too_many(endpoint: Endpoint) -> None:
    headers = {"x-api-key": "sk-of-somebody-else"}
    reply = endpoint.post("/v1/chat/completions", CHAT, headers=headers)
    assert (reply.status, reply.error["code"]) == (400, "conflicting_api_keys")


@pytest.mark.parametrize("key", ["", "sk-wrong"])
def test_a_wrong_key_is_told_in_the_words_of_each_api(endpoint: Endpoint, key: str) -> None:  # K2
    told = endpoint.post("/v1/chat/completions", CHAT, key=key)
    assert told.status == 401
    assert told.error["type"] == "invalid_request_error"
    assert told.error["code"] == "invalid_api_key"
    told = endpoint.post("/v1/messages", CHAT, key=key)
    assert told.status == 401
    assert told.error["type"] == "authentication_error"


def test_a_key_opens_what_it_is_meant_for_and_no_more(  # K3
    endpoint: Endpoint, shared_program: Program
) -> None:
    limits = ("--models", "grok-chat-fast", "--per-minute", "1")
    key = shared_program.run("keys", "create", "--name", "narrow", *limits).stdout.strip()
    listed = endpoint.ask("GET", "/v1/models", key=key).json["data"]
    assert {model["id"] for model in listed} == {"grok-chat-fast", "claude-grok"}
    refused = endpoint.post("/v1/chat/completions", CHAT | {"model": "grok-chat-expert"}, key=key)
    assert (refused.status, refused.error["code"]) == (403, "model_not_allowed")
    assert endpoint.post("/v1/chat/completions", CHAT, key=key).status == 200
    limited = endpoint.post("/v1/messages", CHAT | {"max_tokens": 9}, key=key)
    assert (limited.status, limited.error["type"]) == (429, "rate_limit_error")
    assert int(limited.headers["Retry-After"]) >= 1
    shared_program.run("keys", "revoke", "narrow")
    gone = endpoint.post("/v1/chat/completions", CHAT, key=key)
    assert (gone.status, gone.error["code"]) == (401, "invalid_api_key")


def test_a_stream_ends_with_its_key(endpoint: Endpoint, shared_program: Program) -> None:
    key = shared_program.key("short-lived")
    own = Endpoint(endpoint.host, endpoint.port, key)
    replies = []
    slow = "!long 1000 !slow 20"
    asking = [
        threading.Thread(target=lambda: replies.append(own.chat(slow, stream=True))),
        threading.Thread(target=lambda: replies.append(own.message(slow, stream=True))),
        threading.Thread(target=lambda: replies.append(own.respond(slow, stream=True))),
    ]
    for thread in asking:
        thread.start()
    time.sleep(0.5)
    shared_program.run("keys", "revoke", "short-lived")
    for thread in asking:
        thread.join()
    ends = [reply.events[-1] for reply in replies]
    assert all("revoked" in json.dumps(data) for _, data in ends)
    assert {name for name, _ in ends} == {"", "error", "response.failed"}


def test_no_key_is_in_the_log(endpoint: Endpoint, shared_program: Program) -> None:  # K4
    endpoint.chat(model="nobody")
    kept = shared_program.home.rglob("*.log")
    logs = [shared_program.log.read_text(), *(path.read_text() for path in kept)]
    assert len(logs) > 1
    assert not any(endpoint.key[:-4] in log for log in logs)


@pytest.mark.alone
def test_the_list_of_models_has_what_clients_read(endpoint: Endpoint) -> None:  # M1 M6 M7 M9
    first = endpoint.ask("GET", "/v1/models")
    took = []
    for _ in range(5):
        began = time.monotonic()
        assert endpoint.ask("GET", "/v1/models").body == first.body
        took.append(time.monotonic() - began)
    assert min(took) < 0.05
    assert first.json["object"] == "list"
    models = {model["id"]: model for model in first.json["data"]}
    assert {"grok-chat-fast", "grok-chat-heavy", "claude-grok"} <= set(models)
    wanted = "object created owned_by context_length context_window max_output_tokens"
    wanted += " input_modalities output_modalities supports_tools supports_vision"
    for model in models.values():
        assert set(wanted.split()) <= set(model)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("grok-chat-fast", 200),
        ("xai/grok-chat-fast", 200),
        ("xai%2FGrok-Chat-Fast", 200),
        ("openai/grok-chat-fast", 200),
        ("grok/grok-chat-fast", 200),
        ("gpt-4o", 404),
        ("grok-chat-fats", 404),
    ],
)
def test_models_go_by_many_names_and_never_by_a_foreign_one(  # M3 M8 M10
    endpoint: Endpoint, name: str, status: int
) -> None:
    one = endpoint.ask("GET", f"/v1/models/{name}")
    assert one.status == status
    asked = endpoint.chat(model=name.replace("%2F", "/"))
    assert asked.status == status
    if status == 404:
        assert one.error["code"] == asked.error["code"] == "model_not_found"
    else:
        assert one.json["id"] == asked.json["model"] == "grok-chat-fast"


def test_anthropic_and_codex_find_their_own_kind_of_list(endpoint: Endpoint) -> None:  # M4 M5
    version = {"anthropic-version": "2023-06-01"}
    listed = endpoint.ask("GET", "/v1/models?limit=2", headers=version).json
    assert [model["type"] for model in listed["data"]] == ["model", "model"]
    assert listed["has_more"] is True
    assert listed["last_id"] == listed["data"][1]["id"]
    catalog = endpoint.ask("GET", "/v1/models?client_version=0.60.0").json
    assert {"slug", "display_name", "context_window"} <= set(catalog["models"][0])
    assert catalog["data"]


def test_the_list_is_there_before_the_first_account(bare_program: Program) -> None:  # M2
    bare_program.environ["GROKDESK_GATEWAY_DEMO"] = "never"
    bare_program.serve()
    fresh = Endpoint.at(bare_program.base_url, bare_program.first_key)
    models = fresh.ask("GET", "/v1/models").json["data"]
    assert models
    assert not any(model["available"] for model in models)
    refused = fresh.chat()
    assert (refused.status, refused.error["code"]) == (503, "no_account")
    assert "Open Grokdesk" in refused.error["message"]
    assert refused.headers["Retry-After"]
