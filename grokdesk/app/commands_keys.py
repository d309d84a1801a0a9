"""What the command line can ask for about API keys."""

from typing import Any, cast

from grokdesk.app.control import Progress
from grokdesk.domain.apikey import ApiKey
from grokdesk.domain.catalog import ModelCatalog
from grokdesk.domain.usage import KeyUsage
from grokdesk.services.bundle import Services
from grokdesk.services.key_policy import (
    KeyWishes,
    aliases_without_model,
    parse_expiry,
    patterns_without_model,
)


async def create_key(
    services: Services, arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    name = str(arguments.get("name", ""))
    key, text = await services.keys.create(name, here=False, **_wishes(services, arguments))
    return {**_described(services, key, KeyUsage()), "key": text}


async def set_key(
    services: Services, arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    """`key` is a name or id; the rest is what changes."""
    changed = await services.keys.configure(
        str(arguments.get("key", "")), name=arguments.get("name"), **_wishes(services, arguments)
    )
    return await _shown(services, changed)


async def list_keys(
    services: Services, _arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    usage = await services.usage.by_key()
    return {
        "keys": [
            _described(services, key, usage.get(key.id, KeyUsage())) for key in services.keys.list()
        ]
    }


async def show_key(
    services: Services, arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    return await _shown(services, services.keys.find(str(arguments.get("key", ""))))


async def revoke_key(
    services: Services, arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    key = await services.keys.revoke(str(arguments.get("name", "")))
    return {"revoked": key.name}


def _wishes(services: Services, arguments: dict[str, Any]) -> KeyWishes:
    """What is wrong with their values is found by the service."""
    wishes = {name: value for name, value in arguments.items() if name not in ("key", "name")}
    if "expires" in wishes:
        wishes["expires_at"] = parse_expiry(str(wishes.pop("expires")), services.clock.now())
    return cast("KeyWishes", wishes)


async def _shown(services: Services, key: ApiKey) -> dict[str, Any]:
    usage = await services.usage.by_key()
    shown = _described(services, key, usage.get(key.id, KeyUsage()))
    if key.has_rate:
        allowance = services.admission.allowance(key)
        shown["left"] = {"requests": allowance.remaining, "of": allowance.limit}
    return shown


def _described(services: Services, key: ApiKey, usage: KeyUsage) -> dict[str, Any]:
    """Limits that are not set are null."""
    return {
        "id": key.id,
        "name": key.name,
        "hint": key.hint,
        "state": _state(key, services.clock.now()),
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
        "notes": _notes(key, services.catalog),
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
