"""Accounts: kept in the pool and the store, probed, changed and removed here."""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from grokdesk.domain.account import Account, AccountState, Evidence, Tier
from grokdesk.domain.errors import (
    AccountBlockedError,
    InvalidRequestError,
    TokenRejectedError,
    VaultLockedError,
)
from grokdesk.domain.events import AccountChanged, AccountsChanged
from grokdesk.domain.probe import ProbeReading
from grokdesk.domain.quota import QuotaWindow
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import Clock
from grokdesk.kernel.tasks import TaskSupervisor
from grokdesk.pool.pool import AccountPool, MemberView
from grokdesk.services.ports import Upstream
from grokdesk.services.tokens import TokenKeeper
from grokdesk.store.accounts import AccountStore, StoredAccount

_FLUSH_S = 5.0
"""Figures that change with every call are written this often, not each time."""
_LABEL_CHARS = 80


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
    windows: tuple[QuotaWindow, ...]
    evidence: Evidence | None
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
    ) -> None:
        self._store = store
        self._pool = pool
        self._tokens = tokens
        self._upstream = upstream
        self._bus = bus
        self._tasks = tasks
        self._clock = clock
        self._unsaved: set[str] = set()
        self._saver: asyncio.Task[None] | None = None

    async def load(self) -> int:
        """Fill the pool from the store; the number of accounts."""
        stored = await self._store.all()
        for item in stored:
            self._pool.put(item.account, item.windows)
        return len(stored)

    def snapshot(self) -> tuple[AccountSnapshot, ...]:
        return tuple(self._snapshot_of(view) for view in self._pool.views())

    def summary(self) -> PoolSummary:
        return _summarise(self._pool.views(), self._pool.policy.max_in_flight)

    def fingerprints(self) -> frozenset[str]:
        return frozenset(view.account.fingerprint for view in self._pool.views())

    def id_of(self, fingerprint: str) -> str | None:
        views = self._pool.views()
        found = (v.account.id for v in views if v.account.fingerprint == fingerprint)
        return next(found, None)

    def unseal(self, account_id: str) -> None:
        """Its token can be read again."""
        self._pool.put(self._view(account_id).account)

    async def add(self, account: Account) -> None:
        """Return when the account is durable; its token is in the vault already."""
        await self._store.insert(account)
        self._pool.put(account, ())
        self._bus.publish(AccountsChanged())

    async def probe(self, account_id: str) -> AccountSnapshot:
        """Ask upstream who and what this account is; spends no call.

        Raise UpstreamError or VaultLockedError; a dead or blocked account is marked as such,
        one that works again is made ready.
        """
        account = self._view(account_id).account
        ticket = self._pool.ticket(account_id)
        try:
            reading = await self._upstream.probe(account, await self._tokens.get(account_id))
        except TokenRejectedError as error:
            await self._mark(account_id, AccountState.EXPIRED, error)
            raise
        except AccountBlockedError as error:
            await self._mark(account_id, AccountState.BLOCKED, error)
            raise
        await self._save_account(self._learned(account_id, reading))
        self._pool.observe(ticket, reading.windows)
        return self._snapshot_of(self._view(account_id))

    async def remove(self, account_ids: Sequence[str]) -> int:
        """Row first, then the token: what is left after a crash is cleaned at the next start."""
        known = [account_id for account_id in account_ids if account_id in self._pool]
        if not known:
            return 0
        demo = {view.account.id for view in self._pool.views() if view.account.demo}
        stored = [account_id for account_id in known if account_id not in demo]
        await self._store.delete(stored)
        for account_id in known:
            self._pool.remove(account_id)
            self._unsaved.discard(account_id)
        self._bus.publish(AccountsChanged())
        for account_id in stored:
            with contextlib.suppress(VaultLockedError):
                await self._tokens.delete(account_id)
        return len(known)

    async def set_enabled(self, account_id: str, enabled: bool) -> None:
        await self._save_account(replace(self._view(account_id).account, enabled=enabled))

    async def rename(self, account_id: str, label: str) -> None:
        """Raise InvalidRequestError for a label that cannot be shown."""
        label = label.strip()
        if not label or len(label) > _LABEL_CHARS or not label.isprintable():
            raise InvalidRequestError(
                f"A label needs 1 to {_LABEL_CHARS} printable characters.", param="label"
            )
        await self._save_account(replace(self._view(account_id).account, label=label))

    async def set_tier(self, account_id: str, tier: Tier | None) -> None:
        """None: let the next probe decide."""
        account = self._view(account_id).account
        await self._save_account(replace(account, tier=tier, tier_pinned=tier is not None))

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

    async def _mark(self, account_id: str, state: AccountState, error: Exception) -> None:
        evidence = Evidence(
            self._clock.now(),
            str(error),
            getattr(error, "status", None),
            getattr(error, "excerpt", ""),
        )
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
            cap=self._pool.policy.max_in_flight,
            windows=view.windows,
            evidence=account.evidence,
            demo=account.demo,
            probed_at=account.probed_at,
            last_used_at=view.last_used_at,
        )


def _summarise(views: Iterable[MemberView], cap: int) -> PoolSummary:
    counts = dict.fromkeys(("total", "ready", "busy", "cooling", "exhausted", "unusable"), 0)
    resets: list[float] = []
    for view in views:
        counts["total"] += 1
        match view.state:
            case AccountState.READY:
                counts["busy" if view.in_flight >= cap else "ready"] += 1
            case AccountState.COOLING:
                counts["cooling"] += 1
            case AccountState.EXHAUSTED:
                counts["exhausted"] += 1
            case _:
                counts["unusable"] += 1
        if view.state_until is not None:
            resets.append(view.state_until)
    return PoolSummary(**counts, next_reset_at=min(resets, default=None))
