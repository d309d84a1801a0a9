"""What the command line can ask for about accounts."""

from typing import Any

from grokdesk.app.control import Progress
from grokdesk.domain.account import Tier
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.quota import QuotaWindow
from grokdesk.services.accounts import DEFAULT, AccountSnapshot, Default
from grokdesk.services.bundle import Services
from grokdesk.services.checking import worst
from grokdesk.services.checks_accounts import results
from grokdesk.services.import_formats import ImportEntry

_ID_CHARS = 6
"""A beginning of an id of this length or more will do, if it is the only one."""


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
    now = services.clock.now()
    return {"accounts": [_account(account, now) for account in services.accounts.snapshot()]}


async def test_accounts(
    services: Services, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """`names` as for removal, or `all`."""
    if arguments.get("all"):
        chosen = [account for account in services.accounts.snapshot() if not account.demo]
    else:
        chosen = [_find(services, str(name)) for name in arguments.get("names", [])]
    tested = await services.diagnostics.test_accounts(
        list(dict.fromkeys(account.id for account in chosen)),
        lambda account: progress({"tested": account.id, "label": account.label}),
    )
    shown = await results(tested)
    now = services.clock.now()
    return {
        "status": worst(result.status for result in shown).value,
        "accounts": [
            {
                **_account(one.account, now),
                "status": result.status.value,
                "verdict": result.details.get("verdict"),
                "sentence": result.sentence,
                "action": result.action,
            }
            for one, result in zip(tested, shown, strict=True)
        ],
    }


async def set_account(
    services: Services, arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    """`name`, and of `label`, `note`, `priority`, `max_in_flight`, `tier`, `enabled` what is to
    be changed."""
    account = _find(services, str(arguments.get("name", "")))
    changed = await services.accounts.configure(
        account.id,
        label=_text(arguments.get("label")),
        note=_text(arguments.get("note")),
        priority=_number(arguments.get("priority"), "priority"),
        max_in_flight=_cap(arguments.get("max_in_flight")),
        tier=None if "tier" not in arguments else _tier(arguments["tier"]) or DEFAULT,
        enabled=None if arguments.get("enabled") is None else bool(arguments["enabled"]),
    )
    return {"account": _account(changed, services.clock.now())}


async def remove_accounts(
    services: Services, arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    """`names`: ids, unique beginnings of ids, labels or token hints."""
    chosen = [_find(services, str(name)).id for name in arguments.get("names", [])]
    return {"removed": await services.accounts.remove(chosen)}


def _account(account: AccountSnapshot, now: float) -> dict[str, Any]:
    evidence = account.evidence
    return {
        "id": account.id,
        "label": account.label,
        "token": account.token_hint,
        "email": account.email,
        "tier": account.tier.label if account.tier else "unknown",
        "tier_pinned": account.tier_pinned,
        "state": account.state.value,
        "state_until": account.state_until,
        "reason": evidence.summary if evidence else "",
        "action": evidence.action if evidence else "",
        "verdict": evidence.verdict if evidence else "",
        "since": evidence.at if evidence else None,
        "enabled": account.enabled,
        "priority": account.priority,
        "note": account.note,
        "max_in_flight": account.max_in_flight,
        "demo": account.demo,
        "in_flight": account.in_flight,
        "windows": [_window(window, now) for window in account.windows],
    }


def _window(window: QuotaWindow, now: float) -> dict[str, Any]:
    age = window.age(now)
    return {
        "mode": window.mode.value,
        "remaining": window.remaining,
        "total": window.total,
        "total_known": window.total_known,
        "resets_at": window.resets_at,
        "provenance": window.provenance.value,
        "measured_at": window.measured_at,
        "age_s": None if age is None else round(age),
    }


def _find(services: Services, name: str) -> AccountSnapshot:
    found = [
        account
        for account in services.accounts.snapshot()
        if name in (account.id, account.label, account.token_hint)
        or (len(name) >= _ID_CHARS and account.id.startswith(name))
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


def _cap(value: Any) -> int | Default | None:
    return DEFAULT if value == "default" else _number(value, "max_in_flight")


def _number(value: Any, param: str) -> int | None:
    if value is None or type(value) is int:
        return value
    raise InvalidRequestError(f"{param} must be a number.", param=param)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
