"""Accounts and their quota windows, as rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from peewee import IntegrityError

from grokdesk.domain.account import Account, AccountState, Evidence, Tier
from grokdesk.domain.errors import ConflictError
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow
from grokdesk.store import intents, meta
from grokdesk.store.db import Database
from grokdesk.store.schema import SLICE, AccountTable, QuotaWindowTable


@dataclass(frozen=True, slots=True)
class StoredAccount:
    account: Account
    windows: tuple[QuotaWindow, ...] = ()


class AccountStore:
    """A token goes to the vault before `insert`, and leaves it after `delete`.

    Both leave an intent that the vault settles, so that a crash in between loses nothing and
    leaves no token behind.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    async def all(self) -> tuple[StoredAccount, ...]:
        return await self._db.call(self._all)

    async def insert(self, account: Account) -> None:
        """ConflictError if this token (by fingerprint) is stored already."""
        await self._db.call(partial(self._insert, account))

    async def update(self, account: Account) -> None:
        """Nothing happens if the account has been deleted meanwhile."""
        await self._db.call(partial(self._update, account))

    async def delete(self, ids: Sequence[str]) -> None:
        await self._db.call(partial(self._delete, tuple(ids)))

    async def save(self, items: Sequence[StoredAccount]) -> None:
        """Update accounts and replace their windows, all in one transaction."""
        await self._db.call(partial(self._save, tuple(items)))

    def _save(self, items: tuple[StoredAccount, ...]) -> None:
        for item in items:
            self._update(item.account)
            self._save_windows(item.account.id, item.windows)

    def _all(self) -> tuple[StoredAccount, ...]:
        windows: dict[str, list[QuotaWindow]] = {}
        for account_id, *values in self._window_rows():
            windows.setdefault(account_id, []).append(_window(*values))
        query = AccountTable.select().order_by(AccountTable.created_at, AccountTable.id)
        accounts = (_account(*row) for row in query.tuples().execute(self._db.sql))
        return tuple(
            StoredAccount(account, tuple(windows.get(account.id, ()))) for account in accounts
        )

    def _window_rows(self) -> Iterable[tuple[Any, ...]]:
        # A mode that this version does not know (any more) is of no use.
        known = QuotaWindowTable.select().where(QuotaWindowTable.mode.in_(list(Mode)))
        rows: Iterable[tuple[Any, ...]] = known.tuples().execute(self._db.sql)
        return rows

    def _insert(self, account: Account) -> None:
        try:
            AccountTable.insert(_columns(account)).execute(self._db.sql)
        except IntegrityError as error:
            raise ConflictError(self._conflict(account)) from error
        intents.settle(self._db.sql, account.id)

    def _conflict(self, account: Account) -> str:
        same = AccountTable.select(AccountTable.label).where(
            AccountTable.fingerprint == account.fingerprint
        )
        for (label,) in same.tuples().execute(self._db.sql):
            return f"This token belongs to the account '{label}' already."
        return f"The account '{account.label}' exists already."

    def _update(self, account: Account) -> None:
        columns = _columns(account)
        account_id = columns.pop("id")
        AccountTable.update(columns).where(AccountTable.id == account_id).execute(self._db.sql)

    def _delete(self, ids: tuple[str, ...]) -> None:
        vault = meta.read(self._db.sql, meta.VAULT)
        if vault:
            intents.note(self._db.sql, vault, ids)
        for start in range(0, len(ids), SLICE):
            some = ids[start : start + SLICE]
            AccountTable.delete().where(AccountTable.id.in_(some)).execute(self._db.sql)

    def _save_windows(self, account_id: str, windows: tuple[QuotaWindow, ...]) -> None:
        table = QuotaWindowTable
        table.delete().where(table.account_id == account_id).execute(self._db.sql)
        exists = AccountTable.select(AccountTable.id).where(AccountTable.id == account_id)
        if windows and list(exists.tuples().execute(self._db.sql)):
            rows = [{"account_id": account_id, **_window_columns(one)} for one in windows]
            table.insert_many(rows).execute(self._db.sql)


def _columns(account: Account) -> dict[str, Any]:
    evidence = account.evidence
    return {
        "id": account.id,
        "label": account.label,
        "fingerprint": account.fingerprint,
        "token_hint": account.token_hint,
        "tier": account.tier,
        "tier_pinned": account.tier_pinned,
        "enabled": account.enabled,
        "state": account.state,
        "user_id": account.user_id,
        "email": account.email,
        "evidence": None if evidence is None else msgspec.json.encode(evidence).decode(),
        "created_at": account.created_at,
        "probed_at": account.probed_at,
        "demo": account.demo,
        "priority": account.priority,
        "note": account.note,
        "max_in_flight": account.max_in_flight,
    }


def _account(
    account_id: str,
    label: str,
    fingerprint: str,
    token_hint: str,
    tier: int | None,
    tier_pinned: bool,
    enabled: bool,
    state: str,
    user_id: str,
    email: str,
    evidence: str | None,
    created_at: float,
    probed_at: float | None,
    demo: bool,
    priority: int,
    note: str,
    max_in_flight: int | None,
) -> Account:
    return Account(
        id=account_id,
        label=label,
        fingerprint=fingerprint,
        token_hint=token_hint,
        tier=None if tier is None else Tier(tier),
        tier_pinned=tier_pinned,
        enabled=enabled,
        state=AccountState(state),
        user_id=user_id,
        email=email,
        evidence=None if evidence is None else msgspec.json.decode(evidence, type=Evidence),
        created_at=created_at,
        probed_at=probed_at,
        demo=demo,
        priority=priority,
        note=note,
        max_in_flight=max_in_flight,
    )


def _window_columns(window: QuotaWindow) -> dict[str, Any]:
    return {
        "mode": window.mode,
        "total": window.total,
        "remaining": window.remaining,
        "window_s": window.window_s,
        "resets_at": window.resets_at,
        "provenance": window.provenance,
        "measured_at": window.measured_at,
    }


def _window(
    mode: str,
    total: int,
    remaining: int,
    window_s: float,
    resets_at: float | None,
    provenance: str,
    measured_at: float | None,
) -> QuotaWindow:
    return QuotaWindow(
        Mode(mode), total, remaining, window_s, resets_at, Provenance(provenance), measured_at
    )
