"""What the command line can ask for about API keys."""

from typing import Any, cast

from grokdesk.app.control_client import Progress
from grokdesk.app.stored import Stored
from grokdesk.domain.apikey import ApiKey
from grokdesk.domain.catalog import ModelCatalog
from grokdesk.domain.usage import KeyUsage
from grokdesk.services.key_policy import (
    KeyWishes,
    aliases_without_model,
    parse_expiry,
    patterns_without_model,
)


async def create_key(
    stored: Stored, arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    name = str(arguments.get("name", ""))
    key, text = await stored.keys.create(name, here=False, **_wishes(stored, arguments))
    return {**_described(stored, key, KeyUsage()), "key": text}


async def set_key(stored: Stored, arguments: dict[str, Any], _progress: Progress) -> dict[str, Any]:
    """`key` is a name or id; the rest is what changes."""
    changed = await stored.keys.configure(
        str(arguments.get("key", "")), name=arguments.get("name"), **_wishes(stored, arguments)
    )
    return await _shown(stored, changed)


async def list_keys(
    stored: Stored, _arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    usage = await stored.usage.by_key()
    return {
        "keys": [
            _described(stored, key, usage.get(key.id, KeyUsage())) for key in stored.keys.list()
        ]
    }


async def show_key(
    stored: Stored, arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    return await _shown(stored, stored.keys.find(str(arguments.get("key", ""))))


async def revoke_key(
    stored: Stored, arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    key = await stored.keys.revoke(str(arguments.get("name", "")))
    return {"revoked": key.name}


def _wishes(stored: Stored, arguments: dict[str, Any]) -> KeyWishes:
    """What is wrong with their values is found by the service."""
    wishes = {name: value for name, value in arguments.items() if name not in ("key", "name")}
    if "expires" in wishes:
        wishes["expires_at"] = parse_expiry(str(wishes.pop("expires")), stored.clock.now())
    return cast("KeyWishes", wishes)


async def _shown(stored: Stored, key: ApiKey) -> dict[str, Any]:
    usage = await stored.usage.by_key()
    shown = _described(stored, key, usage.get(key.id, KeyUsage()))
    if key.has_rate:
        allowance = stored.limits.allowance(key)
        shown["left"] = {"requests": allowance.remaining, "of": allowance.limit}
    return shown


def _described(stored: Stored, key: ApiKey, usage: KeyUsage) -> dict[str, Any]:
    """Limits that are not set are null."""
    return {
        "id": key.id,
        "name": key.name,
        "hint": key.hint,
        "state": _state(key, stored.clock.now()),
        "enabled": key.enabled,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "models": [pattern.text for pattern in key.models],
        "aliases": {alias.pattern.text: alias.model for alias in key.aliases},
        "requests_per_minute": key.requests_per_minute or None,
        "requests_per_day": key.requests_per_day or None,
        "max_concurrent": key.max_concurrent or None,
        "reasoning_format": key.reasoning_format.value,
        "last_used_at": usage.last_used_at,
        "today": {"requests": usage.requests_today, "tokens": usage.tokens_today},
        "days_30": {"requests": usage.requests_month, "tokens": usage.tokens_month},
        "notes": _notes(key, stored.catalog),
    }


def _state(key: ApiKey, now: float) -> str:
    if not key.enabled:
        return "disabled"
    return "expired" if key.has_expired(now) else "active"


def _notes(key: ApiKey, catalog: ModelCatalog) -> list[str]:
    return [
        f"No model is called '{pattern}' at present."
        for pattern in patterns_without_model(key.models, catalog)
    ] + [
        f"'{alias}' leads nowhere: no model is called '{alias.model}' at present."
        for alias in aliases_without_model(key.aliases, catalog)
    ]
