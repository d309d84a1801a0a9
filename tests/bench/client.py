"""A client that costs little: one protocol object per connection, ready-made requests.

What arrives is kept with its time and looked at afterwards.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import cast

import msgspec

_LAST_CHUNK = b"0\r\n\r\n"


class AnswerError(RuntimeError):
    """The answer was not the one that the benchmark asked for."""


@dataclass(slots=True)
class Answer:
    """`pieces` are the bytes as they came, each with its moment."""

    started: float
    pieces: list[tuple[float, bytes]] = field(default_factory=list)

    @property
    def data(self) -> bytes:
        return b"".join(data for _, data in self.pieces)

    def chunks(self, mark: bytes) -> list[tuple[float, int]]:
        """When chunks came, and how many at once; `mark` is in each of them."""
        counted = ((moment, data.count(mark)) for moment, data in self.pieces)
        return [(moment, count) for moment, count in counted if count]

    def expect_ok(self) -> None:
        if not self.data.startswith((b"HTTP/1.1 200", b"HTTP/1.1 101")):
            raise AnswerError(self.data[:1000].decode(errors="replace"))


class Connection(asyncio.Protocol):
    """A kept-alive connection for one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.WriteTransport
        self._answer = Answer(0.0)
        self._done: asyncio.Future[None] | None = None
        self._missing: int | None = None
        self._tail = b""

    async def ask(self, request: bytes) -> Answer:
        self._done = asyncio.get_running_loop().create_future()
        self._missing, self._tail = None, b""
        answer = self._answer = Answer(time.perf_counter())
        self.transport.write(request)
        await self._done
        return answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._answer.pieces.append((time.perf_counter(), data))
        if len(self._answer.pieces) == 1:
            self._missing = _content_length(data)
        if self._missing is not None:
            self._missing -= len(data)
            over = self._missing <= 0
        else:
            self._tail = (self._tail + data[-len(_LAST_CHUNK) :])[-len(_LAST_CHUNK) :]
            over = self._tail == _LAST_CHUNK
        if over and self._done is not None and not self._done.done():
            self._done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(AnswerError(f"the connection was closed: {exc}"))


def _content_length(head: bytes) -> int | None:
    """Of head and body together; None for a chunked answer."""
    end = head.index(b"\r\n\r\n") + 4
    _, found, rest = head[:end].lower().partition(b"\r\ncontent-length:")
    return end + int(rest.partition(b"\r\n")[0]) if found else None


async def connect(port: int) -> Connection:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(Connection, "127.0.0.1", port)
    return connection


def chat_request(port: int, key: str, prompt: str, *, stream: bool = False) -> bytes:
    """A request for our gateway, or for a yardstick."""
    body = {
        "model": "grok-chat-fast",
        "messages": [{"role": "user", "content": prompt}],
        "stream": stream,
    }
    return post(port, "/v1/chat/completions", body, f"Authorization: Bearer {key}")


def post(port: int, path: str, body: object, *headers: str) -> bytes:
    content = msgspec.json.encode(body)
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@dataclass(frozen=True, slots=True)
class Load:
    """When each request of a load was answered."""

    started: float
    finished: list[float]

    def rate(self, first: int = 0, last: int | None = None) -> float:
        """Answers per second among the answers `first` to `last`."""
        moments = [self.started, *self.finished][first : None if last is None else last + 1]
        return (len(moments) - 1) / (moments[-1] - moments[0])


async def load(port: int, request: bytes, *, requests: int, clients: int) -> Load:
    """Send `requests` equal requests in all, as fast as they are answered."""
    connections = [await connect(port) for _ in range(clients)]
    turns = iter(range(requests))
    finished: list[float] = []

    async def work(connection: Connection) -> None:
        for _ in turns:
            answer = await connection.ask(request)
            finished.append(time.perf_counter())
            answer.expect_ok()

    started = time.perf_counter()
    try:
        await asyncio.gather(*map(work, connections))
    finally:
        for connection in connections:
            connection.transport.close()
    return Load(started, finished)
