"""A chat socket at the level of frames: heartbeats, order, pauses, many frames in one write."""

import asyncio
from contextlib import suppress
from typing import Final, NoReturn

import msgspec
from aiohttp import WSMsgType, web

from grokdesk.simulator import connection
from grokdesk.simulator.mgw_client import ClientFrame
from grokdesk.simulator.stats import Stats

_FRAME_CAP_BYTES: Final = 16 * 1024 * 1024
_CLOSE_WAIT_S: Final = 1.0

_decoder: Final = msgspec.json.Decoder(ClientFrame)


class ClientLeftError(Exception):
    """The client closed the socket."""


class ViolationError(Exception):
    """The client broke the protocol; the text tells how."""

    def __init__(self, message: str, word: str = "invalid_argument") -> None:
        super().__init__(message)
        self.word = word


class ChatSocket:
    def __init__(self, request: web.BaseRequest, stats: Stats) -> None:
        self._request = request
        self._stats = stats
        self._ws = web.WebSocketResponse(timeout=_CLOSE_WAIT_S, max_msg_size=_FRAME_CAP_BYTES)

    async def open(self) -> web.StreamResponse:
        await self._ws.prepare(self._request)
        return self._ws

    async def expect(self, event_type: str) -> ClientFrame:
        """The next frame that is no heartbeat."""
        while True:
            frame = await self._receive()
            if frame.event.type == event_type:
                return frame
            if frame.event.type != "ping":
                raise ViolationError(f"{frame.event.type} came instead of {event_type}")

    async def write(self, frames: bytes) -> None:
        """Past aiohttp's frame writer: it would make one system call per frame."""
        transport = self._request.transport
        if transport is None or transport.is_closing():
            raise ClientLeftError
        transport.write(frames)
        await self._request.writer.drain()

    async def write_if_open(self, frames: bytes) -> None:
        with suppress(ClientLeftError):
            await self.write(frames)

    async def cut(self) -> None:
        await connection.reset_after_delivery(self._request)

    async def pause(self, seconds: float) -> None:
        """Waits, and hears meanwhile when the client pings or leaves."""
        try:
            async with asyncio.timeout(seconds):
                await self.listen()
        except TimeoutError:
            return

    async def listen(self) -> NoReturn:
        """Hears heartbeats until the client leaves; nothing else is due any more."""
        while True:
            frame = await self._receive()
            if frame.event.type != "ping":
                raise ViolationError(f"{frame.event.type} came, but a socket has one turn")

    async def ignore(self) -> NoReturn:
        """Hears everything and answers nothing until the client leaves."""
        while True:
            await self._receive_text()

    async def _receive(self) -> ClientFrame:
        text = await self._receive_text()
        try:
            frame = _decoder.decode(text)
        except msgspec.DecodeError as exc:
            raise ViolationError(str(exc)) from exc
        if frame.event.type == "ping":
            self._stats.pings += 1
        return frame

    async def _receive_text(self) -> str:
        message = await self._ws.receive()
        if message.type is WSMsgType.BINARY:
            raise ViolationError("binary frames are not understood")
        if message.type is not WSMsgType.TEXT:
            raise ClientLeftError
        return str(message.data)
