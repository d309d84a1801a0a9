"""Accounts: kept in the pool and the store, probed, changed and removed here."""

import asyncio
import contextlib
import enum
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from grokdesk.domain.account import Account, AccountState, Evidence, Tier, Token
from grokdesk.domain.errors import (
    AccountBlockedError,
    AntiBotError,
    ChallengedError,
    InvalidRequestError,
    TokenRejectedError,
    UpstreamError,
    VaultLockedError,
)
from grokdesk.domain.events import AccountChanged, AccountsChanged
from grokdesk.domain.probe import ProbeReading
from grokdesk.domain.quota import QuotaWindow
from grokdesk.domain.tiers import TierTable
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import Clock
from grokdesk.kernel.tasks import TaskSupervisor
from grokdesk.pool.evidence import evidence_of
from grokdesk.pool.pool import AccountPool, MemberView
from grokdesk.services.ports import Upstream
from grokdesk.services.tokens import TokenKeeper
from grokdesk.store.accounts import AccountStore, StoredAccount

_FLUSH_S = 5.0
"""Figures that change with every call are written this often, not each time."""
_LABEL_CHARS = 80
_NOTE_CHARS = 2000
PRIORITY_LIMIT = 1000
IN_FLIGHT_LIMIT = 100

T = TypeVar("T")


class Default(enum.Enum):
    """Stands for "not set for this account"."""

    DEFAULT = enum.auto()


DEFAULT = Default.DEFAULT


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """One account for display. `state_until` is Unix time."""

    id: str
    label: str
    token_hint: str
    email: str
    tier: Tier | None
    tier_pinned: bool
    enabled: bool
    state: AccountState
    state_until: float | None
    in_flight: int
    cap: int
    priority: int
    note: str
    max_in_flight: int | None
    """The account's own cap; None: as the settings say."""
    windows: tuple[QuotaWindow, ...]
    evidence: Evidence | None
    """What happened last, where it is not ready or has failed."""
    demo: bool
    probed_at: float | None
    last_used_at: float | None


@dataclass(frozen=True, slots=True)
class PoolSummary:
    """Counts over all accounts; `unusable` are expired, blocked, disabled or sealed."""

    total: int = 0
    ready: int = 0
    busy: int = 0
    cooling: int = 0
    exhausted: int = 0
    unusable: int = 0
    next_reset_at: float | None = None


