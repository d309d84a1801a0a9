"""Numbered steps from an empty file to today's tables; a released step never changes."""

import sqlite3
from collections.abc import Sequence

APPLICATION_ID = 0x47726B64
"""Tells our file from any other SQLite database: "Grkd"."""

Migration = Sequence[str]

m001_first_tables: Migration = (
    """
    CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE account (
        id TEXT NOT NULL PRIMARY KEY,
        label TEXT NOT NULL,
        fingerprint TEXT NOT NULL UNIQUE,
        token_hint TEXT NOT NULL,
        tier INTEGER,
        tier_pinned INTEGER NOT NULL,
        enabled INTEGER NOT NULL,
        state TEXT NOT NULL,
        user_id TEXT NOT NULL,
        email TEXT NOT NULL,
        evidence TEXT,
        created_at REAL NOT NULL,
        probed_at REAL,
        demo INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE quota_window (
        account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
        mode TEXT NOT NULL,
        total INTEGER NOT NULL,
        remaining INTEGER NOT NULL,
        window_s REAL NOT NULL,
        resets_at REAL,
        provenance TEXT NOT NULL,
        measured_at REAL,
        PRIMARY KEY (account_id, mode)
    ) STRICT, WITHOUT ROWID
    """,
    # An entry of this vault may exist that no account vouches for (see intents.py).
    """
    CREATE TABLE vault_intent (
        vault TEXT NOT NULL,
        account_id TEXT NOT NULL,
        PRIMARY KEY (vault, account_id)
    ) STRICT, WITHOUT ROWID
    """,
    # No foreign key: a token is sealed before its account is saved.
    """
    CREATE TABLE sealed_token (
        account_id TEXT NOT NULL PRIMARY KEY,
        version INTEGER NOT NULL,
        nonce BLOB NOT NULL,
        ciphertext BLOB NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE api_key (
        id TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        digest TEXT NOT NULL UNIQUE,
        hint TEXT NOT NULL,
        created_at REAL NOT NULL,
        enabled INTEGER NOT NULL,
        last_used_at REAL
    ) STRICT
    """,
    """
    CREATE TABLE usage (
        id INTEGER PRIMARY KEY,
        request_id TEXT NOT NULL,
        started_at REAL NOT NULL,
        route TEXT NOT NULL,
        model TEXT NOT NULL,
        key_id TEXT NOT NULL,
        account_id TEXT NOT NULL,
        outcome TEXT NOT NULL,
        first_chunk_s REAL,
        total_s REAL NOT NULL,
        prompt_tokens INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL,
        reasoning_tokens INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        streamed INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX usage_started_at ON usage (started_at)",
    # Totals per hour outlive the raw rows and keep every chart and sum off a long scan.
    """
    CREATE TABLE usage_hour (
        hour INTEGER NOT NULL,
        model TEXT NOT NULL,
        key_id TEXT NOT NULL,
        requests INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        cancelled INTEGER NOT NULL,
        prompt_tokens INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL,
        reasoning_tokens INTEGER NOT NULL,
        total_s REAL NOT NULL,
        PRIMARY KEY (hour, model, key_id)
    ) STRICT, WITHOUT ROWID
    """,
    # A trigger, so that no way of adding a row can forget the totals.
    """
    CREATE TRIGGER usage_rolls_up AFTER INSERT ON usage BEGIN
        INSERT INTO usage_hour VALUES (
            CAST(NEW.started_at / 3600 AS INTEGER) * 3600, NEW.model, NEW.key_id, 1,
            NEW.outcome NOT IN ('ok', 'cancelled'), NEW.outcome = 'cancelled',
            NEW.prompt_tokens, NEW.completion_tokens, NEW.reasoning_tokens, NEW.total_s
        )
        ON CONFLICT DO UPDATE SET
            requests = requests + 1,
            failed = failed + excluded.failed,
            cancelled = cancelled + excluded.cancelled,
            prompt_tokens = prompt_tokens + excluded.prompt_tokens,
            completion_tokens = completion_tokens + excluded.completion_tokens,
            reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,
            total_s = total_s + excluded.total_s;
    END
    """,
)

m002_account_preferences: Migration = (
    "ALTER TABLE account ADD COLUMN priority INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE account ADD COLUMN note TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE account ADD COLUMN max_in_flight INTEGER",
)

m003_api_key_policy: Migration = (
    "ALTER TABLE api_key ADD COLUMN expires_at REAL",
    "ALTER TABLE api_key ADD COLUMN models TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE api_key ADD COLUMN aliases TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE api_key ADD COLUMN requests_per_minute INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE api_key ADD COLUMN requests_per_day INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE api_key ADD COLUMN max_concurrent INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE api_key ADD COLUMN reasoning_format TEXT NOT NULL DEFAULT 'field'",
)

m004_stored_responses: Migration = (
    # `request` is what an unfinished job runs again; `runs` counts how often that began.
    """
    CREATE TABLE response (
        id TEXT NOT NULL PRIMARY KEY,
        key_id TEXT NOT NULL,
        created_at REAL NOT NULL,
        previous_id TEXT NOT NULL,
        in_background INTEGER NOT NULL,
        state TEXT NOT NULL,
        runs INTEGER NOT NULL,
        heading BLOB NOT NULL,
        input BLOB NOT NULL,
        request BLOB,
        answer BLOB
    ) STRICT
    """,
    "CREATE INDEX response_created_at ON response (created_at)",
    "CREATE INDEX response_key_id ON response (key_id)",
)

MIGRATIONS: Sequence[Migration] = (
    m001_first_tables,
    m002_account_preferences,
    m003_api_key_policy,
    m004_stored_responses,
)


def schema_version(raw: sqlite3.Connection) -> int:
    return int(raw.execute("PRAGMA user_version").fetchone()[0])


def migrate(raw: sqlite3.Connection, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Take each missing step in a transaction of its own, so that a crash leaves whole steps."""
    for number in range(schema_version(raw) + 1, len(migrations) + 1):
        raw.execute("BEGIN IMMEDIATE")
        try:
            _take(raw, number, migrations[number - 1])
        except BaseException:
            raw.rollback()
            raise
        raw.execute("COMMIT")


def _take(raw: sqlite3.Connection, number: int, migration: Migration) -> None:
    for statement in migration:
        raw.execute(statement)
    raw.execute(f"PRAGMA user_version = {number}")
    raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
