"""The command line. Exit codes are part of the interface: see `ExitCode`."""

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from grokdesk import __version__
from grokdesk.app.cli_accounts import add_accounts
from grokdesk.app.cli_doctor import add_doctor
from grokdesk.app.cli_egress import add_egress
from grokdesk.app.cli_keys import add_keys
from grokdesk.app.cli_run import ExitCode, paths_of, say
from grokdesk.app.control_client import NotRunningError, request
from grokdesk.domain.errors import (
    ConflictError,
    GrokdeskError,
    InvalidRequestError,
    SettingsError,
    VaultLockedError,
)

_KINDS = {
    "VaultLockedError": ExitCode.VAULT,
    "SettingsError": ExitCode.BAD_SETTING,
    "InvalidRequestError": ExitCode.USAGE,
    "NotRunningError": ExitCode.NOT_RUNNING,
    "PortTakenError": ExitCode.PORT_TAKEN,
    "AlreadyRunningError": ExitCode.ALREADY_RUNNING,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the `grokdesk` script."""
    os.umask(0o077)
    arguments = _parser().parse_args(argv)
    try:
        with _broken_pipe_is_no_failure():
            return int(arguments.run(arguments))
    except GrokdeskError as error:
        print(f"grokdesk: {error}", file=sys.stderr)
        return int(_exit_code(error))
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)


def _exit_code(error: GrokdeskError) -> ExitCode:
    kind = getattr(error, "kind", type(error).__name__)
    if kind in _KINDS:
        return _KINDS[kind]
    for base, code in (
        (VaultLockedError, ExitCode.VAULT),
        (SettingsError, ExitCode.BAD_SETTING),
        (InvalidRequestError, ExitCode.USAGE),
        (ConflictError, ExitCode.FAILURE),
    ):
        if isinstance(error, base):
            return code
    return ExitCode.FAILURE


@contextlib.contextmanager
def _broken_pipe_is_no_failure() -> Iterator[None]:
    """`grokdesk accounts list | head` ends quietly."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--profile", metavar="NAME", help="keep everything apart under this name")
    serving = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    serving.add_argument("--port", type=_port, metavar="P", help="listen on this port")
    serving.add_argument(
        "--demo", action="store_true", help="answer from the built-in simulator; save nothing"
    )
    parser = argparse.ArgumentParser(
        prog="grokdesk",
        parents=[common, serving],
        description="Your own Grok accounts as an OpenAI-compatible endpoint on this computer.",
        epilog="exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 not running, 4 keyring "
        "locked or missing, 5 port taken, 6 already running, 7 bad setting, 130 interrupted",
    )
    parser.add_argument("--version", action="version", version=f"Grokdesk {__version__}")
    parser.add_argument("--minimized", action="store_true", help="start in the tray, no window")
    parser.add_argument(
        "--selftest", action="store_true", help="check this installation offline, then end"
    )
    parser.set_defaults(run=_desktop)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_serve(commands, [common, serving])
    add_accounts(commands, common)
    add_doctor(commands, common)
    add_egress(commands, common)
    add_keys(commands, common)
    status = commands.add_parser("status", parents=[common], help="what the program does now")
    status.add_argument("--json", action="store_true", help="as JSON")
    status.set_defaults(run=_status)
    return parser


def _add_serve(commands: Any, parents: list[argparse.ArgumentParser]) -> None:
    serve = commands.add_parser("serve", parents=parents, help="run without a window")
    serve.add_argument("--host", default=None, metavar="H", help="listen on this address")
    serve.set_defaults(run=_serve)


def _port(text: str) -> int:
    if text.isdecimal() and 0 <= int(text) <= 65_535:
        return int(text)
    raise argparse.ArgumentTypeError(f"'{text}' is not a port; use 0 to 65535")


def _desktop(arguments: argparse.Namespace) -> int:
    if arguments.selftest:
        from grokdesk.app.selftest import run_selftest

        return run_selftest()
    from grokdesk.app.desktop import run_desktop

    return run_desktop(
        paths_of(arguments),
        profile=getattr(arguments, "profile", None),
        port=getattr(arguments, "port", None),
        demo=getattr(arguments, "demo", False),
        minimized=arguments.minimized,
    )


def _serve(arguments: argparse.Namespace) -> int:
    from grokdesk.app.headless import run_headless

    return run_headless(
        paths_of(arguments),
        profile=getattr(arguments, "profile", None),
        host=arguments.host,
        port=getattr(arguments, "port", None),
        demo=getattr(arguments, "demo", False),
    )


def _status(arguments: argparse.Namespace) -> int:
    from grokdesk.app.cli_output import as_json, status_text

    try:
        result = request(paths_of(arguments), "status", {}, lambda _: None)
    except NotRunningError:
        if not arguments.json:
            raise
        say(as_json({"running": False}))
        return ExitCode.NOT_RUNNING
    say(as_json(result) if arguments.json else status_text(result))
    return ExitCode.OK
