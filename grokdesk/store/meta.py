"""Small facts about this database, by name; to be called on the worker thread."""

from peewee import SqliteDatabase

from grokdesk.store.schema import MetaTable

VAULT = "vault"
"""The name of the vault that holds the tokens of this database's accounts."""
MASTER_KEY_ID = "master_key_id"
"""Recognises the master key that the sealed tokens need."""

USAGE_JOURNAL = "usage_journal"
"""How much of the usage journal is in the tables."""


def read(sql: SqliteDatabase, key: str) -> str:
    """Empty when there is no such fact."""
    row = MetaTable.select(MetaTable.value).where(MetaTable.key == key).tuples().execute(sql)
    return next((value for (value,) in row), "")


def write(sql: SqliteDatabase, key: str, value: str) -> None:
    MetaTable.insert(key=key, value=value).on_conflict_replace().execute(sql)
