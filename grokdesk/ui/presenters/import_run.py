"""One import from the press of the button to its result; survives its dialog."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from grokdesk.domain.account import Tier
from grokdesk.domain.errors import GrokdeskError
from grokdesk.services.bundle import Services
from grokdesk.services.importer import ImportPreview, ImportResult
from grokdesk.ui import text
from grokdesk.ui.sentences import explain

NO_ADVICE: Mapping[str, str] = MappingProxyType({})

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
        services: Services,
        on_progress: Callable[[int, int], None],
        on_end: Callable[[ImportSummary], object],
    ) -> None:
        self._services = services
        self._clock = services.clock
        self._on_progress = on_progress
        self._on_end = on_end
        self._wanted: frozenset[str] = frozenset()
        self._started = services.clock.monotonic()
        self._task: asyncio.Task[ImportResult | GrokdeskError] | None = None

    def start(self, preview: ImportPreview, *, tier: Tier | None, probe: bool) -> None:
        self._wanted = frozenset(
            entry.token.fingerprint for entry in preview.new if entry.token is not None
        )
        work = self._work(preview, tier, probe)
        self._task = self._services.tasks.spawn(work, name="import")
        self._task.add_done_callback(self._ended)

    async def _work(
        self, preview: ImportPreview, tier: Tier | None, probe: bool
    ) -> ImportResult | GrokdeskError:
        try:
            return await self._services.importer.run(
                preview, tier=tier, probe=probe, on_progress=self._on_progress
            )
        except GrokdeskError as error:
            return error

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

    def _ended(self, task: asyncio.Task[ImportResult | GrokdeskError]) -> None:
        if task.cancelled():
            known = self._services.accounts.fingerprints()
            saved = text.count(len(self._wanted & known), "account")
            self._on_end(ImportSummary(f"Stopped. {saved} imported before that.", "warn"))
            return
        ended = task.exception() or task.result()
        if isinstance(ended, BaseException):
            self._on_end(ImportSummary(explain(ended, self._clock.now()).sentence, "bad"))
        else:
            self._on_end(summary_of(ended, self._advice(ended)))

    def _advice(self, result: ImportResult) -> Mapping[str, str]:
        """What can be done, by the end of the token, where a check found an account unusable."""
        if not result.failed:
            return {}
        saved = frozenset(result.saved)
        return {
            account.token_hint: account.evidence.action
            for account in self._services.accounts.snapshot()
            if account.id in saved and account.evidence is not None
        }


def summary_of(result: ImportResult, advice: Mapping[str, str] = NO_ADVICE) -> ImportSummary:
    """Names the first problem with what can be done about it, and counts the rest."""
    saved, restored = len(result.saved), len(result.restored)
    parts = [f"{text.count(saved, 'account')} imported."] if saved or not restored else []
    if restored:
        verb = "has" if restored == 1 else "have"
        parts.append(f"{text.count(restored, 'account')} {verb} a token again.")
    if result.failed:
        hint, reason = result.failed[0]
        more = len(result.failed) - 1
        others = f"{text.number(more)} more had problems." if more else ""
        action = advice.get(hint, "")
        parts.append(" ".join(filter(None, (f"{hint}: {text.sentence(reason)}", action, others))))
    return ImportSummary(" ".join(parts), "warn" if result.failed else "ok")
