"""A log file that never grows beyond its limit: `grokdesk.log`, `.1`, `.2` and so on."""

import os
from collections.abc import Sequence
from pathlib import Path

_LINE_BREAK = b"\n"


class LogFile:
    """Opened on the first write; readable by its user alone. Used by one thread and process."""

    def __init__(self, path: Path, *, max_bytes: int = 10_000_000, files: int = 5) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._files = files
        self._descriptor: int | None = None
        self._size = 0

    def write(self, lines: Sequence[bytes]) -> None:
        """Raise OSError when the disk does not take them; the next call starts afresh."""
        try:
            for line in lines:
                self._write(line + _LINE_BREAK)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _write(self, line: bytes) -> None:
        descriptor = self._open()
        if self._size and self._size + len(line) > self._max_bytes:
            self._rotate()
            descriptor = self._open()
        view = memoryview(line)
        while view:
            written = os.write(descriptor, view)
            self._size += written
            view = view[written:]

    def _open(self) -> int:
        if self._descriptor is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
            self._descriptor = os.open(self._path, flags, 0o600)
            self._size = os.fstat(self._descriptor).st_size
        return self._descriptor

    def _rotate(self) -> None:
        self.close()
        for number in range(self._files - 1, 0, -1):
            older = self._numbered(number - 1)
            if older.exists():
                older.replace(self._numbered(number))

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}") if number else self._path
