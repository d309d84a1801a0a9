"""Token import: preview, then one token after the other, each whole or not at all."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from grokdesk.domain.account import Account, Tier
from grokdesk.domain.errors import GrokdeskError
from grokdesk.domain.events import ImportProgress
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import Clock
from grokdesk.kernel.tasks import TaskSupervisor
from grokdesk.services.accounts import AccountService
from grokdesk.services.import_formats import (
    EntryKind,
    ImportEntry,
    ImportPreview,
    preview,
)
from grokdesk.services.tokens import TokenKeeper

__all__ = ["EntryKind", "ImportEntry", "ImportPreview", "ImportResult", "ImportService"]

_PROBES_AT_ONCE = 4
_SAVES_AT_ONCE = 8

Progress = Callable[[int, int], None]
Saved = Callable[[str, ImportEntry], None]


@dataclass(frozen=True, slots=True)
class ImportResult:
    """`saved` are account ids; `failed` pairs a token's hint with a sentence.

    `restored` are accounts that were known but whose token had been lost from the vault.
    """

    saved: tuple[str, ...]
    probed: int
    failed: tuple[tuple[str, str], ...]
    restored: tuple[str, ...] = ()


class ImportService:
    """Feeds new accounts to the account service.

    `make_room` is awaited with the number of new accounts before the first of them is saved.
    """

    def __init__(
        self,
        accounts: AccountService,
        tokens: TokenKeeper,
        bus: EventBus,
        tasks: TaskSupervisor,
        clock: Clock,
        *,
        make_room: Callable[[int], Awaitable[None]] | None = None,
    ) -> None:
        self._make_room = make_room
        self._accounts = accounts
        self._tokens = tokens
        self._bus = bus
        self._tasks = tasks
        self._clock = clock

    def preview(self, text: str) -> ImportPreview:
        """Raise InvalidRequestError for input that cannot be an import at all."""
        return preview(text, self._accounts.fingerprints())

    async def run(
        self,
        preview: ImportPreview,
        *,
        tier: Tier | None = None,
        probe: bool = True,
        on_progress: Progress | None = None,
        on_saved: Saved | None = None,
    ) -> ImportResult:
        """Cancelling keeps what is saved. `on_saved` is called when a token is durable."""
        run = _Run(len(preview.new), uuid.uuid4().hex, self._bus, on_progress)
        if self._make_room is not None:
            await self._make_room(len(preview.new))
        limit = asyncio.Semaphore(_SAVES_AT_ONCE)

        async def save(entry: ImportEntry) -> None:
            async with limit:
                try:
                    account_id = await self._save(entry, tier)
                except GrokdeskError as error:
                    run.fail(entry, error)
                    return
            run.saved[account_id] = entry.hint
            if on_saved is not None:
                on_saved(account_id, entry)
            if not probe:
                run.step()

        async with asyncio.TaskGroup() as group:
            for entry in preview.new:
                _ = group.create_task(save(entry))
        for entry in preview.duplicates:
            await self._restore(entry, run)
        if probe:
            await self._probe_all(run)
        return run.result()

    async def _restore(self, entry: ImportEntry, run: "_Run") -> None:
        """Give a known account its token back when the vault has lost it."""
        account_id = entry.token and self._accounts.id_of(entry.token.fingerprint)
        if not account_id or entry.token is None:
            return
        try:
            if await self._tokens.has(account_id):
                return
            await self._tokens.put(account_id, entry.token)
        except GrokdeskError as error:
            run.failed.append((entry.hint, str(error)))
        else:
            self._accounts.unseal(account_id)
            run.restored.append(account_id)

    async def _save(self, entry: ImportEntry, tier: Tier | None) -> str:
        """Vault first, then the row; the vault entry goes again when the row fails."""
        assert entry.token is not None  # noqa: S101 - an entry of kind NEW has one
        chosen = tier or entry.tier
        account = Account(
            id=uuid.uuid4().hex,
            label=entry.label or entry.email or f"Account {entry.token.hint}",
            fingerprint=entry.token.fingerprint,
            token_hint=entry.token.hint,
            tier=chosen,
            tier_pinned=tier is not None,
            user_id=entry.user_id,
            email=entry.email,
            created_at=self._clock.now(),
        )
        # Shielded: a cancelled import ends between two tokens, never inside one.
        await asyncio.shield(
            self._tasks.spawn(
                self._save_whole(account, entry), name="import one token", awaited=True
            )
        )
        return account.id

    async def _save_whole(self, account: Account, entry: ImportEntry) -> None:
        assert entry.token is not None  # noqa: S101
        await self._tokens.put(account.id, entry.token)
        try:
            await self._accounts.add(account)
        except BaseException:
            await self._tokens.delete(account.id)
            raise

    async def _probe_all(self, run: "_Run") -> None:
        limit = asyncio.Semaphore(_PROBES_AT_ONCE)

        async def probe(account_id: str) -> None:
            async with limit:
                try:
                    await self._accounts.probe(account_id)
                    run.probed += 1
                except GrokdeskError as error:
                    run.failed.append((run.saved[account_id], str(error)))
                run.step()

        async with asyncio.TaskGroup() as group:
            for account_id in run.saved:
                _ = group.create_task(probe(account_id))


class _Run:
    """What happened so far in one import."""

    def __init__(
        self, total: int, import_id: str, bus: EventBus, on_progress: Progress | None
    ) -> None:
        self.saved: dict[str, str] = {}
        self.failed: list[tuple[str, str]] = []
        self.restored: list[str] = []
        self.probed = 0
        self._done = 0
        self._total = total
        self._import_id = import_id
        self._bus = bus
        self._on_progress = on_progress

    def fail(self, entry: ImportEntry, error: GrokdeskError) -> None:
        self.failed.append((entry.hint, str(error)))
        self.step()

    def step(self) -> None:
        self._done += 1
        self._bus.publish(ImportProgress(self._import_id, self._done, self._total))
        if self._on_progress is not None:
            self._on_progress(self._done, self._total)

    def result(self) -> ImportResult:
        return ImportResult(
            tuple(self.saved), self.probed, tuple(self.failed), tuple(self.restored)
        )
