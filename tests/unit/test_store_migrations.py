"""Migrations: whole steps, a backup first, and a crash at any moment leaves old or new."""

import random
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from grokdesk.store.connection import connect, raw
from grokdesk.store.migrations import APPLICATION_ID, MIGRATIONS, migrate, schema_version
from grokdesk.store.opening import open_file
from tests.depth import tries

ADD_NOTE = (
    "ALTER TABLE account ADD COLUMN remark TEXT NOT NULL DEFAULT ''",
    *["UPDATE account SET remark = remark || 'long enough to be killed in the middle'"] * 10,
    "UPDATE account SET remark = label",
)
NEXT = (*MIGRATIONS, ADD_NOTE)


def insert_account(connection, number):
    connection.execute(
        "INSERT INTO account (id, label, fingerprint, token_hint, tier_pinned, enabled, state,"
        " user_id, email, created_at, demo) VALUES (?, ?, ?, '', 0, 1, 'ready', '', '', 0, 0)",
        (f"id{number}", f"label{number}", f"print{number}"),
    )


def old_database(path, accounts=3):
    opened = open_file(path, 0.0)
    raw(opened.sql).execute("BEGIN")
    for number in range(accounts):
        insert_account(raw(opened.sql), number)
    raw(opened.sql).execute("COMMIT")
    opened.sql.close()


def columns(connection):
    return [row[1] for row in connection.execute("PRAGMA table_info(account)")]


def test_an_empty_file_gets_all_tables_and_says_whose_it_is():
    sql = connect(":memory:")
    migrate(raw(sql))
    assert schema_version(raw(sql)) == len(MIGRATIONS)
    assert raw(sql).execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    sql.close()


def test_migrating_twice_changes_nothing():
    sql = connect(":memory:")
    migrate(raw(sql))
    before = raw(sql).execute("SELECT * FROM sqlite_schema").fetchall()
    migrate(raw(sql))
    assert raw(sql).execute("SELECT * FROM sqlite_schema").fetchall() == before
    sql.close()


def test_a_failing_step_leaves_the_file_as_it_was():
    sql = connect(":memory:")
    migrate(raw(sql))
    with pytest.raises(sqlite3.OperationalError):
        migrate(raw(sql), [*MIGRATIONS, (*ADD_NOTE, "SELEKT")])
    assert schema_version(raw(sql)) == len(MIGRATIONS)
    assert "remark" not in columns(raw(sql))
    sql.close()


def test_an_older_database_is_backed_up_before_it_is_migrated(tmp_path):
    path = tmp_path / "grokdesk.db"
    old_database(path)
    opened = open_file(path, 0.0, NEXT)
    notes = raw(opened.sql).execute("SELECT remark FROM account ORDER BY id").fetchall()
    opened.sql.close()
    assert notes == [("label0",), ("label1",), ("label2",)]
    backup = tmp_path / f"grokdesk.db.version-{len(MIGRATIONS)}"
    copy = sqlite3.connect(backup)
    assert columns(copy)[-1] == "max_in_flight"
    assert copy.execute("SELECT count(*) FROM account").fetchone() == (3,)
    copy.close()
    assert backup.stat().st_mode & 0o777 == 0o600


def test_a_new_database_needs_no_backup(tmp_path):
    open_file(tmp_path / "grokdesk.db", 0.0).sql.close()
    assert [entry.name for entry in tmp_path.iterdir()] == ["grokdesk.db"]


MIGRATE = """
import sys
from pathlib import Path
from grokdesk.store.migrations import MIGRATIONS
from grokdesk.store.opening import open_file
from tests.unit.test_store_migrations import ADD_NOTE
sys.stdout.write("go\\n")
sys.stdout.flush()
open_file(Path(sys.argv[1]), 0.0, (*MIGRATIONS, ADD_NOTE)).sql.close()
"""


def migrate_and_kill(path, after_s=None):
    """Seconds that the migration took, or was left, in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", MIGRATE, str(path)], stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        started = time.monotonic()
        if after_s is not None:
            time.sleep(after_s)
            process.send_signal(signal.SIGKILL)
        process.wait()
        return time.monotonic() - started


@pytest.mark.timeout(300)
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_kill_in_the_middle_of_a_migration_leaves_the_old_schema_or_the_new(tmp_path):
    source = tmp_path / "source" / "grokdesk.db"
    old_database(source, accounts=10_000)

    def copy_to(name):
        path = tmp_path / name / "grokdesk.db"
        path.parent.mkdir()
        path.write_bytes(source.read_bytes())
        return path

    needed_s = migrate_and_kill(copy_to("whole"))
    versions = []
    for attempt in range(14):
        if attempt >= tries(5, 14) and len(MIGRATIONS) in versions:
            break
        path = copy_to(f"run{attempt}")
        migrate_and_kill(path, random.uniform(0.0, needed_s))
        found = sqlite3.connect(path)
        versions.append(schema_version(found))
        assert ("remark" in columns(found)) == (versions[-1] == len(NEXT))
        assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found.close()
        opened = open_file(path, 0.0, NEXT)
        wrong = raw(opened.sql).execute("SELECT count(*) FROM account WHERE remark <> label")
        assert wrong.fetchone() == (0,)
        opened.sql.close()
        assert opened.notice == ""
    assert len(MIGRATIONS) in versions
