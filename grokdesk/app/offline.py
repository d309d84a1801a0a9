"""One command while nothing runs: opens as much of the program as that command needs."""

import asyncio
import contextlib
import logging
import sys
import time
from typing import Any

from grokdesk.app.commands_stored import STORED_COMMANDS
from grokdesk.app.control_client import NotRunningError, Progress, request
from grokdesk.app.foundation import Foundation, open_foundation
from grokdesk.app.instance import AlreadyRunningError, sole_instance
from grokdesk.app.options import CoreOptions
from grokdesk.app.stored import stored_over
from grokdesk.kernel.paths import Paths

_START_WAIT_S = 15.0
_LOOK_AGAIN_S = 0.1


def execute_here(
    paths: Paths,
    profile: str | None,
    command: str,
    arguments: dict[str, Any],
    on_progress: Progress,
) -> dict[str, Any]:
    """Ask a program that has come up meanwhile.

    Raise AlreadyRunningError when one holds the profile but does not answer.
    """
    logging.basicConfig(level=logging.ERROR, format="grokdesk: %(message)s")
    options = CoreOptions(paths, profile=profile, storage_only=True, allow_key_file=True)
    give_up_at = time.monotonic() + _START_WAIT_S
    while True:
        try:
            with sole_instance(paths.lock_file):
                return asyncio.run(_run(options, command, arguments, on_progress))
        except AlreadyRunningError:  # it is just starting or ending
            if time.monotonic() >= give_up_at:
                raise
        time.sleep(_LOOK_AGAIN_S)
        with contextlib.suppress(NotRunningError):
            return request(paths, command, arguments, on_progress)


async def _run(
    options: CoreOptions, command: str, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    async with open_foundation(options) as base:
        result = await _run_over(base, options, command, arguments, progress)
        for notice in base.notices:
            print(f"grokdesk: {notice}", file=sys.stderr)  # noqa: T201 - the command line's voice
        return result


async def _run_over(
    base: Foundation,
    options: CoreOptions,
    name: str,
    arguments: dict[str, Any],
    progress: Progress,
) -> dict[str, Any]:
    """The client of grok.com takes longer to load than a command about what is stored runs."""
    if (command := STORED_COMMANDS.get(name)) is not None:
        stored = stored_over(base)
        async with stored.opened():
            return await command(stored, arguments, progress)

    from grokdesk.app.commands import run_command
    from grokdesk.app.reaching import reaching_over

    reaching = reaching_over(base, options)
    async with reaching.opened():
        return await run_command(reaching, name, arguments, progress)
