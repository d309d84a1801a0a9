"""Rude things that happen to a TCP connection."""

import asyncio
import socket
import struct
from typing import Final

from aiohttp import web

# On, and zero seconds: close sends RST. Windows' struct has short members.
_LINGER: Final = struct.pack("hh" if hasattr(socket, "SO_EXCLUSIVEADDRUSE") else "ii", 1, 0)
_DELIVERY_S: Final = 0.02


async def invite_body(request: web.BaseRequest) -> None:
    """curl asks before it sends a large body, and waits a second for the answer."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def reset(request: web.BaseRequest) -> None:
    """Closes with a TCP reset."""
    transport = request.transport
    if transport is None:
        return
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    transport.abort()


async def reset_after_delivery(request: web.BaseRequest) -> None:
    """Lets the client read what was sent; a reset may overtake it."""
    await asyncio.sleep(_DELIVERY_S)
    reset(request)


def hang_up(request: web.BaseRequest) -> None:
    """Closes after the last written byte, whatever the framing promised."""
    if request.transport is not None:
        request.transport.close()


async def forever() -> None:
    """Until the client leaves or the simulator stops: both cancel the handler."""
    await asyncio.Event().wait()
