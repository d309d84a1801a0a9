"""What the command line can ask for about the health of everything."""

from typing import Any

from grokdesk.app.control import Progress
from grokdesk.services.bundle import Services
from grokdesk.services.checking import CheckResult


async def check_up(
    services: Services, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """`probe`: ask grok.com about each account, too."""

    def on_result(result: CheckResult) -> None:
        progress({"checked": result.id, "title": result.title, "status": result.status.value})

    checkup = await services.diagnostics.check_up(
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
