"""A slow client slows grok.com down; a flood from there takes neither memory nor others' turns."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import Program

pytestmark = [
    pytest.mark.alone,
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]

WORDS = 270_000
"""One to a chunk: about 50 MB of events."""
PAUSE_S = 1.0
GROWTH_MB = 20.0


def resident_mb(process: subprocess.Popen[str]) -> float:
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class SlowReader:
    def __init__(self, base_url: str, key: str) -> None:
        host = urlsplit(base_url).netloc
        self._sock = socket.create_connection(("127.0.0.1", urlsplit(base_url).port or 0), 10)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        question = {"role": "user", "content": f"!long {WORDS}"}
        body = json.dumps({"model": "grok-chat-fast", "messages": [question], "stream": True})
        self._sock.sendall(
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\n"
            f"Authorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        self.received = 0
        self.end = b""

    def read(self, size: int) -> None:
        data = self._sock.recv(size)
        assert data, self.end
        self.received += len(data)
        self.end = (self.end + data)[-200:]

    def read_to_the_end(self) -> None:
        while not self.end.endswith(b"0\r\n\r\n"):
            self.read(262_144)

    def close(self) -> None:
        self._sock.close()


@pytest.mark.parametrize("transport", ["mgw", "rest"])
def test_fifty_megabytes_for_a_slow_client_cost_no_memory(program: Program, transport: str) -> None:
    program.environ["GROKDESK_UPSTREAM_CHAT_TRANSPORT"] = transport
    program.run("accounts", "import", "-", stdin="a-slow-reader-token-heavy\n")
    process = program.serve()
    reader = SlowReader(program.base_url, program.key())
    try:
        reader.read(65_536)
        before, largest = resident_mb(process), 0.0
        for _ in range(3):  # it stalls, reads a little, and stalls again
            time.sleep(PAUSE_S)
            largest = max(largest, resident_mb(process) - before)
            for _ in range(16):
                reader.read(65_536)
        assert reader.received < 8_000_000, "there is more to come"
        while not reader.end.endswith(b"0\r\n\r\n"):
            reader.read(262_144)
            largest = max(largest, resident_mb(process) - before)
    finally:
        reader.close()
    print(f"{transport}: {reader.received / 1e6:.0f} MB, +{largest:.1f} MB resident")  # with -s
    assert b"[DONE]" in reader.end
    assert reader.received > 40_000_000
    assert largest < GROWTH_MB


@pytest.mark.parametrize("transport", ["mgw", "rest"])
def test_a_flood_for_one_client_leaves_their_turn_to_others(
    program: Program, transport: str
) -> None:
    program.environ["GROKDESK_UPSTREAM_CHAT_TRANSPORT"] = transport
    program.run("accounts", "import", "-", stdin="a-flooding-token-heavy\n")
    program.serve()
    reader = SlowReader(program.base_url, program.key())
    other = http.client.HTTPConnection(urlsplit(program.base_url).netloc, timeout=20)
    waits = []
    reading = threading.Thread(target=reader.read_to_the_end)
    try:
        reader.read(65_536)
        time.sleep(PAUSE_S)  # much is waiting upstream by now
        reading.start()
        while reading.is_alive():
            asked = time.monotonic()
            other.request("GET", "/health")
            assert other.getresponse().read()
            waits.append(time.monotonic() - asked)
            time.sleep(0.02)
    finally:
        reading.join()
        other.close()
        reader.close()
    print(f"{transport}: {len(waits)} answers, the slowest after {max(waits) * 1e3:.0f} ms")
    assert len(waits) > 5
    assert max(waits) < 0.25
