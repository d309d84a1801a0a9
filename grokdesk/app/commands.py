"""What the command line can ask for, whether the program runs or not: one implementation."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from grokdesk import __version__
from grokdesk.app import commands_accounts, commands_doctor, commands_egress, commands_keys
from grokdesk.app.control import Progress
from grokdesk.domain.account import AccountState
from grokdesk.kernel.redaction import redact
from grokdesk.services.bundle import Services

Command = Callable[[Services, dict[str, Any], Progress], Awaitable[dict[str, Any]]]


async def status(
    services: Services, _arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    gateway = services.gateway.snapshot()
    summary = services.accounts.summary()
    states = Counter(account.state for account in services.accounts.snapshot())
    health = services.health.snapshot()
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
            "states": {state.value: states[state] for state in AccountState},
            "next_reset_at": summary.next_reset_at,
        },
        "upstream": {
            "state": health.state.value,
            "until": health.until,
            "reason": redact(health.reason),
        },
        "today": {"requests": today.requests, "failed": today.failed},
    }


COMMANDS: dict[str, Command] = {
    "accounts.import": commands_accounts.import_accounts,
    "accounts.list": commands_accounts.list_accounts,
    "accounts.remove": commands_accounts.remove_accounts,
    "accounts.set": commands_accounts.set_account,
    "accounts.test": commands_accounts.test_accounts,
    "doctor": commands_doctor.check_up,
    "egress.clearance": commands_egress.set_clearance,
    "egress.proxy": commands_egress.set_proxy,
    "egress.statsig": commands_egress.set_statsig,
    "egress.test": commands_egress.try_egress,
    "keys.create": commands_keys.create_key,
    "keys.list": commands_keys.list_keys,
    "keys.revoke": commands_keys.revoke_key,
    "keys.set": commands_keys.set_key,
    "keys.show": commands_keys.show_key,
    "status": status,
}
