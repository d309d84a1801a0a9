"""One import from the press of the button to its result; survives its dialog."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from grokdesk.domain.account import Tier
from grokdesk.kernel.clock import Clock
from grokdesk.kernel.tasks import TaskSupervisor
from grokdesk.services.importer import ImportEntry, ImportPreview, ImportResult, ImportService
from grokdesk.ui import text

_SAY_TIME_AFTER_S = 10.0


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """`tone` as an InfoBar knows it."""

    sentence: str
    tone: str


class ImportRun:
    """`on_progress` gets done and total, `on_end` the summary, exactly once."""

    def __init__(
        self,
        importer: ImportService,
        clock: Clock,
        on_progress: Callable[[int, int], None],
        on_end: Callable[[ImportSummary], object],
    ) -> None:
        self._importer = importer
        self._clock = clock
        self._on_progress = on_progress
        self._on_end = on_end
        self._saved = 0
        self._started = clock.monotonic()
        self._task: asyncio.Task[ImportResult] | None = None

    def start(
        self, tasks: TaskSupervisor, preview: ImportPreview, *, tier: Tier | None, probe: bool
    ) -> None:
        work = self._importer.run(
            preview,
            tier=tier,
            probe=probe,
            on_progress=self._on_progress,
            on_saved=self._count,
        )
        self._task = tasks.spawn(work, name="import")
        self._task.add_done_callback(self._ended)

    def cancel(self) -> None:
        """What is saved stays."""
        if self._task is not None:
            self._task.cancel()

    def words(self, done: int, total: int) -> str:
        """`12 of 40`, with the time left once that can be told."""
        counted = f"{text.number(done)} of {text.number(total)}"
        passed = self._clock.monotonic() - self._started
        if done and passed >= _SAY_TIME_AFTER_S:
            left = passed / done * (total - done)
            return f"{counted}, about {text.duration(left)} left"
        return counted

    def _count(self, _account_id: str, _entry: ImportEntry) -> None:
        self._saved += 1

    def _ended(self, task: asyncio.Task[ImportResult]) -> None:
        if task.cancelled():
            saved = text.count(self._saved, "account")
            self._on_end(ImportSummary(f"Stopped. {saved} imported before that.", "warn"))
        elif task.exception() is not None:
            self._on_end(ImportSummary("The import failed. The log has the details.", "bad"))
        else:
            self._on_end(summary_of(task.result()))


def summary_of(result: ImportResult) -> ImportSummary:
    parts = [f"{text.count(len(result.saved), 'account')} imported."]
    if result.failed:
        hint, reason = result.failed[0]
        more = len(result.failed) - 1
        others = f" {text.number(more)} more had problems." if more else ""
        parts.append(f"{hint}: {text.one_line(reason, 200).rstrip('.')}.{others}")
    return ImportSummary(" ".join(parts), "warn" if result.failed else "ok")
