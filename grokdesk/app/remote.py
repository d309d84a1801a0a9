"""Runs a command in the running program, or here while none runs."""

import asyncio
import contextlib
import logging
import sys
from typing import Any

from grokdesk.app import control
from grokdesk.app.instance import AlreadyRunningError, sole_instance
from grokdesk.kernel.paths import Paths

_START_WAIT_S = 15.0
_LOOK_AGAIN_S = 0.1


async def execute(
    paths: Paths,
    profile: str | None,
    command: str,
    arguments: dict[str, Any],
    on_progress: control.Progress,
) -> dict[str, Any]:
    """Raise AlreadyRunningError when a program holds the profile but does not answer."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + _START_WAIT_S
    while True:
        with contextlib.suppress(control.NotRunningError):
            return await control.request(paths, command, arguments, on_progress)
        try:
            with sole_instance(paths.lock_file):
                return await _execute_here(paths, profile, command, arguments, on_progress)
        except AlreadyRunningError:  # it is just starting or ending
            if loop.time() >= give_up_at:
                raise
            await asyncio.sleep(_LOOK_AGAIN_S)


async def _execute_here(
    paths: Paths,
    profile: str | None,
    command: str,
    arguments: dict[str, Any],
    on_progress: control.Progress,
) -> dict[str, Any]:
    from grokdesk.app.core import CoreOptions, open_core, run_command

    logging.basicConfig(level=logging.ERROR, format="grokdesk: %(message)s")
    options = CoreOptions(paths, profile=profile, storage_only=True, allow_key_file=True)
    async with open_core(options) as core:
        result = await run_command(core, command, arguments, on_progress)
        for notice in core.notices:
            print(f"grokdesk: {notice}", file=sys.stderr)  # noqa: T201 - the command line's voice
        return result
