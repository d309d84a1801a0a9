"""An upstream that says exact bytes at exact places, and then resets, closes or falls silent."""

import asyncio
import base64
import contextlib
import hashlib
import json
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from tests.faults.exchanges import ACCEPT, CLOSE_FRAME, EVENT_ID, Cue
from tests.faults.plan import End, Plan, Played

CHAT_PATHS = ("/rest/app-chat/conversations/new", "/ws/mgw/")
USER_ID = "2f6d0c9a-1111-4c7b-8d2e-5a0b7e9c4d10"

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_LINGER = struct.pack("ii", 1, 0)
_MORE_THAN_THE_QUEUE = 4
_TURNS_TO_BE_READ = 3
"""Of the loop that we share with the reader; after so many it has read what was written."""
_OTHER: Mapping[str, object] = {
    "/api/auth/session": {"status": "authenticated", "session": {"userId": USER_ID}},
    "/rest/rate-limits": {
        "windowSizeSeconds": 7200,
        "remainingQueries": 140,
        "totalQueries": 140,
    },
}


@dataclass
class ScriptedUpstream:
    """`plan_for` gives the plan for a chat request by the token that it comes with."""

    plan_for: Callable[[str], Plan]
    played: list[Played] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """Paths of all requests, chats included."""
    deaf_after: int | None = None
    """Every connection is reset once so many bytes of it were read."""
    port: int = 0
    open_connections: int = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["ScriptedUpstream"]:
        tasks: set[asyncio.Task[None]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            self.open_connections += 1
            try:
                with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                    await _Connection(self, reader, writer).serve()
            except asyncio.CancelledError:
                pass  # the upstream stops
            finally:
                self.open_connections -= 1
                tasks.discard(task)
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=256)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in tuple(tasks):
                task.cancel()
            if tasks:
                await asyncio.wait(tuple(tasks), timeout=5)
            await server.wait_closed()


@contextlib.contextmanager
def full_listener() -> Iterator[str]:
    """The origin of a server that never accepts: its queue is full, so connecting hangs."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(_MORE_THAN_THE_QUEUE):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


class _Connection:
    def __init__(
        self,
        upstream: ScriptedUpstream,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._upstream = upstream
        self._reader = reader
        self._writer = writer
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def serve(self) -> None:
        """Request after request, until one of them ends the connection."""
        if self._upstream.deaf_after is not None:
            await self._reader.readexactly(self._upstream.deaf_after)
            _reset(self._writer)
            return
        while (head := await self._head()) is not None:
            path, headers = head
            await self._reader.readexactly(int(headers.get("content-length", "0")))
            self._upstream.requests.append(path)
            if path not in CHAT_PATHS:
                self._answer(_OTHER.get(path))
            elif not await self._chat(path, headers):
                return

    async def _head(self) -> tuple[str, dict[str, str]] | None:
        try:
            raw = await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = raw.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines if line)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        return first.split(" ")[1].partition("?")[0], headers

    def _answer(self, value: object) -> None:
        status = "404 Not Found" if value is None else "200 OK"
        body = json.dumps(value or {"error": {"code": 5, "message": "Not found"}}).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
        self._writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    async def _chat(self, path: str, headers: Mapping[str, str]) -> bool:
        """Whether the connection can be used again."""
        token = _token(headers)
        played = Played(token, path, time.monotonic())
        self._upstream.played.append(played)
        play = _Play(self._upstream.plan_for(token), played, self._reader, self._writer)
        try:
            await play.run(headers.get("sec-websocket-key", ""))
            if play.ended:
                return False
            if "sec-websocket-key" in headers or not played.complete:
                # Nothing more is said; until the client leaves, what it says is thrown away.
                while await self._reader.read(65_536):
                    pass
                return False
        finally:
            if self._reader.at_eof() and not play.ended:
                played.left_at = time.monotonic()
        return True


class _Play:
    """One run through a plan."""

    def __init__(
        self,
        plan: Plan,
        played: Played,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.ended = False
        self._plan = plan
        self._played = played
        self._reader = reader
        self._writer = writer
        self._event_id = EVENT_ID

    async def run(self, key: str) -> None:
        stop_at = self._plan.stop_at
        start = 0
        for part in self._plan.exchange.parts:
            await self._wait_for(part.cue)
            data = part.data.replace(ACCEPT, _accept(key)).replace(EVENT_ID, self._event_id)
            end = start + len(data)
            whole = stop_at is None or stop_at > end
            upto = end if whole or stop_at is None else stop_at
            await self._say(data[: upto - start], start)
            if not whole:
                self._end(self._plan.end)
                return
            start = end
        self._played.complete = True
        if self._plan.exchange.closes or self._plan.end is not End.KEEP:
            self._end(End.FIN if self._plan.end is End.KEEP else self._plan.end)

    async def _say(self, data: bytes, start: int) -> None:
        inside = (cut - start for cut in self._plan.cuts if start < cut < start + len(data))
        for begin, end in pairwise((0, *inside, len(data))):
            self._writer.write(data[begin:end])
            self._played.said = start + end
            if end < len(data):
                await self._pause()
        await self._writer.drain()

    async def _pause(self) -> None:
        if self._plan.pause_s:
            await asyncio.sleep(self._plan.pause_s)
            return
        for _ in range(_TURNS_TO_BE_READ):
            await asyncio.sleep(0)

    def _end(self, end: End) -> None:
        match end:
            case End.KEEP:
                return
            case End.FIN:
                self._writer.close()
            case End.RST:
                _reset(self._writer)
            case End.CLOSE:
                self._writer.write(CLOSE_FRAME)
                self._writer.close()
        self.ended = True

    async def _wait_for(self, cue: Cue) -> None:
        """Read the client's frames up to the one that the cue names."""
        while cue is not Cue.REQUEST:
            event = json.loads(await self._message())["event"]
            if event["type"] == cue.value:
                if cue is Cue.CREATE:
                    self._event_id = event["event_id"].encode()
                return

    async def _message(self) -> bytes:
        message = b""
        while True:
            first, second = await self._reader.readexactly(2)
            size = second & 0x7F
            if size >= 126:
                size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8))
            mask = await self._reader.readexactly(4)
            masked = await self._reader.readexactly(size)
            if first & 0x0F < 3:
                key = mask * (size // 4 + 1)
                message += bytes(a ^ b for a, b in zip(masked, key, strict=False))
                if first & 0x80:
                    return message


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    writer.transport.abort()


def _token(headers: Mapping[str, str]) -> str:
    pairs = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
    return next((value for name, _, value in pairs if name == "sso"), "")


def _accept(key: str) -> bytes:
    return base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest())
