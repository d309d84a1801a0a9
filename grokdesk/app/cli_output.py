"""What the command line prints: for people by default, JSON where asked."""

import datetime
import json
from collections.abc import Sequence
from typing import Any


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def import_progress(progress: dict[str, Any]) -> None:
    """One line per token, printed when it is durable."""
    print(f"saved {progress['saved']} {progress['hint']}", flush=True)  # noqa: T201 - the command line's voice


def import_summary(result: dict[str, Any]) -> str:
    lines = [f"line {bad['line']}: {bad['reason']}" for bad in result["malformed"]]
    lines += [f"{failed['hint']}: {failed['reason']}" for failed in result["failed"]]
    saved = len(result["saved"])
    checked = f", {result['probed']} checked" if result["probed"] else ""
    if restored := len(result["restored"]):
        lines.append(f"Gave {restored} known account{'' if restored == 1 else 's'} the token back.")
    lines.append(
        f"Imported {saved} account{'' if saved == 1 else 's'}{checked}; "
        f"{len(result['duplicates'])} duplicate, {len(result['malformed'])} malformed."
    )
    return "\n".join(lines)


def accounts_table(accounts: Sequence[dict[str, Any]]) -> str:
    if not accounts:
        return "No accounts yet. Import some with: grokdesk accounts import FILE"
    rows = [
        (
            account["id"][:8],
            account["label"],
            account["tier"],
            account["state"],
            str(account["priority"]),
            " ".join(_left(window) for window in account["windows"]) or "-",
            account["note"].partition("\n")[0],
        )
        for account in accounts
    ]
    return table(("ID", "LABEL", "TIER", "STATE", "PRIORITY", "QUOTA", "NOTE"), rows)


def findings_text(accounts: Sequence[dict[str, Any]]) -> str:
    if not accounts:
        return "No accounts yet. Import some with: grokdesk accounts import FILE"
    return "\n".join(
        line
        for account in accounts
        for line in _finding(account, f"{account['label']} ({account['id'][:8]})")
    )


def checkup_text(checkup: dict[str, Any]) -> str:
    """Accounts that are well are counted, not listed."""
    width = max((len(check["title"]) for check in checkup["checks"]), default=0)
    lines: list[str] = []
    quiet = 0
    for check in checkup["checks"]:
        if _is_account(check) and check["status"] in _WELL:
            quiet += 1
        elif _is_account(check):
            lines += _finding(check, check["title"])
        else:
            lines += _finding(check, check["title"].ljust(min(width, _TITLE_CHARS)))
    if quiet:
        lines.append(f"ok    and {quiet} account{'' if quiet == 1 else 's'} without trouble")
    lines += ["", _CONCLUSIONS[checkup["status"]]]
    return "\n".join(lines)


def status_text(status: dict[str, Any]) -> str:
    accounts = status["accounts"]
    demo = " (demo: the built-in simulator answers)" if status["mode"] == "demo" else ""
    lines = [
        f"Grokdesk {status['version']} is {status['state']}{demo}",
        f"  Endpoint  {status['base_url']}",
        f"  Accounts  {accounts['ready']} of {accounts['total']} ready",
        f"  Requests  {status['running_requests']} running, "
        f"{status['today']['requests']} today, {status['today']['failed']} failed",
    ]
    upstream = status["upstream"]
    if upstream["state"] != "closed":
        lines.append(f"  grok.com  is left alone for a moment: {upstream['reason']}")
    if status["error"]:
        lines.append(f"  Problem   {status['error']}")
    return "\n".join(lines)


def welcome(base_url: str, key: str, key_note: str, *, demo: bool, sandbox: bool) -> str:
    """What a terminal shows at start. `key` is empty when no key can be shown."""
    lines = ["Grokdesk is running."]
    if demo:
        lines.append("DEMO: the built-in simulator answers, offline; no Grok account is used.")
        lines.append(
            "      Nothing is saved in this mode."
            if sandbox
            else "      Import a token to leave it: grokdesk accounts import FILE"
        )
    lines += [f"  Endpoint  {base_url}", f"  API key   {key or key_note}"]
    if key and key_note:
        lines.append(f"            {key_note}")
    lines += [
        "  Try it:",
        f"curl {base_url}/chat/completions -H 'Authorization: Bearer {key or 'YOUR_KEY'}' "
        "-H 'Content-Type: application/json' "
        """-d '{"model": "grok-chat-fast", "messages": [{"role": "user", "content": "Hello"}]}'""",
    ]
    return "\n".join(lines)


_WELL = ("ok", "skipped")
_TITLE_CHARS = 16
_MARKS = {"ok": "ok", "warn": "WARN", "fail": "FAIL", "skipped": "-"}
_CONCLUSIONS = {
    "ok": "All is well.",
    "warn": "It works; see what is marked WARN.",
    "fail": "Something is in the way; see what is marked FAIL.",
}


def _is_account(check: dict[str, Any]) -> bool:
    return bool(check["id"].startswith("account:"))


def _finding(found: dict[str, Any], title: str) -> list[str]:
    lines = [f"{_MARKS[found['status']]:<4}  {title}  {found['sentence']}"]
    if found["action"]:
        lines.append(f"      -> {found['action']}")
    return lines


def _left(window: dict[str, Any]) -> str:
    """`~`: counted or old; the age tells how old the reading is that it rests on."""
    sign = "" if window["provenance"] == "measured" else "~"
    total = f"/{window['total']}" if window["total_known"] else ""
    age = window["age_s"]
    old = f" ({round(age / 3600)} h old)" if window["provenance"] == "stale" and age else ""
    return f"{window['mode']} {sign}{window['remaining']}{total}{old}"


def moment(at: float) -> str:
    return datetime.datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(str(row[i])) for row in (header, *rows)) for i in range(len(header))]
    lines = [
        "  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (header, *rows)
    ]
    return "\n".join(lines)
