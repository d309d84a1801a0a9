"""What the command line can ask for about accounts, as far as grok.com is not needed."""

from typing import Any

from grokdesk.app.control_client import Progress
from grokdesk.app.stored import Stored
from grokdesk.domain.account import Tier
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.quota import QuotaWindow
from grokdesk.services.accounts import DEFAULT, AccountService, AccountSnapshot, Default

_ID_CHARS = 6
"""A beginning of an id of this length or more will do, if it is the only one."""


async def list_accounts(
    stored: Stored, _arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    now = stored.clock.now()
    return {"accounts": [described(account, now) for account in stored.accounts.snapshot()]}


async def set_account(
    stored: Stored, arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    """`name`, and of `label`, `note`, `priority`, `max_in_flight`, `tier`, `enabled` what is to
    be changed."""
    account = find_account(stored.accounts, str(arguments.get("name", "")))
    changed = await stored.accounts.configure(
        account.id,
        label=_text(arguments.get("label")),
        note=_text(arguments.get("note")),
        priority=_number(arguments.get("priority"), "priority"),
        max_in_flight=_cap(arguments.get("max_in_flight")),
        tier=None if "tier" not in arguments else parse_tier(arguments["tier"]) or DEFAULT,
        enabled=None if arguments.get("enabled") is None else bool(arguments["enabled"]),
    )
    return {"account": described(changed, stored.clock.now())}


async def remove_accounts(
    stored: Stored, arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    """`names`: ids, unique beginnings of ids, labels or token hints."""
    chosen = [find_account(stored.accounts, str(name)).id for name in arguments.get("names", [])]
    return {"removed": await stored.accounts.remove(chosen)}


def described(account: AccountSnapshot, now: float) -> dict[str, Any]:
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


def find_account(accounts: AccountService, name: str) -> AccountSnapshot:
    found = [
        account
        for account in accounts.snapshot()
        if name in (account.id, account.label, account.token_hint)
        or (len(name) >= _ID_CHARS and account.id.startswith(name))
    ]
    if len(found) == 1:
        return found[0]
    problem = "fits several accounts; use the id" if found else "fits no account"
    raise InvalidRequestError(f"'{name}' {problem}.", param="account")


def parse_tier(name: Any) -> Tier | None:
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
