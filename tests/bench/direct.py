"""The client without anything in between: what our own part is added to."""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable
from typing import cast

from tests.bench import turn
from tests.bench.client import Answer, Connection, connect, post

Direct = Callable[[str], Awaitable[Answer]]


async def direct(transport: str, port: int) -> Direct:
    """A function that puts a prompt to the simulator at `port`."""
    if transport == "mgw":
        return lambda prompt: _SocketTurn.run(port, prompt)
    connection = await connect(port)
    cookie = f"Cookie: {turn.COOKIE}"
    return lambda prompt: _by_rest(connection, port, cookie, prompt)


async def _by_rest(connection: Connection, port: int, cookie: str, prompt: str) -> Answer:
    return await connection.ask(post(port, turn.REST_PATH, turn.rest_body(prompt), cookie))


class _SocketTurn(asyncio.Protocol):
    """A connection, a handshake, one turn: as the site's own page does it."""

    def __init__(self, port: int, prompt: str) -> None:
        self.answer = Answer(time.perf_counter())
        self.done = asyncio.get_running_loop().create_future()
        self._port = port
        self._prompt = prompt
        self._tail = b""
        self._asked = False
        self._transport: asyncio.WriteTransport

    @classmethod
    async def run(cls, port: int, prompt: str) -> Answer:
        loop = asyncio.get_running_loop()
        transport, self = await loop.create_connection(lambda: cls(port, prompt), "127.0.0.1", port)
        try:
            await self.done
        finally:
            transport.abort()
        return self.answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._transport.write(_handshake(self._port) + _text_frame(turn.SESSION_CREATE))

    def data_received(self, data: bytes) -> None:
        self.answer.pieces.append((time.perf_counter(), data))
        self._tail = (self._tail + data)[-1000:]
        if not self._asked and (start := self._tail.find(b'{"session_id"')) >= 0:
            self._asked = True
            created = self._tail[start : self._tail.index(b"}}", start) + 2]
            frames = turn.question(created, self._prompt)
            self._transport.write(b"".join(map(_text_frame, frames)))
        elif turn.SOCKET_DONE in self._tail and not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError(f"the simulator hung up: {exc}"))


def _handshake(port: int) -> bytes:
    lines = [
        f"GET {turn.SOCKET_PATH} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}",
        f"Origin: http://127.0.0.1:{port}",
        f"Cookie: {turn.COOKIE}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def _text_frame(payload: bytes) -> bytes:
    """Masked with zeros, which leaves the payload as it is."""
    size = len(payload)
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + payload
