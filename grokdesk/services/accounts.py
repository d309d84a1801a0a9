"""Accounts: kept in the pool and the store, probed, changed and removed here."""

import asyncio
import contextlib
import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from grokdesk.domain.account import Account, AccountState, Evidence, Tier
from grokdesk.domain.errors import InvalidRequestError, VaultLockedError
from grokdesk.domain.events import AccountChanged, AccountsChanged
from grokdesk.domain.quota import QuotaWindow
from grokdesk.domain.tiers import TierTable
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import Clock
from grokdesk.kernel.tasks import TaskSupervisor
from grokdesk.pool.pool import AccountPool, MemberView
from grokdesk.services.account_bounds import (
    checked_in_flight,
    checked_label,
    checked_note,
    checked_priority,
)
from grokdesk.services.account_probes import AccountProbes
from grokdesk.services.ports import Upstream
from grokdesk.services.tokens import TokenKeeper
from grokdesk.store.accounts import AccountStore, StoredAccount

_FLUSH_S = 5.0
"""Figures that change with every call are written this often, not each time."""


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
        self._probes = AccountProbes(pool, tokens, upstream, clock, self._save_account)
        self._bus = bus
        self._tasks = tasks
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
        self._view(account_id)
        await self._probes.probe(account_id)
        return self._snapshot_of(self._view(account_id))

    async def read_quota(self, account_id: str) -> None:
        """Ask upstream what is left; spends no call. Raise as `probe` does."""
        self._view(account_id)
        await self._probes.read_quota(account_id)

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
            changes["label"] = checked_label(label)
        if enabled is not None:
            changes["enabled"] = enabled
        if priority is not None:
            changes["priority"] = checked_priority(priority)
        if note is not None:
            changes["note"] = checked_note(note)
        if max_in_flight is not None:
            changes["max_in_flight"] = (
                None if isinstance(max_in_flight, Default) else checked_in_flight(max_in_flight)
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
