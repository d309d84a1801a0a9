"""Runs a command in the running program, or here while none runs."""

from typing import Any

from grokdesk.app.control_client import NotRunningError, Progress, request
from grokdesk.kernel.paths import Paths


def execute(
    paths: Paths,
    profile: str | None,
    command: str,
    arguments: dict[str, Any],
    on_progress: Progress,
) -> dict[str, Any]:
    """Raise AlreadyRunningError when a program holds the profile but does not answer."""
    try:
        return request(paths, command, arguments, on_progress)
    except NotRunningError:
        # An answer is there before all that opens the storage were loaded.
        from grokdesk.app.offline import execute_here

        return execute_here(paths, profile, command, arguments, on_progress)
