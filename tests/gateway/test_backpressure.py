"""A client that reads slowly slows grok.com down; nothing piles up in between."""

import asyncio
import json
import os
import socket
import time
from pathlib import Path

import pytest

from tests.gateway.live_core import live_core

WORDS = 270_000
"""One to a chunk: about 50 MB of events."""
PAUSE_S = 1.0
GROWTH_MB = 32.0
"""Also what both ends of the simulator's sockets hold, which are in this process, too."""


def resident_mb():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class SlowReader:
    def __init__(self, port, key):
        self._loop = asyncio.get_running_loop()
        self._sock = socket.create_connection(("127.0.0.1", port))
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        self._sock.setblocking(False)
        question = {"role": "user", "content": f"!long {WORDS}"}
        body = {"model": "grok-chat-fast", "messages": [question], "stream": True}
        raw = json.dumps(body).encode()
        self._request = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Authorization: Bearer {key}\r\nContent-Length: {len(raw)}\r\n\r\n"
        ).encode() + raw
        self.received = 0
        self.end = b""

    async def ask(self):
        await self._loop.sock_sendall(self._sock, self._request)

    async def read(self, size):
        data = await asyncio.wait_for(self._loop.sock_recv(self._sock, size), 10)
        assert data, self.end
        self.received += len(data)
        self.end = (self.end + data)[-200:]

    def close(self):
        self._sock.close()


@pytest.mark.parametrize("transport", ["mgw", "rest"])
async def test_fifty_megabytes_for_a_slow_client_cost_no_memory(tmp_path, transport):
    async with live_core(tmp_path, upstream_chat_transport=transport) as live:
        await live.add("a-slow-reader-token-heavy")
        services = live.core.services
        reader = SlowReader(services.gateway.snapshot().port, services.keys.fresh)
        try:
            await reader.ask()
            await reader.read(65_536)
            before, largest = resident_mb(), 0.0
            for _ in range(3):  # it stalls, reads a little, and stalls again
                await asyncio.sleep(PAUSE_S)
                largest = max(largest, resident_mb() - before)
                for _ in range(16):
                    await reader.read(65_536)
            assert reader.received < 8_000_000, "there is more to come"
            started = time.monotonic()
            while not reader.end.endswith(b"0\r\n\r\n"):
                await reader.read(262_144)
                largest = max(largest, resident_mb() - before)
        finally:
            reader.close()
        rest_s = time.monotonic() - started
        print(  # shown with -s
            f"{transport}: {reader.received / 1e6:.0f} MB, +{largest:.1f} MB resident, "
            f"the rest in {rest_s:.1f} s"
        )
        assert b"[DONE]" in reader.end
        assert reader.received > 40_000_000
        assert largest < GROWTH_MB
        assert live.simulator.stats.open_chats == 0
