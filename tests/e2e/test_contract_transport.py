"""The API contract, rows T, K and M, asked of the running program by a client without a library."""

import gzip
import json
import socket
import threading
import time
import zlib

import brotli
import pytest
from backports import zstd

from tests.e2e.conftest import Program, SimulatorProcess
from tests.e2e.endpoint import MODEL, Endpoint

pytestmark = pytest.mark.e2e

ORIGIN = {"Origin": "http://page.example"}
CHAT = {"model": MODEL, "messages": [{"role": "user", "content": "Hello"}]}
JSON = json.dumps(CHAT).encode()


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions",
        "/chat/completions",
        "/v1/v1/chat/completions",
        "/v1/chat/completions/",
        "//v1//chat/completions",
        "/v1/chat/completions?beta=true&limit=5",
    ],
)
def test_a_base_url_may_be_typed_in_many_ways(endpoint: Endpoint, path: str) -> None:  # T1 T4
    assert endpoint.post(path, CHAT).status == 200


@pytest.mark.parametrize("path", ["/", "/v1", "/api/hello", "/health"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_probes_are_answered_without_a_key(  # T2 T3 K5
    endpoint: Endpoint, method: str, path: str
) -> None:
    assert endpoint.ask(method, path, key="").status == 200


def test_a_listed_page_reads_answers_errors_and_streams(endpoint: Endpoint) -> None:  # T5 T6
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,x-stainless-os,anthropic-version,x-title",
        "Access-Control-Request-Private-Network": "true",
    }
    preflight = endpoint.ask("OPTIONS", "/v1/messages", key="", headers=ORIGIN | asked)
    assert preflight.status == 204
    allowed = preflight.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "x-stainless-os", "anthropic-version", "x-title"} <= set(allowed)
    assert preflight.headers["Access-Control-Allow-Private-Network"] == "true"
    for body in (CHAT, CHAT | {"stream": True}, CHAT | {"model": "nobody"}):
        headers = endpoint.post("/v1/chat/completions", body, headers=ORIGIN).headers
        assert headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
        assert "retry-after" in headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("127.0.0.1", 200),
        ("[::1]", 200),
        ("host.docker.internal", 200),
        ("127.0.0.1.nip.io", 421),
        ("localhost.", 421),
    ],
)
def test_only_names_of_this_computer_are_answered(  # T7
    endpoint: Endpoint, host: str, status: int
) -> None:
    headers = {"Host": f"{host}:{endpoint.port}"}
    assert endpoint.ask("GET", "/v1/models", headers=headers).status == status


@pytest.mark.parametrize(
    ("coding", "data", "status"),
    [
        ("gzip", gzip.compress(JSON), 200),
        ("deflate", zlib.compress(JSON), 200),
        ("br", brotli.compress(JSON), 200),
        ("zstd", zstd.compress(JSON), 200),
        ("gzip", JSON, 400),
        ("compress", JSON, 415),
        ("zstd", zstd.compress(b"x" * 65 * 1024 * 1024), 413),
    ],
)
def test_bodies_may_be_packed(  # T8
    endpoint: Endpoint, coding: str, data: bytes, status: int
) -> None:
    headers = {"Content-Encoding": coding, "Content-Type": "application/json"}
    assert endpoint.post("/v1/chat/completions", data, headers=headers).status == status


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(endpoint: Endpoint) -> None:  # T9
    answer = endpoint.raw(endpoint.head("Content-Length: 68000000", "Expect: 100-continue"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413")
    assert json.loads(body)["error"]["code"] == "request_too_large"


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "text/plain", None])
def test_json_is_taken_whatever_it_is_called(endpoint: Endpoint, kind: str | None) -> None:  # T10
    assert endpoint.post("/v1/chat/completions", JSON, headers={"Content-Type": kind}).status == 200


def test_a_stream_is_neither_stored_packed_nor_held_back(endpoint: Endpoint) -> None:  # T11
    headers = {"Accept-Encoding": "gzip, br, zstd"}
    reply = endpoint.post("/v1/chat/completions", CHAT | {"stream": True}, headers=headers)
    assert reply.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert reply.headers["Cache-Control"] == "no-cache"
    assert reply.headers["X-Accel-Buffering"] == "no"
    assert "Content-Encoding" not in reply.headers


def test_bodies_come_in_pieces_and_on_invitation(endpoint: Endpoint) -> None:  # T12
    pieces = b"".join(b"5\r\n%b\r\n" % JSON[at : at + 5] for at in range(0, len(JSON) - 5, 5))
    rest = JSON[len(JSON) - 1 - (len(JSON) - 1) % 5 :]
    chunked = endpoint.raw(
        endpoint.head("Transfer-Encoding: chunked", "Connection: close"),
        pieces + b"%x\r\n%b\r\n0\r\n\r\n" % (len(rest), rest),
    )
    assert chunked.startswith(b"HTTP/1.1 200")
    length = f"Content-Length: {len(JSON)}"
    with socket.create_connection((endpoint.host, endpoint.port), timeout=5) as careful:
        careful.sendall(endpoint.head(length, "Expect: 100-continue"))
        assert careful.recv(1000).startswith(b"HTTP/1.1 100")
        careful.sendall(JSON)
        assert careful.recv(1000).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("choices", [1, 8])
def test_a_client_that_leaves_is_noticed_within_a_second(  # T13
    endpoint: Endpoint,
    shared_simulator: SimulatorProcess,
    shared_program: Program,
    choices: int,
) -> None:
    before = shared_simulator.stats()["closed_early"]
    logged = shared_program.log.read_text().count("cancelled by client")
    slow = [{"role": "user", "content": "!long 1000 !slow 20"}]
    connection = endpoint.connect(CHAT | {"stream": True, "n": choices, "messages": slow})
    connection.recv(1000)
    time.sleep(0.3)  # until all of the choices are under way
    connection.close()
    left = time.monotonic()
    while shared_simulator.stats()["closed_early"] < before + choices:
        assert time.monotonic() - left < 1.0
    while shared_program.log.read_text().count("cancelled by client") == logged:
        assert time.monotonic() - left < 3.0


def test_ipv6_is_listened_to_as_well(endpoint: Endpoint) -> None:  # T15
    request = (
        f"GET /health HTTP/1.1\r\nHost: localhost:{endpoint.port}\r\nConnection: close\r\n\r\n"
    )
    assert endpoint.raw(request.encode(), host="::1").startswith(b"HTTP/1.1 200")


def test_sixteen_streams_run_side_by_side(endpoint: Endpoint) -> None:  # T16
    words: list[int] = []

    def stream() -> None:
        words.append(endpoint.chat("!long 40 !slow 25", stream=True).text.count("word"))

    threads = [threading.Thread(target=stream) for _ in range(16)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert words == [40] * 16
    assert time.monotonic() - began < 5.0, "one of them takes a second"


def test_an_unknown_path_names_the_known_ones(endpoint: Endpoint) -> None:  # T17
    reply = endpoint.ask("GET", "/v1/nothing")
    assert reply.status == 404
    assert "/v1/chat/completions" in reply.error["message"]


def test_a_wrong_method_names_the_right_one(endpoint: Endpoint) -> None:  # T18
    reply = endpoint.ask("DELETE", "/v1/chat/completions")
    assert reply.status == 405
    assert "POST" in reply.headers["Allow"]


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


def test_the_list_of_models_has_what_clients_read(endpoint: Endpoint) -> None:  # M1 M6 M7 M9
    first = endpoint.ask("GET", "/v1/models")
    began = time.monotonic()
    assert endpoint.ask("GET", "/v1/models").body == first.body
    assert time.monotonic() - began < 0.05
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
