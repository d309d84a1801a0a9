"""Opening a file in whatever state it is: sound, damaged, foreign, newer, not writable."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from grokdesk.store.connection import raw
from grokdesk.store.errors import StoreError
from grokdesk.store.inspection import suspect_mark
from grokdesk.store.migrations import MIGRATIONS
from grokdesk.store.opening import open_file

NOW = 1_785_578_400.0  # 2026-08-01 10:00 UTC
KEPT = "grokdesk.db.corrupt-20260801-100000"
PAGE = 4096


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A closed database with 400 accounts and their sealed tokens, 20 keys, 5,000 usage rows."""
    path = tmp_path_factory.mktemp("sound") / "grokdesk.db"
    opened = open_file(path, NOW)
    connection = raw(opened.sql)
    connection.execute("BEGIN")
    for number in range(400):
        connection.execute(
            "INSERT INTO account (id, label, fingerprint, token_hint, tier, tier_pinned, enabled,"
            " state, user_id, email, created_at, demo)"
            " VALUES (?, ?, ?, '', 2, 0, 1, 'ready', '', ?, 0, 0)",
            (f"id{number:04d}", f"label{number}", f"{number:064x}", f"user{number}@example.org"),
        )
        connection.execute(
            "INSERT INTO sealed_token VALUES (?, 1, ?, ?)",
            (f"id{number:04d}", bytes(12), bytes(number % 256 for _ in range(200))),
        )
        connection.execute(
            "INSERT INTO quota_window VALUES (?, 'fast', 9, 9, 60, NULL, 'measured', NULL)",
            (f"id{number:04d}",),
        )
    for number in range(20):
        connection.execute(
            "INSERT INTO api_key (id, name, digest, hint, created_at, enabled) "
            "VALUES (?, 'key', ?, '', 0, 1)",
            (f"k{number}", f"{number:064x}"),
        )
    connection.executemany(
        "INSERT INTO usage (request_id, started_at, route, model, key_id, account_id, outcome, "
        "first_chunk_s, total_s, prompt_tokens, completion_tokens, reasoning_tokens, attempts, "
        "streamed) VALUES (?, ?, 'chat', 'grok-4', 'k1', 'a1', 'ok', 0.5, 1.0, 1, 2, 0, 1, 1)",
        ((f"req-{number}", number * 60.0) for number in range(5000)),
    )
    connection.execute("INSERT INTO meta VALUES ('vault', 'sealed')")
    connection.execute("COMMIT")
    opened.sql.close()
    return path


@pytest.fixture
def path(sound, tmp_path):
    return shutil.copy(sound, tmp_path / "grokdesk.db") and tmp_path / "grokdesk.db"


def count(opened, table):
    return raw(opened.sql).execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def overwrite(path, page, data=b"\xa5" * PAGE):
    with path.open("r+b") as file:
        file.seek(page * PAGE)
        file.write(data)


def assert_sound(opened):
    assert raw(opened.sql).execute("PRAGMA integrity_check").fetchone() == ("ok",)
    raw(opened.sql).execute("INSERT INTO meta VALUES ('a', 'b')")
    opened.sql.close()


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_a_sound_file_opens_without_a_word(path):
    opened = open_file(path, NOW)
    assert (opened.notice, opened.saving, count(opened, "account")) == ("", True, 400)
    assert_sound(opened)


@pytest.mark.parametrize("damage", ["header", "first page", "noise", "truncated to a page"])
def test_an_unreadable_file_is_kept_aside_and_a_new_one_made(path, damage):
    before = path.read_bytes()
    match damage:
        case "header":
            overwrite(path, 0, bytes(100))
        case "first page":
            overwrite(path, 0, bytes(PAGE))
        case "noise":
            path.write_bytes(random.Random(1).randbytes(50_000))
        case "truncated to a page":
            path.write_bytes(before[:PAGE])
    damaged = path.read_bytes()
    opened = open_file(path, NOW)
    assert KEPT in opened.notice
    assert "damaged" in opened.notice
    assert path.with_name(KEPT).read_bytes() == damaged
    assert_sound(opened)
    again = open_file(path, NOW)
    assert again.notice == ""
    again.sql.close()


