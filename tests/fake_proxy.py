"""A proxy for tests: HTTP and SOCKS5 on one port, which forwards or fails as told."""

import asyncio
import base64
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass
class FakeProxy:
    """`answer` is an HTTP status for CONNECT or a SOCKS reply code; 0 forwards."""

    answer: int = 0
    password: str = ""
    """What `user:password` must be; empty lets anybody in."""
    closes: bool = False
    """Break off instead of answering."""
    port: int = 0
    targets: list[str] = field(default_factory=list)
    credentials: list[str] = field(default_factory=list)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            first = await reader.readexactly(1)
            if first == b"\x05" and not self.closes:
                await self._socks(reader, writer)
            elif not self.closes:
                await self._http(first, reader, writer)
        writer.close()

    async def _http(
        self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = first + await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ")
        given = ""
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            if name.lower() == "proxy-authorization":
                given = base64.b64decode(value.removeprefix("Basic ")).decode()
        self._note(target, given)
        status = 407 if self.password and given != self.password else self.answer
        if status:
            writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
            return
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await self._forward(host, int(port), reader, writer, b"")
            return
        place, _, path = target.removeprefix("http://").partition("/")
        host, _, port = place.rpartition(":")
        lines[0] = f"{method} /{path} HTTP/1.1"
        kept = [line for line in lines if not line.lower().startswith("proxy-")]
        ahead = "\r\n".join(kept).encode("latin-1")
        await self._forward(host, int(port), reader, writer, ahead)

    async def _socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        methods = await reader.readexactly((await reader.readexactly(1))[0])
        given = ""
        if self.password:
            if 2 not in methods:
                writer.write(b"\x05\xff")
                return
            writer.write(b"\x05\x02")
            await reader.readexactly(1)
            user = await reader.readexactly((await reader.readexactly(1))[0])
            word = await reader.readexactly((await reader.readexactly(1))[0])
            given = f"{user.decode()}:{word.decode()}"
            writer.write(b"\x01\x00" if given == self.password else b"\x01\x01")
            if given != self.password:
                self._note("", given)
                await writer.drain()
                return
        else:
            writer.write(b"\x05\x00")
        kind = (await reader.readexactly(4))[3]
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = socket.inet_ntoa(await reader.readexactly(4))
        (port,) = struct.unpack("!H", await reader.readexactly(2))
        self._note(f"{host}:{port}", given)
        writer.write(bytes([5, self.answer, 0, 1]) + bytes(6))
        if self.answer:
            await writer.drain()
            return
        await self._forward(host, port, reader, writer, b"")

    def _note(self, target: str, given: str) -> None:
        self.targets.append(target)
        self.credentials.append(given)

    async def _forward(
        self,
        host: str,
        port: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        ahead: bytes,
    ) -> None:
        there, back = await asyncio.open_connection(host, port)
        back.write(ahead)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(reader, back))
                group.create_task(_pump(there, writer))
        finally:
            back.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def fake_proxy(**options: object) -> AsyncIterator[FakeProxy]:
    proxy = FakeProxy(**options)  # type: ignore[arg-type]
    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            await proxy.serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            connections.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in tuple(connections):
            task.cancel()
        if connections:
            await asyncio.wait(connections)
