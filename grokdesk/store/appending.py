"""A file that only grows, a whole line at a time: what a killed process wrote is there."""

import contextlib
import os
from pathlib import Path

from grokdesk.store.files import private_file

_BINARY = getattr(os, "O_BINARY", 0)


class AppendingFile:
    """OSError from any method: the disk is full or cannot be written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._handle: int | None = None

    def open(self) -> None:
        """Make sure that it is there; free of charge when it is open."""
        if self._handle is None:
            private_file(self.path)
            self._handle = os.open(self.path, os.O_RDWR | os.O_APPEND | _BINARY)
            self.size = os.fstat(self._handle).st_size

    def read(self) -> bytes:
        self.open()
        data = self.path.read_bytes()
        self.size = len(data)
        return data

    def append(self, line: bytes) -> None:
        """All of the line or nothing. When this returns, the line outlives this process."""
        self.open()
        assert self._handle is not None  # noqa: S101 - just opened
        try:
            written = os.write(self._handle, line)
        except OSError:
            self._undo()
            raise
        if written < len(line):
            self._undo()
            raise OSError("The disk took only a part of the line.")
        self.size += written

    def cut(self, size: int) -> None:
        """Keep the first `size` bytes."""
        self.open()
        assert self._handle is not None  # noqa: S101 - just opened
        os.ftruncate(self._handle, size)
        self.size = size

    def close(self) -> None:
        """What is appended later opens it anew."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
            self.size = 0

    def _undo(self) -> None:
        """Back to the last whole line."""
        with contextlib.suppress(OSError):
            self.cut(self.size)
