"""What the command line can ask for, whether the program runs or not: one implementation."""

from collections.abc import Awaitable, Callable
from typing import Any

from grokdesk import __version__
from grokdesk.domain.account import Tier
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.services.accounts import AccountSnapshot
from grokdesk.services.bundle import Services
from grokdesk.services.import_formats import ImportEntry

Progress = Callable[[dict[str, Any]], None]
Command = Callable[[Services, dict[str, Any], Progress], Awaitable[dict[str, Any]]]


async def import_accounts(
    services: Services, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """`text`, `tier` (auto or a tier's name), `probe`."""
    preview = services.importer.preview(str(arguments.get("text", "")))

    def on_saved(account_id: str, entry: ImportEntry) -> None:
        progress({"saved": account_id, "hint": entry.hint, "line": entry.line})

    result = await services.importer.run(
        preview,
        tier=_tier(arguments.get("tier", "auto")),
        probe=bool(arguments.get("probe", True)),
        on_saved=on_saved,
    )
    return {
        "saved": list(result.saved),
        "probed": result.probed,
        "restored": list(result.restored),
        "duplicates": [{"line": e.line, "reason": e.reason} for e in preview.duplicates],
        "malformed": [{"line": e.line, "reason": e.reason} for e in preview.malformed],
        "failed": [{"hint": hint, "reason": reason} for hint, reason in result.failed],
    }


async def list_accounts(
    services: Services, _arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    return {"accounts": [_account(snapshot) for snapshot in services.accounts.snapshot()]}


async def remove_accounts(
    services: Services, arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    """`names`: ids, unique beginnings of ids of 6 or more characters, labels or token hints."""
    chosen = [_find_account(services, str(name)).id for name in arguments.get("names", [])]
    return {"removed": await services.accounts.remove(chosen)}


async def create_key(
    services: Services, arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    key, text = await services.keys.create(str(arguments.get("name", "")), here=False)
    return {"id": key.id, "name": key.name, "key": text}


async def list_keys(
    services: Services, _arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    return {
        "keys": [
            {
                "id": key.id,
                "name": key.name,
                "hint": key.hint,
                "enabled": key.enabled,
                "created_at": key.created_at,
                "last_used_at": key.last_used_at,
            }
            for key in services.keys.list()
        ]
    }


async def revoke_key(
    services: Services, arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    key = await services.keys.revoke(str(arguments.get("name", "")))
    return {"revoked": key.name}


async def status(
    services: Services, _arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    gateway = services.gateway.snapshot()
    summary = services.accounts.summary()
    today = await services.usage.today()
    return {
        "running": True,
        "version": __version__,
        "state": gateway.state.value,
        "mode": "demo" if gateway.demo else "live",
        "base_url": gateway.base_url,
        "running_requests": gateway.running_requests,
        "error": gateway.error,
        "accounts": {
            "total": summary.total,
            "ready": summary.ready,
            "busy": summary.busy,
            "cooling": summary.cooling,
            "exhausted": summary.exhausted,
            "unusable": summary.unusable,
        },
        "today": {"requests": today.requests, "failed": today.failed},
    }


COMMANDS: dict[str, Command] = {
    "accounts.import": import_accounts,
    "accounts.list": list_accounts,
    "accounts.remove": remove_accounts,
    "keys.create": create_key,
    "keys.list": list_keys,
    "keys.revoke": revoke_key,
    "status": status,
}


def _account(snapshot: AccountSnapshot) -> dict[str, Any]:
    return {
        "id": snapshot.id,
        "label": snapshot.label,
        "token": snapshot.token_hint,
        "email": snapshot.email,
        "tier": snapshot.tier.label if snapshot.tier else "unknown",
        "state": snapshot.state.value,
        "state_until": snapshot.state_until,
        "reason": snapshot.evidence.summary if snapshot.evidence else "",
        "enabled": snapshot.enabled,
        "demo": snapshot.demo,
        "in_flight": snapshot.in_flight,
        "windows": [
            {
                "mode": window.mode.value,
                "remaining": window.remaining,
                "total": window.total,
                "resets_at": window.resets_at,
                "provenance": window.provenance.value,
            }
            for window in snapshot.windows
        ],
    }


def _find_account(services: Services, name: str) -> AccountSnapshot:
    found = [
        snapshot
        for snapshot in services.accounts.snapshot()
        if name in (snapshot.id, snapshot.label, snapshot.token_hint)
        or (len(name) >= 6 and snapshot.id.startswith(name))
    ]
    if len(found) == 1:
        return found[0]
    problem = "fits several accounts; use the id" if found else "fits no account"
    raise InvalidRequestError(f"'{name}' {problem}.", param="account")


def _tier(name: Any) -> Tier | None:
    if name in (None, "", "auto"):
        return None
    try:
        return Tier.parse(str(name))
    except KeyError:
        raise InvalidRequestError(
            f"'{name}' is not a tier; use auto, basic, super or heavy.", param="tier"
        ) from None
