"""What the command line prints about API keys."""

from collections.abc import Sequence
from typing import Any

from grokdesk.app.cli_output import moment, table


def keys_table(keys: Sequence[dict[str, Any]]) -> str:
    if not keys:
        return "No API keys yet. Create one with: grokdesk keys create --name NAME"
    rows = [
        (
            key["id"][:8],
            key["name"],
            key["hint"],
            key["state"],
            _limits(key),
            moment(key["last_used_at"]) if key["last_used_at"] else "never",
            _use(key["today"]),
            _use(key["days_30"]),
        )
        for key in keys
    ]
    header = ("ID", "NAME", "KEY", "STATE", "LIMITS", "LAST USED", "TODAY", "30 DAYS")
    return table(header, rows)


def key_text(key: dict[str, Any]) -> str:
    facts = {
        "State": key["state"],
        "Key": key["hint"],
        "Id": key["id"],
        "Created": moment(key["created_at"]),
        "Expires": moment(key["expires_at"]) if key["expires_at"] else "never",
        "Models": ", ".join(key["models"]) or "all",
        "Aliases": ", ".join(f"{name}={model}" for name, model in key["aliases"].items()) or "none",
        "Limits": _limits(key),
        "Thinking": "as <think> tags" if key["reasoning_format"] == "think" else "in its own field",
        "Last used": moment(key["last_used_at"]) if key["last_used_at"] else "never",
        "Today": _use(key["today"]),
        "30 days": _use(key["days_30"]),
    }
    if left := key.get("left"):
        facts["Left"] = f"{left['requests']} of {left['of']} requests"
    return "\n".join([key["name"], *(f"  {name:<9}  {fact}" for name, fact in facts.items())])


def _limits(key: dict[str, Any]) -> str:
    limits = {
        "/min": key["requests_per_minute"],
        "/day": key["requests_per_day"],
        " at once": key["max_concurrent"],
    }
    return ", ".join(f"{number}{words}" for words, number in limits.items() if number) or "none"


def _use(use: dict[str, Any]) -> str:
    return f"{use['requests']} req, {use['tokens']} tok"
