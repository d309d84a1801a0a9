"""Small facts about this database, by name; to be called on the worker thread."""

from peewee import SqliteDatabase

from grokdesk.store.schema import MetaTable

VAULT = "vault"
"""The name of the vault that holds the tokens of this database's accounts."""
MASTER_KEY_ID = "master_key_id"
"""Recognises the master key that the sealed tokens need."""

USAGE_JOURNAL = "usage_journal"
"""How much of the usage journal is in the tables."""
ENTRY_PREFIX = "secret:"
"""Begins the name of a vault entry that is no account's, and of the fact that it is wanted."""


def read(sql: SqliteDatabase, key: str) -> str:
    """Empty when there is no such fact."""
    row = MetaTable.select(MetaTable.value).where(MetaTable.key == key).tuples().execute(sql)
    return next((value for (value,) in row), "")


def write(sql: SqliteDatabase, key: str, value: str) -> None:
    MetaTable.insert(key=key, value=value).on_conflict_replace().execute(sql)


def delete(sql: SqliteDatabase, key: str) -> None:
    MetaTable.delete().where(MetaTable.key == key).execute(sql)


def secret_entries(sql: SqliteDatabase) -> list[str]:
    """The vault's entries that a secret vouches for (see secrets.py)."""
    query = MetaTable.select(MetaTable.key).where(MetaTable.key.startswith(ENTRY_PREFIX))
    return [key for (key,) in query.tuples().execute(sql)]
