"""What all commands of the command line share: exit codes, how to run one, and its voice."""

import argparse
import enum
import os
import sys
from typing import Any

from grokdesk.app.control_client import Progress
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.kernel.paths import Paths

SECRET_LIMIT = 100_000


class ExitCode(enum.IntEnum):
    """What a script can rely on."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    NOT_RUNNING = 3
    VAULT = 4
    PORT_TAKEN = 5
    ALREADY_RUNNING = 6
    BAD_SETTING = 7
    INTERRUPTED = 130


def execute(
    arguments: argparse.Namespace,
    command: str,
    values: dict[str, Any],
    *,
    on_progress: Progress = lambda _progress: None,
) -> dict[str, Any]:
    """In the running program, or here while none runs."""
    from grokdesk.app.remote import execute

    profile = getattr(arguments, "profile", None)
    return execute(paths_of(arguments), profile, command, values, on_progress)


def paths_of(arguments: argparse.Namespace) -> Paths:
    paths = Paths.for_profile(getattr(arguments, "profile", None), os.environ)
    paths.ensure()
    return paths


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the command line's voice


def show_progress(text: str) -> None:
    """For whoever watches; scripts see none of it."""
    if sys.stderr.isatty():
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - the command line's voice


def read_secret(prompt: str) -> str:
    """From standard input, never from an argument, which other programs can see.

    A terminal is asked without showing what is typed.
    """
    if sys.stdin.isatty():
        import getpass

        return getpass.getpass(f"{prompt}: ").strip()
    data = sys.stdin.buffer.read(SECRET_LIMIT + 1)
    if len(data) > SECRET_LIMIT:
        raise InvalidRequestError(f"This is too long for a {prompt.lower()}.")
    return data.decode("utf-8-sig", "replace").strip()
