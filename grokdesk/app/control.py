"""Where the running program hears the command line: JSON lines over a private socket.

A Unix socket in a folder of the user's own, whose other end must be the same user; on Windows a
loopback port with a secret in a private file. One request per connection: a line in, lines of
progress out, and a last line with `result` or `error`. The other end is `app.control_client`.
"""

import asyncio
import hmac
import json
import os
import secrets
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from grokdesk.app.control_client import Progress, has_unix_sockets
from grokdesk.domain.errors import GrokdeskError
from grokdesk.kernel.paths import Paths
from grokdesk.kernel.tasks import TaskSupervisor

_LINE_LIMIT = 64 << 20
_FIRST_LINE_S = 10.0

Handler = Callable[[str, dict[str, Any], Progress], Awaitable[dict[str, Any]]]


class ControlServer:
    """Hands each request to `handle`; errors of ours go back as a sentence."""

    def __init__(self, paths: Paths, handle: Handler, tasks: TaskSupervisor) -> None:
        self._paths = paths
        self._handle = handle
        self._tasks = tasks
        self._server: asyncio.Server | None = None
        self._secret = ""
        self._connections: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """The caller holds the profile, so a socket file left by a dead process may go."""
        if has_unix_sockets():
            path = self._paths.control_socket
            path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._connected, path, limit=_LINE_LIMIT)
            path.chmod(0o600)
            return
        self._secret = secrets.token_urlsafe(32)
        self._server = await asyncio.start_server(
            self._connected, "127.0.0.1", 0, limit=_LINE_LIMIT
        )
        port = self._server.sockets[0].getsockname()[1]
        _write_private(self._paths, {"port": port, "secret": self._secret})

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for task in tuple(self._connections):
            task.cancel()
        if self._connections:
            await asyncio.wait(self._connections, timeout=2.0)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._server.wait_closed(), 2.0)
        path = self._paths.control_socket if has_unix_sockets() else self._paths.control_file
        path.unlink(missing_ok=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        self._connections.add(task)
        try:
            if _is_ours(writer):
                await self._serve(reader, writer)
        except (ConnectionError, ValueError, TimeoutError):
            pass  # garbage, or a caller that went away
        except asyncio.CancelledError:
            pass  # asyncio would log the end of a stream handler as a failure
        finally:
            self._connections.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await asyncio.wait_for(reader.readline(), _FIRST_LINE_S)
        request = json.loads(line)
        if not isinstance(request, dict) or not self._knows_secret(request):
            return
        watch = self._tasks.spawn(_cancel_when_gone(reader), name="control caller")
        work = self._tasks.spawn(self._answer(request, writer), name="control request")
        try:
            await asyncio.wait({watch, work}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            watch.cancel()
            work.cancel()
            await asyncio.wait({work})
        with suppress(ConnectionError):
            await writer.drain()

    async def _answer(self, request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        try:
            result = await self._handle(
                str(request.get("command", "")),
                dict(request.get("arguments") or {}),
                lambda progress: _send(writer, {"progress": progress}),
            )
            _send(writer, {"result": result})
        except GrokdeskError as error:
            _send(writer, {"error": {"kind": type(error).__name__, "message": str(error)}})

    def _knows_secret(self, request: dict[str, Any]) -> bool:
        given = str(request.get("secret", ""))
        return hmac.compare_digest(given.encode(), self._secret.encode())


async def _cancel_when_gone(reader: asyncio.StreamReader) -> None:
    """Ends when the caller closes its side."""
    while await reader.read(4096):
        pass


def _send(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    if not writer.is_closing():
        writer.write(json.dumps(message).encode() + b"\n")


def _is_ours(writer: asyncio.StreamWriter) -> bool:
    """Whether the caller is the same user, where the system tells."""
    connection = writer.get_extra_info("socket")
    if sys.platform != "linux" or connection is None or connection.family != socket.AF_UNIX:
        return True  # the folder's mode or the secret keeps others out
    size = struct.calcsize("3i")
    _pid, uid, _gid = struct.unpack(
        "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    )
    return bool(uid in (os.getuid(), 0))


def _write_private(paths: Paths, facts: dict[str, Any]) -> None:
    path = paths.control_file
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(facts, file)
