from typing import Any

import pytest

from grokdesk.app.cli_output import accounts_table, checkup_text, findings_text, status_text


def check(id: str, status: str = "ok", sentence: str = "Fine.", action: str = "") -> dict[str, Any]:
    return {
        "id": id,
        "title": id.title(),
        "status": status,
        "sentence": sentence,
        "action": action,
        "details": {},
    }


def window(mode: str = "fast", **changes: Any) -> dict[str, Any]:
    values = {
        "mode": mode,
        "remaining": 28,
        "total": 30,
        "total_known": True,
        "resets_at": None,
        "provenance": "measured",
        "measured_at": None,
        "age_s": None,
    }
    return values | changes


def account(**changes: Any) -> dict[str, Any]:
    values = {
        "id": "0123456789abcdef",
        "label": "work",
        "tier": "super",
        "state": "ready",
        "priority": 0,
        "note": "",
        "windows": [],
    }
    return values | changes


def test_a_report_counts_the_accounts_that_are_well_and_lists_the_others() -> None:
    checks = [
        check("version"),
        check("account:1"),
        check("account:2", "skipped", "Switched off by you."),
        check("account:3", "fail", "It was signed out.", "Sign in."),
    ]
    lines = checkup_text({"status": "fail", "checks": checks}).splitlines()
    assert lines[0].startswith("ok    Version")
    assert lines[1] == "FAIL  Account:3  It was signed out."
    assert lines[2] == "      -> Sign in."
    assert lines[3] == "ok    and 2 accounts without trouble"
    assert "FAIL" in lines[-1]


@pytest.mark.parametrize("status", ["ok", "warn", "fail"])
def test_a_report_ends_with_its_conclusion(status: str) -> None:
    text = checkup_text({"status": status, "checks": [check("version", status)]})
    assert text.splitlines()[-2] == ""
    assert text.splitlines()[-1].endswith(".")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (window(), "fast 28/30"),
        (window(provenance="estimated"), "fast ~28/30"),
        (window(provenance="stale", age_s=3 * 3600 + 60), "fast ~28/30 (3 h old)"),
        (window("video", total_known=False), "video 28"),
    ],
)
def test_a_quota_tells_how_far_it_can_be_trusted(given: dict[str, Any], shown: str) -> None:
    assert shown in accounts_table([account(windows=[given])])


def test_a_table_shows_the_first_line_of_a_note() -> None:
    table = accounts_table([account(note="for work\nand more", priority=5)])
    assert "for work" in table
    assert "and more" not in table
    assert "5" in table.splitlines()[1]


def test_without_accounts_the_next_step_is_told() -> None:
    assert "accounts import" in accounts_table([])
    assert "accounts import" in findings_text([])


def test_a_test_shows_what_each_account_needs() -> None:
    found = account(status="fail", sentence="It was signed out.", action="Sign in.")
    assert findings_text([found]).splitlines() == [
        "FAIL  work (01234567)  It was signed out.",
        "      -> Sign in.",
    ]


def test_a_status_tells_when_grok_is_left_alone() -> None:
    status: dict[str, Any] = {
        "version": "1",
        "state": "running",
        "mode": "live",
        "base_url": "http://127.0.0.1:1/v1",
        "running_requests": 0,
        "error": "",
        "accounts": {"ready": 1, "total": 1},
        "today": {"requests": 0, "failed": 0},
        "upstream": {"state": "closed", "until": None, "reason": ""},
    }
    assert "left alone" not in status_text(status)
    status["upstream"] = {"state": "open", "until": 5.0, "reason": "grok.com is down."}
    assert "left alone for a moment: grok.com is down." in status_text(status)
