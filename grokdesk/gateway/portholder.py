"""Which program listens on a port, as far as Linux lets us know."""

from collections.abc import Iterator
from pathlib import Path

_LISTENING = "0A"


def find_port_holder(port: int, proc: Path = Path("/proc")) -> str | None:
    """`name (pid)`, or None where it cannot be known. Reads a few thousand files: use a thread."""
    sockets = {f"socket:[{inode}]" for inode in _listeners(proc, port)}
    if not sockets:
        return None
    for process in proc.glob("[0-9]*"):
        if any(link in sockets for link in _open_files(process)):
            return f"{_name_of(process)} ({process.name})"
    return None


def _listeners(proc: Path, port: int) -> Iterator[str]:
    for table in ("net/tcp", "net/tcp6"):
        try:
            lines = (proc / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _open_files(process: Path) -> Iterator[str]:
    try:
        for entry in (process / "fd").iterdir():
            yield str(entry.readlink())
    except OSError:
        return


def _name_of(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return "a program"
