"""What the command line can ask for about the health of everything."""

from typing import Any

from grokdesk.app.control_client import Progress
from grokdesk.app.reaching import Reaching
from grokdesk.services.checking import CheckResult


async def check_up(
    reaching: Reaching, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """`probe`: ask grok.com about each account, too."""

    def on_result(result: CheckResult) -> None:
        progress({"checked": result.id, "title": result.title, "status": result.status.value})

    checkup = await reaching.diagnostics.check_up(
        probe=bool(arguments.get("probe", False)), on_result=on_result
    )
    return {
        "status": checkup.status.value,
        "checks": [
            {
                "id": result.id,
                "title": result.title,
                "status": result.status.value,
                "sentence": result.sentence,
                "action": result.action,
                "details": dict(result.details),
            }
            for result in checkup.results
        ],
    }
