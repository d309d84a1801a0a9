"""Quotas that somebody asked for at once, and how far their reading is."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from grokdesk.domain.errors import GrokdeskError

Progress = Callable[[int, int], None]
"""Hears how many of how many are settled."""


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """`failed` pairs an account's id with a sentence; accounts that are gone are left out."""

    read: int
    failed: tuple[tuple[str, str], ...]


class Refresh:
    """One click, for one account or for ten thousand."""

    def __init__(self, account_ids: Iterable[str], on_progress: Progress | None) -> None:
        self.finished = asyncio.Event()
        self._pending = dict.fromkeys(account_ids)
        self._total = len(self._pending)
        self._read = 0
        self._failed: list[tuple[str, str]] = []
        self._on_progress = on_progress
        if not self._pending:
            self.finished.set()

    @property
    def pending(self) -> tuple[str, ...]:
        return tuple(self._pending)

    def done(self, account_id: str, error: GrokdeskError | None) -> None:
        if error is None:
            self._read += 1
        else:
            self._failed.append((account_id, str(error)))
        self.leave_out(account_id)

    def leave_out(self, account_id: str) -> None:
        """There is nothing to wait for."""
        self._pending.pop(account_id, None)
        if self._on_progress is not None:
            self._on_progress(self._total - len(self._pending), self._total)
        if not self._pending:
            self.finished.set()

    def result(self) -> RefreshResult:
        return RefreshResult(self._read, tuple(self._failed))
