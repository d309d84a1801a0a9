"""Which vault entries may exist without an account; to be called on the worker thread.

The OS keyring cannot join a transaction of ours. So the intent to write or delete an entry is
durable first, and only the row that vouches for the entry (an account or a named secret, in the
vault in use) settles it. What a crash leaves unsettled, `recover` of the vault removes.
"""

from collections.abc import Sequence

from peewee import SqliteDatabase

from grokdesk.store import meta
from grokdesk.store.schema import SLICE, AccountTable, VaultIntentTable


def note(sql: SqliteDatabase, vault: str, account_ids: Sequence[str]) -> None:
    fields = [VaultIntentTable.vault, VaultIntentTable.account_id]
    for start in range(0, len(account_ids), SLICE):
        rows = [(vault, account_id) for account_id in account_ids[start : start + SLICE]]
        VaultIntentTable.insert_many(rows, fields).on_conflict_ignore().execute(sql)


def settle(sql: SqliteDatabase, account_id: str, vault: str | None = None) -> None:
    """For all vaults unless one is named."""
    query = VaultIntentTable.delete().where(VaultIntentTable.account_id == account_id)
    if vault is not None:
        query = query.where(VaultIntentTable.vault == vault)
    query.execute(sql)


def pending(sql: SqliteDatabase, vault: str) -> list[str]:
    query = VaultIntentTable.select(VaultIntentTable.account_id)
    rows = query.where(VaultIntentTable.vault == vault).tuples().execute(sql)
    return [account_id for (account_id,) in rows]


def entry_ids(sql: SqliteDatabase) -> list[str]:
    """What the vault in use has to hold: the tokens of all accounts, and the named secrets."""
    rows = AccountTable.select(AccountTable.id).tuples().execute(sql)
    return [account_id for (account_id,) in rows] + meta.secret_entries(sql)


def is_vouched_for(sql: SqliteDatabase, vault: str, account_id: str) -> bool:
    """An entry is wanted if its account or secret exists and this is the vault in use."""
    in_use = meta.read(sql, meta.VAULT)
    account = AccountTable.select(AccountTable.id).where(AccountTable.id == account_id)
    known = bool(list(account.tuples().execute(sql))) or account_id in meta.secret_entries(sql)
    return in_use in ("", vault) and known


def switch(sql: SqliteDatabase, previous: str, vault: str) -> None:
    """Put `vault` in use; what `previous` holds for us is to be removed from it."""
    if meta.read(sql, meta.VAULT) == previous:
        note(sql, previous, entry_ids(sql))
    meta.write(sql, meta.VAULT, vault)
    ours = VaultIntentTable.account_id.in_(AccountTable.select(AccountTable.id))
    secret = VaultIntentTable.account_id.in_(meta.secret_entries(sql))
    VaultIntentTable.delete().where(VaultIntentTable.vault == vault, ours | secret).execute(sql)


def any_pending(sql: SqliteDatabase) -> bool:
    """In any vault: whether there is something to recover."""
    query = VaultIntentTable.select(VaultIntentTable.account_id).limit(1)
    return bool(list(query.tuples().execute(sql)))