def test_rows_on_sound_pages_are_saved_from_a_damaged_file(path):
    """Ten pages that hold accounts, tokens and usage are overwritten, at places chosen by lot."""
    reader = sqlite3.connect(path)
    dice = random.Random(7)
    pages = {
        table: [
            number
            for (number,) in reader.execute(
                "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'", (table,)
            )
        ]
        if _has_dbstat(reader)
        else []
        for table in ("account", "sealed_token", "usage")
    }
    reader.close()
    if not any(pages.values()):
        pytest.skip("this SQLite cannot say which page belongs to which table")
    hit = {
        table: dice.sample(found, 3 if table == "usage" else 1) for table, found in pages.items()
    }
    for numbers in hit.values():
        for number in numbers:
            overwrite(path, number - 1)
    opened = open_file(path, NOW)
    assert "damaged" in opened.notice
    per_page = {
        table: {"account": 400, "sealed_token": 400, "usage": 5000}[table] / len(found)
        for table, found in pages.items()
    }
    for table, total in (("account", 400), ("sealed_token", 400), ("usage", 5000)):
        lost = total - count(opened, table)
        assert 0 < lost <= 2 * per_page[table] * len(hit[table])
    assert count(opened, "api_key") == 20
    assert raw(opened.sql).execute("SELECT value FROM meta").fetchall() == [("sealed",)]
    assert f"{count(opened, 'account')} accounts and 20 API keys" in opened.notice
    assert_sound(opened)


def _has_dbstat(reader):
    try:
        reader.execute("SELECT count(*) FROM dbstat").fetchone()
    except sqlite3.OperationalError:
        return False
    return True


def test_damage_at_any_place_never_stops_the_start(sound, tmp_path):
    pages = sound.stat().st_size // PAGE
    dice = random.Random(3)
    for attempt in range(40):
        path = tmp_path / f"run{attempt}" / "grokdesk.db"
        path.parent.mkdir()
        shutil.copy(sound, path)
        for _ in range(dice.choice((1, 10, 50))):
            overwrite(path, dice.randrange(pages), dice.randbytes(PAGE))
        if attempt % 4 == 0:
            with path.open("r+b") as file:
                file.truncate(dice.randrange(path.stat().st_size))
        opened = open_file(path, NOW)
        assert opened.saving
        assert_sound(opened)


