"""How the command line asks the running program; the other end is `app.control`.

It waits for nothing else meanwhile, so it does without an event loop, which takes long to load.
"""

import contextlib
import json
import socket
import sys
from collections.abc import Callable
from typing import Any

from grokdesk.domain.errors import GrokdeskError
from grokdesk.kernel.paths import Paths

Progress = Callable[[dict[str, Any]], None]


class NotRunningError(GrokdeskError):
    """No program answers for this profile."""


class RemoteError(GrokdeskError):
    """The running program refused; `kind` is the class of its error."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def request(
    paths: Paths, command: str, arguments: dict[str, Any], on_progress: Progress
) -> dict[str, Any]:
    """Raise NotRunningError when nobody answers, RemoteError when the program refuses."""
    try:
        connection, secret = _connect(paths)
    except (OSError, ValueError, KeyError):
        raise NotRunningError("Grokdesk is not running with this profile.") from None
    asked = {"command": command, "arguments": arguments, "secret": secret}
    with connection, contextlib.suppress(ConnectionError):
        connection.sendall(json.dumps(asked).encode() + b"\n")
        with connection.makefile("rb") as answers:
            for line in answers:
                answer = json.loads(line)
                if "progress" in answer:
                    on_progress(answer["progress"])
                elif "error" in answer:
                    raise RemoteError(answer["error"]["kind"], answer["error"]["message"])
                else:
                    result: dict[str, Any] = answer["result"]
                    return result
    raise GrokdeskError("Grokdesk ended before it answered.")


def has_unix_sockets() -> bool:
    return sys.platform != "win32"


def _connect(paths: Paths) -> tuple[socket.socket, str]:
    if has_unix_sockets():
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(paths.control_socket))
        except OSError:
            connection.close()
            raise
        return connection, ""
    facts = json.loads(paths.control_file.read_text(encoding="utf-8"))
    return socket.create_connection(("127.0.0.1", facts["port"])), str(facts["secret"])
