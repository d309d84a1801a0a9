"""The API contract, rows T, asked of the running program by a client without a library."""

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


def test_an_offer_of_http_2_is_passed_over(endpoint: Endpoint) -> None:  # T12, as Java asks
    offer = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")
    with endpoint.connect(CHAT | {"stream": True}, *offer) as connection:
        answer = b""
        while b"data: [DONE]" not in answer:
            piece = connection.recv(65_536)
            assert piece, answer
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.alone
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


@pytest.mark.alone
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