def test_totals_of_hours_whose_rows_are_gone_survive_a_repair(path):
    opened = open_file(path, NOW)
    raw(opened.sql).execute("DELETE FROM usage WHERE started_at < 200000")
    before = raw(opened.sql).execute("SELECT * FROM usage_hour").fetchall()
    opened.sql.close()
    data = bytearray(path.read_bytes())
    place = data.index(b"label123")
    overwrite(path, place // PAGE)
    repaired = open_file(path, NOW)
    assert "damaged" in repaired.notice
    assert raw(repaired.sql).execute("SELECT * FROM usage_hour").fetchall() == before
    assert_sound(repaired)


def test_damage_in_an_index_costs_no_row(path):
    reader = sqlite3.connect(path)
    if not _has_dbstat(reader):
        pytest.skip("this SQLite cannot say which page belongs to which index")
    pages = reader.execute(
        "SELECT pageno FROM dbstat WHERE name = 'usage_started_at' AND pagetype = 'leaf'"
    ).fetchall()
    reader.close()
    first, second = pages[0][0] - 1, pages[1][0] - 1
    overwrite(path, second, path.read_bytes()[first * PAGE :][:PAGE])
    opened = open_file(path, NOW)
    assert "400 accounts and 20 API keys" in opened.notice
    assert count(opened, "usage") == 5000
    assert_sound(opened)


HALF_WRITTEN = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = delete")
connection.execute("PRAGMA cache_size = 5")
connection.execute("BEGIN")
connection.execute("UPDATE usage SET model = 'half'")
os._exit(0)
"""


def test_a_transaction_that_a_crash_left_in_a_journal_is_rolled_back(path):
    subprocess.run([sys.executable, "-c", HALF_WRITTEN, str(path)], check=True)
    assert path.with_name("grokdesk.db-journal").stat().st_size > 0
    opened = open_file(path, NOW)
    assert (opened.notice, opened.saving) == ("", True)
    models = raw(opened.sql).execute("SELECT DISTINCT model FROM usage").fetchall()
    assert models == [("grok-4",)]
    assert_sound(opened)


def test_a_crash_between_setting_aside_and_moving_in_is_made_good(path, tmp_path):
    repaired = shutil.copy(path, tmp_path / "grokdesk.db.repaired")
    path.rename(tmp_path / KEPT)
    path.with_name("grokdesk.db-wal").write_bytes(b"the log of the file that is not there")
    opened = open_file(path, NOW)
    assert count(opened, "account") == 400
    assert_sound(opened)
    assert not os.path.exists(repaired)


def test_a_half_made_repair_is_made_again(path, tmp_path):
    (tmp_path / "grokdesk.db.repaired").write_bytes(b"half")
    data = path.read_bytes()
    overwrite(path, data.index(b"label123") // PAGE)
    opened = open_file(path, NOW)
    assert 300 < count(opened, "account") < 400
    assert_sound(opened)
    assert names(tmp_path) == ["grokdesk.db", KEPT]


def test_a_second_damaged_file_of_the_same_second_does_not_replace_the_first(path, tmp_path):
    for expected in (KEPT, f"{KEPT}-2"):
        path.write_bytes(b"nothing like a database" * 500)
        opened = open_file(path, NOW)
        assert expected in opened.notice
        opened.sql.close()
    assert names(tmp_path) == ["grokdesk.db", KEPT, f"{KEPT}-2"]


def test_a_database_of_another_program_is_kept_and_not_used(tmp_path):
    path = tmp_path / "grokdesk.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE photos (name TEXT)")
    other.execute("INSERT INTO photos VALUES ('cat')")
    other.commit()
    other.close()
    opened = open_file(path, NOW)
    assert "not a database of Grokdesk" in opened.notice
    assert_sound(opened)
    kept = sqlite3.connect(tmp_path / KEPT)
    assert kept.execute("SELECT name FROM photos").fetchall() == [("cat",)]
    kept.close()


def test_a_newer_database_is_refused_and_not_touched(path):
    newer = sqlite3.connect(path)
    newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    newer.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer version of Grokdesk"):
        open_file(path, NOW)
    assert path.read_bytes() == before


def test_an_empty_file_is_a_new_database(tmp_path):
    path = tmp_path / "grokdesk.db"
    path.touch()
    opened = open_file(path, NOW)
    assert opened.notice == ""
    assert_sound(opened)


def test_a_mark_left_by_an_error_leads_to_a_check_and_goes(path):
    suspect_mark(path).touch()
    opened = open_file(path, NOW)
    assert opened.notice == ""
    assert not suspect_mark(path).exists()
    opened.sql.close()


def test_a_folder_in_place_of_the_file_ends_in_a_session_that_saves_nothing(tmp_path):
    path = tmp_path / "grokdesk.db"
    path.mkdir()
    with pytest.raises(StoreError):
        open_file(path, NOW)


READ_ONLY = """
import os, sys
from pathlib import Path
from grokdesk.store.connection import raw
from grokdesk.store.opening import open_file
if os.getuid() == 0:  # root may write everywhere
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
opened = open_file(Path(sys.argv[1]), 0.0)
connection = raw(opened.sql)
connection.execute("INSERT INTO meta VALUES ('a', 'b')")
print(opened.saving, connection.execute("SELECT count(*) FROM account").fetchone()[0])
print(opened.notice)
"""


@pytest.mark.skipif(os.name == "nt", reason="file modes of POSIX")
@pytest.mark.parametrize("locked", ["file and folder", "folder", "no file"])
def test_where_nothing_can_be_written_a_copy_in_memory_serves(sound, locked):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "grokdesk.db")
        if locked != "no file":
            shutil.copy(sound, path)
            path.chmod(0o444 if locked == "file and folder" else 0o666)
        path.parent.chmod(0o555)
        result = subprocess.run(
            [sys.executable, "-c", READ_ONLY, str(path)], capture_output=True, text=True
        )
        path.parent.chmod(0o755)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"False {0 if locked == 'no file' else 400}\n")
    assert "cannot be written" in result.stdout


def test_a_torn_log_loses_its_tail_and_nothing_else(path, tmp_path):
    opened = open_file(path, NOW)
    connection = raw(opened.sql)
    for number in range(200):
        connection.execute("INSERT INTO meta VALUES (?, 'x')", (f"{number:03d}",))
    log = path.with_name("grokdesk.db-wal").read_bytes()
    data = path.read_bytes()
    opened.sql.close()
    seen = set()
    dice = random.Random(5)
    for attempt in range(150):
        cut = tmp_path / f"cut{attempt}" / "grokdesk.db"
        cut.parent.mkdir()
        cut.write_bytes(data)
        cut.with_name("grokdesk.db-wal").write_bytes(log[: dice.randrange(len(log) + 1)])
        again = open_file(cut, NOW)
        assert again.notice == ""
        keys = raw(again.sql).execute("SELECT key FROM meta WHERE value = 'x' ORDER BY key")
        found = [key for (key,) in keys]
        again.sql.close()
        assert found == [f"{number:03d}" for number in range(len(found))]
        seen.add(len(found))
    assert len(seen) > 50