class AccountService:
    """The pool decides who serves; this service feeds it and writes down what it learns."""

    def __init__(
        self,
        store: AccountStore,
        pool: AccountPool,
        tokens: TokenKeeper,
        upstream: Upstream,
        bus: EventBus,
        tasks: TaskSupervisor,
        clock: Clock,
        tiers: TierTable | None = None,
    ) -> None:
        self._tiers = tiers or TierTable()
        self._store = store
        self._pool = pool
        self._tokens = tokens
        self._upstream = upstream
        self._bus = bus
        self._tasks = tasks
        self._clock = clock
        self._ids: dict[str, str] = {}
        """By fingerprint."""
        self._unsaved: set[str] = set()
        self._saver: asyncio.Task[None] | None = None

    async def load(self) -> int:
        """Fill the pool from the store; the number of accounts."""
        stored = await self._store.all()
        for item in stored:
            self._pool.put(item.account, item.windows)
            self._ids[item.account.fingerprint] = item.account.id
        return len(stored)

    def snapshot(self) -> tuple[AccountSnapshot, ...]:
        return tuple(self._snapshot_of(view) for view in self._pool.views())

    def summary(self) -> PoolSummary:
        return _summarise(self._pool.views())

    def fingerprints(self) -> frozenset[str]:
        return frozenset(self._ids)

    def id_of(self, fingerprint: str) -> str | None:
        return self._ids.get(fingerprint)

    def unseal(self, account_id: str) -> None:
        """Its token can be read again."""
        self._pool.put(self._view(account_id).account)

    async def add(self, account: Account) -> None:
        """Return when the account is durable; its token is in the vault already."""
        await self._store.insert(account)
        self._ids[account.fingerprint] = account.id
        self._pool.put(account, self._tiers.windows(account.tier) if account.tier else ())
        self._bus.publish(AccountsChanged())

    async def probe(self, account_id: str) -> AccountSnapshot:
        """Ask upstream who and what this account is; spends no call.

        Raise UpstreamError or VaultLockedError; a dead or blocked account is marked as such,
        one that works again is made ready.
        """
        account = self._view(account_id).account
        ticket = self._pool.ticket(account_id)
        reading = await self._asking(account_id, self._upstream.probe)
        if account_id in self._pool:
            await self._save_account(self._learned(account_id, reading))
            self._pool.forgive(account_id)
            self._pool.observe(ticket, reading.windows, reading.absent)
        return self._snapshot_of(self._view(account.id))

    async def read_quota(self, account_id: str) -> None:
        """Ask upstream what is left; spends no call. Raise as `probe` does."""
        self._view(account_id)
        ticket = self._pool.ticket(account_id)
        reading = await self._asking(account_id, self._upstream.quota)
        if account_id in self._pool:
            account = self._view(account_id).account
            tier = account.tier if account.tier_pinned else reading.tier or account.tier
            if tier is not account.tier:
                await self._save_account(replace(account, tier=tier))
            self._pool.observe(ticket, reading.windows, reading.absent)

    async def remove(self, account_ids: Sequence[str]) -> int:
        """Row first, then the token: what is left after a crash is cleaned at the next start."""
        known = [account_id for account_id in account_ids if account_id in self._pool]
        if not known:
            return 0
        demo = {view.account.id for view in self._pool.views() if view.account.demo}
        stored = [account_id for account_id in known if account_id not in demo]
        await self._store.delete(stored)
        for account_id in known:
            self._ids.pop(self._view(account_id).account.fingerprint, None)
            self._pool.remove(account_id)
            self._unsaved.discard(account_id)
        self._bus.publish(AccountsChanged())
        for account_id in stored:
            with contextlib.suppress(VaultLockedError):
                await self._tokens.delete(account_id)
        return len(known)

    async def configure(
        self,
        account_id: str,
        *,
        label: str | None = None,
        enabled: bool | None = None,
        priority: int | None = None,
        note: str | None = None,
        max_in_flight: int | Default | None = None,
        tier: Tier | Default | None = None,
    ) -> AccountSnapshot:
        """Change what is given. DEFAULT: as the settings say, or as the next probe finds.

        Raise InvalidRequestError, and change nothing, for a value that cannot be.
        """
        changes: dict[str, Any] = {}
        if label is not None:
            changes["label"] = _checked_label(label)
        if enabled is not None:
            changes["enabled"] = enabled
        if priority is not None:
            changes["priority"] = _within(priority, -PRIORITY_LIMIT, PRIORITY_LIMIT, "priority")
        if note is not None:
            changes["note"] = _checked_note(note)
        if max_in_flight is not None:
            changes["max_in_flight"] = (
                None
                if isinstance(max_in_flight, Default)
                else _within(max_in_flight, 1, IN_FLIGHT_LIMIT, "max_in_flight")
            )
        if tier is not None:
            changes["tier_pinned"] = not isinstance(tier, Default)
            if not isinstance(tier, Default):
                changes["tier"] = tier
        await self._save_account(replace(self._view(account_id).account, **changes))
        return self._snapshot_of(self._view(account_id))

    def on_pool_change(self, account_id: str, stored: bool) -> None:
        """Called by the pool for every change of figures."""
        self._bus.publish(AccountChanged(account_id))
        if stored:
            self._unsaved.add(account_id)
            if self._saver is None or self._saver.done():
                self._saver = self._tasks.spawn(self._save_later(), name="account figures")

    async def flush(self) -> None:
        """Write what changed since the last time."""
        unsaved, self._unsaved = self._unsaved, set()
        views = [self._view(account_id) for account_id in unsaved if account_id in self._pool]
        stored = [StoredAccount(v.account, v.windows) for v in views if not v.account.demo]
        if stored:
            await self._store.save(stored)

    async def _save_later(self) -> None:
        while self._unsaved:
            await asyncio.sleep(_FLUSH_S)
            await self.flush()

    async def _save_account(self, account: Account) -> None:
        if not account.demo:
            await self._store.update(account)
        self._pool.put(account)

    async def _asking(self, account_id: str, ask: Callable[[Account, Token], Awaitable[T]]) -> T:
        """A dead or blocked account is marked as such."""
        account = self._view(account_id).account
        token = await self._tokens.get(account_id)
        try:
            try:
                return await ask(account, token)
            except (ChallengedError, AntiBotError) as error:
                if not await self._upstream.renew_session(error):
                    raise
                return await ask(account, token)
        except TokenRejectedError as error:
            await self._mark(account_id, AccountState.EXPIRED, error)
            raise
        except AccountBlockedError as error:
            await self._mark(account_id, AccountState.BLOCKED, error)
            raise

    async def _mark(self, account_id: str, state: AccountState, error: UpstreamError) -> None:
        if account_id not in self._pool:
            return
        evidence = evidence_of(error, self._clock.now())
        account = self._view(account_id).account
        await self._save_account(
            replace(account, state=state, evidence=evidence, probed_at=evidence.at)
        )

    def _learned(self, account_id: str, reading: ProbeReading) -> Account:
        account = self._view(account_id).account
        tier = account.tier if account.tier_pinned else reading.tier or account.tier
        return replace(
            account,
            user_id=reading.user_id or account.user_id,
            email=reading.email or account.email,
            tier=tier,
            state=AccountState.READY,
            evidence=None,
            probed_at=self._clock.now(),
        )

    def _view(self, account_id: str) -> MemberView:
        try:
            return self._pool.view(account_id)
        except KeyError:
            raise InvalidRequestError("There is no such account.", param="account") from None

    def _snapshot_of(self, view: MemberView) -> AccountSnapshot:
        account = view.account
        return AccountSnapshot(
            id=account.id,
            label=account.label,
            token_hint=account.token_hint,
            email=account.email,
            tier=account.tier,
            tier_pinned=account.tier_pinned,
            enabled=account.enabled,
            state=view.state,
            state_until=view.state_until,
            in_flight=view.in_flight,
            cap=view.cap,
            priority=account.priority,
            note=account.note,
            max_in_flight=account.max_in_flight,
            windows=view.windows,
            evidence=view.trouble,
            demo=account.demo,
            probed_at=account.probed_at,
            last_used_at=view.last_used_at,
        )


def _checked_label(label: str) -> str:
    label = label.strip()
    if not label or len(label) > _LABEL_CHARS or not label.isprintable():
        raise InvalidRequestError(
            f"A label needs 1 to {_LABEL_CHARS} printable characters.", param="label"
        )
    return label


def _checked_note(note: str) -> str:
    note = note.strip()
    if len(note) > _NOTE_CHARS or not note.replace("\n", " ").isprintable():
        raise InvalidRequestError(
            f"A note may have {_NOTE_CHARS} printable characters.", param="note"
        )
    return note


def _within(value: int, least: int, most: int, param: str) -> int:
    if not least <= value <= most:
        raise InvalidRequestError(f"{param} must be from {least} to {most}.", param=param)
    return value


def _summarise(views: Iterable[MemberView]) -> PoolSummary:
    counts = dict.fromkeys(("total", "ready", "busy", "cooling", "exhausted", "unusable"), 0)
    resets: list[float] = []
    for view in views:
        counts["total"] += 1
        state = view.state.value
        counts[state if state in counts else "unusable"] += 1
        if view.state_until is not None:
            resets.append(view.state_until)
    return PoolSummary(**counts, next_reset_at=min(resets, default=None))
