"""What the command line can ask for, whether the program runs or not: one implementation."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from grokdesk import __version__
from grokdesk.app import commands_asking, commands_doctor, commands_egress
from grokdesk.app.commands_stored import STORED_COMMANDS
from grokdesk.app.control_client import Progress
from grokdesk.app.reaching import Reaching
from grokdesk.domain.account import AccountState
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.kernel.redaction import redact

Command = Callable[[Reaching, dict[str, Any], Progress], Awaitable[dict[str, Any]]]


async def run_command(
    reaching: Reaching, name: str, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Whether it came over the control socket or nothing runs."""
    if (about_stored := STORED_COMMANDS.get(name)) is not None:
        return await about_stored(reaching.stored, arguments, progress)
    if (command := COMMANDS.get(name)) is not None:
        return await command(reaching, arguments, progress)
    raise InvalidRequestError(f"This version does not know the command '{name}'.")


async def status(
    reaching: Reaching, _arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    stored = reaching.stored
    gateway = reaching.gateway.snapshot()
    summary = stored.accounts.summary()
    states = Counter(account.state for account in stored.accounts.snapshot())
    health = reaching.health.snapshot()
    today = await stored.usage.today()
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
    "accounts.import": commands_asking.import_accounts,
    "accounts.test": commands_asking.test_accounts,
    "doctor": commands_doctor.check_up,
    "egress.clearance": commands_egress.set_clearance,
    "egress.proxy": commands_egress.set_proxy,
    "egress.statsig": commands_egress.set_statsig,
    "egress.test": commands_egress.try_egress,
    "status": status,
}
