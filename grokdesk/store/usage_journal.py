"""An append-only file that keeps usage rows safe until the database has taken them.

One `write` per row reaches the kernel, so a killed process loses none of them, at a small part of
what a commit costs. A power cut may take the newest, as it may take the newest commits.

The first line names the journal's *generation*; each further line is one row, a JSON array. The
database notes the generation and how far it has read in the transaction that adds the rows, so
each row is counted exactly once, wherever a crash comes.
"""

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from grokdesk.store.appending import AppendingFile

_FULL_AT = 1 << 20

Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Everything before `offset` bytes of this generation is in the database."""

    generation: str = ""
    offset: int = 0

    @classmethod
    def parse(cls, text: str) -> "Place":
        generation, _, offset = text.partition(":")
        return cls(generation, int(offset)) if offset.isdigit() else cls()

    def __str__(self) -> str:
        return f"{self.generation}:{self.offset}"


class UsageJournal:
    """OSError from any method: the disk is full or cannot be written."""

    def __init__(self, path: Path) -> None:
        self._file = AppendingFile(path)
        self._generation = ""
        self._encode = msgspec.json.Encoder().encode

    @property
    def place(self) -> Place:
        """Where the next row will stand."""
        return Place(self._generation, self._file.size)

    @property
    def is_full(self) -> bool:
        return self._file.size > _FULL_AT

    def read(self, known: Place) -> list[Values]:
        """The rows after `known`; what a crash left half written is no row."""
        data = self._file.read()
        head, _, _ = data.partition(b"\n")
        self._generation = head.decode("ascii", "replace")
        start = known.offset if known.generation == self._generation else len(head) + 1
        return list(_rows(data[start:]))

    def begin(self) -> None:
        """Forget all rows: the database has them."""
        self._generation = ""
        self._file.cut(0)
        generation = secrets.token_hex(8)
        self._file.append(generation.encode() + b"\n")
        self._generation = generation

    def append(self, values: Values) -> None:
        """Return when the row outlives this process."""
        if not self._generation:
            self.begin()
        self._file.append(self._encode(values) + b"\n")

    def close(self) -> None:
        self._file.close()


def _rows(data: bytes) -> Iterator[Values]:
    *lines, _half = data.split(b"\n")
    for line in lines:
        with contextlib.suppress(msgspec.DecodeError):
            row = msgspec.json.decode(line)
            if isinstance(row, list):
                yield tuple(row)
