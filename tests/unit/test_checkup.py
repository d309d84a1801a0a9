"""Asking a port on this computer whether a Grokdesk is there."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from grokdesk.app import checkup
from grokdesk.app.checkup import ask_health

HEALTH = b'{"status":"ok","version":"1","mode":"live","accounts":{"total":1,"ready":1}}'


@contextlib.asynccontextmanager
async def listener(answer: bytes | None) -> AsyncIterator[int]:
    """For one connection. None: it accepts and stays silent."""
    served = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is not None:
            writer.write(answer)
        else:
            await reader.read()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        served.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        await served.wait()


def http(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def test_a_grokdesk_is_recognised_by_its_health() -> None:
    async with listener(http(HEALTH)) as port:
        assert await ask_health("127.0.0.1", port) is True


@pytest.mark.parametrize(
    "answer",
    [
        http(b'{"status":"ok"}'),
        http(b"<html>"),
        http(b"[1]"),
        http(HEALTH, "503 Busy"),
        b"SSH-2.0-OpenSSH_9\r\n",
        b"",
    ],
)
async def test_whoever_else_answers_is_somebody_else(answer: bytes) -> None:
    async with listener(answer) as port:
        assert await ask_health("127.0.0.1", port) is False


async def test_somebody_who_stays_silent_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checkup, "_HEALTH_S", 0.05)
    async with listener(None) as port:
        assert await ask_health("127.0.0.1", port) is False


async def test_a_free_port_is_told_apart() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    assert await ask_health("127.0.0.1", port) is None
