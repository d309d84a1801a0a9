"""The uses of limited keys on disk."""

import json
import logging

import pytest

from grokdesk.store.limit_journal import DAY_S, MINUTE_S, LimitJournals

NOW = 1_700_000_000.0


@pytest.fixture
def base(tmp_path):
    return tmp_path / "grokdesk.db"


@pytest.fixture
def open_journals(base):
    opened = []

    def open_():
        opened.append(LimitJournals(base))
        return opened[-1]

    yield open_
    for journals in opened:
        journals.close()


def ages(journals, now=NOW, elapsed=0.0):
    return sorted((round(now - at, 3), key_id) for at, key_id in journals.read(now, elapsed))


def test_what_was_used_within_the_window_is_there_for_the_next_process(open_journals):
    first = open_journals()
    for age in (DAY_S + 1, DAY_S - 1, 90.0, 1.0):
        first.append(NOW - age, -age, "daily", daily=True)
    for age in (61.0, 59.0):
        first.append(NOW - age, -age, "minutely", daily=False)
    expected = [(1.0, "daily"), (59.0, "minutely"), (90.0, "daily"), (DAY_S - 1, "daily")]
    assert ages(open_journals()) == expected
    assert ages(open_journals()) == expected, "reading changes nothing"


def test_nothing_is_created_for_keys_that_are_not_used(open_journals, base):
    assert open_journals().read(NOW, 0.0) == []
    assert list(base.parent.iterdir()) == []


def test_files_are_their_owners_alone(open_journals, base):
    open_journals().append(NOW, 0.0, "k", daily=True)
    (file,) = base.parent.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_half_a_line_of_a_crash_is_no_use_and_spoils_none(open_journals, base):
    open_journals().append(NOW, 0.0, "k", daily=True)
    with base.with_suffix(".limits-day").open("ab") as file:
        file.write(b"[1700000000.0,")
    second = open_journals()
    assert ages(second) == [(0.0, "k")]
    second.append(NOW, 0.0, "k", daily=True)
    assert ages(open_journals()) == [(0.0, "k"), (0.0, "k")]


@pytest.mark.parametrize("line", [b"", b"garbage", b"[]", b'["k",1]', b"[1e999]", b"\xff", b"{}"])
def test_a_damaged_line_costs_itself_alone(open_journals, base, line):
    good = json.dumps([NOW, "k"]).encode()
    base.with_suffix(".limits-day").write_bytes(b"\n".join([good, line, good, b""]))
    assert ages(open_journals()) == [(0.0, "k"), (0.0, "k")]


def test_a_file_in_which_nothing_counts_any_more_is_emptied(open_journals, base):
    open_journals().append(NOW, 0.0, "k", daily=True)
    later = open_journals()
    assert later.read(NOW + 2 * DAY_S, 0.0) == []
    assert base.with_suffix(".limits-day").stat().st_size == 0


def test_files_take_turns_and_never_lose_what_counts(open_journals, base):
    """1,000 requests a minute for two hours, restarted every now and then."""
    journals, key_id, largest = open_journals(), "k" * 32, 0
    expected = []
    for number in range(120_000):
        elapsed = number * 0.06
        journals.append(NOW + elapsed, elapsed, key_id, daily=False)
        expected.append(NOW + elapsed)
        if number % 7_777 == 0:
            journals.close()
            journals = open_journals()
            found = [at for at, _ in journals.read(NOW + elapsed, elapsed)]
            assert found == [at for at in expected[-2_000:] if at > NOW + elapsed - MINUTE_S]
        if number % 100 == 0:
            largest = max(largest, sum(file.stat().st_size for file in base.parent.iterdir()))
    assert largest < 400_000


def test_a_clock_set_back_while_running_makes_no_use_older_or_younger(open_journals):
    first = open_journals()
    first.append(NOW, 0.0, "a", daily=True)
    first.append(NOW + 10, 10.0, "b", daily=True)
    first.move(-3600.0, 20.0)
    first.append(NOW + 30 - 3600, 30.0, "c", daily=True)
    first.move(-100.0, 40.0)
    found = ages(open_journals(), now=NOW + 50 - 3700)
    assert found == [(20.0, "c"), (40.0, "b"), (50.0, "a")]


def test_a_clock_set_back_while_nothing_ran_makes_the_latest_use_a_fresh_one(open_journals):
    first = open_journals()
    first.append(NOW, 0.0, "a", daily=True)
    first.append(NOW + 10, 10.0, "b", daily=True)
    years_ago = NOW - 1e8
    assert ages(open_journals(), now=years_ago) == [(0.0, "b"), (10.0, "a")]
    later = ages(open_journals(), now=years_ago + 100)
    assert later == [(100.0, "b"), (110.0, "a")], "and from then on it ages as any other"
    assert ages(open_journals(), now=years_ago + DAY_S) == []


def test_a_turn_does_not_drop_what_counts_after_the_clock_was_set_back(open_journals, base):
    first = open_journals()
    for number in range(4_000):
        first.append(NOW + number, number, "k" * 32, daily=True)
    assert base.with_name("grokdesk.limits-day.old").exists()
    second = open_journals()
    assert len(second.read(NOW, 0.0)) == 4_000
    for number in range(4_000):
        second.append(NOW + number, number, "k" * 32, daily=True)
    assert len(open_journals().read(NOW + 4_000, 0.0)) == 8_000


def test_a_turn_amid_a_change_of_the_clock_does_not_lose_the_change(open_journals, base):
    first, uses = open_journals(), 0
    while not uses or base.with_suffix(".limits-day").stat().st_size <= 64 * 1024:
        first.append(NOW, 0.0, "k" * 32, daily=True)
        uses += 1
    first.move(-3600.0, 1.0)
    assert base.with_name("grokdesk.limits-day.old").exists()
    for _ in range(2):
        assert ages(open_journals(), now=NOW + 10 - 3600) == [(10.0, "k" * 32)] * uses
    assert ages(open_journals(), now=NOW + DAY_S - 3600 + 1) == []
    assert sum(file.stat().st_size for file in base.parent.iterdir()) == 0


def test_a_disk_that_cannot_be_written_is_told_once_and_stops_nobody(tmp_path, caplog):
    journals = LimitJournals(tmp_path / "missing" / "grokdesk.db")
    with caplog.at_level(logging.WARNING):
        assert journals.read(NOW, 0.0) == []
        for _ in range(3):
            journals.append(NOW, 0.0, "k", daily=True)
        journals.move(-100.0, 0.0)
    assert len(caplog.records) == 1
    assert "cannot be written" in caplog.text
    (tmp_path / "missing").mkdir()
    journals.append(NOW, 0.0, "k", daily=True)
    assert ages(LimitJournals(tmp_path / "missing" / "grokdesk.db")) == [(0.0, "k")]
    journals.close()


def test_without_a_place_nothing_is_kept():
    journals = LimitJournals(None)
    journals.append(NOW, 0.0, "k", daily=True)
    journals.move(-1.0, 0.0)
    assert journals.read(NOW, 0.0) == []
    journals.close()
