"""What the command line can ask for about the way to grok.com. Secrets come in the arguments of
the private control socket, never in those of a process."""

from typing import Any

from grokdesk.app.control_client import Progress
from grokdesk.app.reaching import Reaching
from grokdesk.domain.diagnosis import diagnose
from grokdesk.kernel.redaction import redact
from grokdesk.services.egress import Reachability


async def try_egress(
    reaching: Reaching, _arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    checked = await reaching.egress.test()
    diagnosis = diagnose(checked.error) if checked.error is not None else None
    return {
        "ok": checked.result is Reachability.REACHABLE,
        "result": checked.result.value,
        "verdict": diagnosis.verdict.value if diagnosis else "ok",
        "sentence": redact(diagnosis.sentence if diagnosis else checked.sentence),
        "action": redact(diagnosis.action) if diagnosis else "",
        "proxy": redact(checked.proxy),
        "server_time": checked.server_time,
    }


async def set_clearance(
    reaching: Reaching, arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    """`cookie` and `user_agent` of one browser; both empty: forget them."""
    await reaching.egress.set_clearance(
        str(arguments.get("cookie", "")), str(arguments.get("user_agent", ""))
    )
    return {}


async def set_statsig(
    reaching: Reaching, arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    """`value`; empty: forget it."""
    await reaching.egress.set_statsig(str(arguments.get("value", "")))
    return {}


async def set_proxy(
    reaching: Reaching, arguments: dict[str, Any], _progress: Progress
) -> dict[str, Any]:
    """`url`: system, none or an address; for `assets` also empty: as for all else."""
    await reaching.egress.set_proxy(
        str(arguments.get("url", "")), assets=bool(arguments.get("assets", False))
    )
    return {}
