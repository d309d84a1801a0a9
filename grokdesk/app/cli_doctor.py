"""The command `grokdesk doctor`."""

import argparse
from typing import Any

from grokdesk.app.cli_run import ExitCode, execute, say, show_progress
from grokdesk.domain.errors import GrokdeskError


def add_doctor(commands: Any, common: argparse.ArgumentParser) -> None:
    doctor = commands.add_parser(
        "doctor", parents=[common], help="look at everything that may be in the way"
    )
    doctor.add_argument("--json", action="store_true", help="as JSON")
    doctor.add_argument(
        "--probe", action="store_true", help="ask grok.com about each account; spends no request"
    )
    doctor.set_defaults(run=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    from grokdesk.app.cli_output import as_json, checkup_text

    try:
        result = execute(
            arguments, "doctor", {"probe": arguments.probe}, on_progress=_show_progress
        )
    except GrokdeskError as error:
        result = _no_start(error)
    say(as_json(result) if arguments.json else checkup_text(result))
    return ExitCode.FAILURE if result["status"] == "fail" else ExitCode.OK


def _show_progress(progress: dict[str, Any]) -> None:
    show_progress(f"checked: {progress['title']}")


def _no_start(error: GrokdeskError) -> dict[str, Any]:
    """What keeps the program from starting keeps the other checks from running."""
    from grokdesk.domain.diagnosis import diagnose

    diagnosis = diagnose(error)
    check = {
        "id": "start",
        "title": "Start",
        "status": "fail",
        "sentence": diagnosis.sentence,
        "action": diagnosis.action,
        "details": {"verdict": diagnosis.verdict.value},
    }
    return {"status": "fail", "checks": [check]}
