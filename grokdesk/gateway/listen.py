"""Opening the gateway's port: on every host or on none, and never beside someone else."""

import asyncio
import errno
import logging
import socket
import sys
from collections.abc import Sequence

from grokdesk.domain.errors import ConflictError
from grokdesk.gateway.portholder import find_port_holder

_log = logging.getLogger(__name__)

_TRIES_FOR_ANY_PORT = 20
_NEXT_PORTS = 100
# Windows forbids a port that another program holds for itself alone.
_TAKEN = (errno.EADDRINUSE, errno.EACCES) if sys.platform == "win32" else (errno.EADDRINUSE,)
_ABSENT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class PortTakenError(ConflictError):
    """Another program holds the port. `holder` is 'name (pid)' when it can be known."""

    def __init__(self, port: int, holder: str | None, next_free: int | None) -> None:
        by = f" by {holder}" if holder else ""
        offer = f" Port {next_free} is free." if next_free else ""
        super().__init__(f"Port {port} is already in use{by}.{offer}")
        self.port = port
        self.holder = holder
        self.next_free = next_free


async def open_sockets(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """One bound socket for each host that exists here, all on one port; 0 means any.

    Raise PortTakenError, or ConflictError where the system does not let us have the port.
    """
    for _ in range(_TRIES_FOR_ANY_PORT):
        try:
            return _bind_all(hosts, port)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise ConflictError(f"Port {port} cannot be opened: {error.strerror}.") from error
            if port:
                holder = await asyncio.to_thread(find_port_holder, port)
                raise PortTakenError(port, holder, _next_free(hosts, port)) from error
    raise ConflictError("No port is free on all local addresses.")


def _bind_all(hosts: Sequence[str], port: int) -> list[socket.socket]:
    bound: list[socket.socket] = []
    absent: OSError | None = None
    try:
        for host in hosts:
            try:
                bound.append(_bind(host, port))
            except OSError as error:
                if error.errno not in _ABSENT_HERE:
                    raise
                absent = error
                _log.info("this computer has no address %s; the gateway does without it", host)
            else:
                port = port or bound[0].getsockname()[1]
        if not bound and absent is not None:
            raise absent
    except BaseException:
        _close_all(bound)
        raise
    return bound


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            # Lets us take our own port back while old connections linger, never another's.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
        # Now, not later: two sockets may share a bound port until one of them listens.
        sock.listen(1024)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def _next_free(hosts: Sequence[str], port: int) -> int | None:
    for candidate in range(port + 1, min(port + _NEXT_PORTS, 65_536)):
        try:
            _close_all(_bind_all(hosts, candidate))
        except OSError:
            continue
        return candidate
    return None


def _close_all(sockets: list[socket.socket]) -> None:
    for sock in sockets:
        sock.close()
