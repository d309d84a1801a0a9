"""The commands `grokdesk accounts ...`."""

import argparse
import sys
from pathlib import Path
from typing import Any

from grokdesk.app.cli_run import ExitCode, execute, say, show_progress
from grokdesk.domain.errors import InvalidRequestError

_IMPORT_LIMIT = 50_000_000
_TIERS = ("auto", "basic", "super", "heavy")


def add_accounts(commands: Any, common: argparse.ArgumentParser) -> None:
    group = commands.add_parser("accounts", help="import, list, test, change, remove accounts")
    verbs = group.add_subparsers(required=True, metavar="VERB")
    _add_import(verbs, common)
    listing = verbs.add_parser("list", parents=[common], help="show all accounts")
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.set_defaults(run=_list)
    testing = verbs.add_parser(
        "test", parents=[common], help="ask grok.com about accounts; spends no request"
    )
    testing.add_argument("account", nargs="*", help="id, label, or last characters of the token")
    testing.add_argument("--all", action="store_true", help="every account")
    testing.add_argument("--json", action="store_true", help="as JSON")
    testing.set_defaults(run=_test)
    _add_set(verbs, common)
    removing = verbs.add_parser("remove", parents=[common], help="forget accounts and tokens")
    removing.add_argument("account", nargs="+", help="id, label, or last characters of the token")
    removing.set_defaults(run=_remove)


def _add_import(verbs: Any, common: argparse.ArgumentParser) -> None:
    importing = verbs.add_parser("import", parents=[common], help="import tokens from a file")
    importing.add_argument("file", metavar="FILE|-", help="a file, or - for standard input")
    importing.add_argument("--tier", choices=_TIERS, default="auto", help="default: auto")
    importing.add_argument("--no-probe", action="store_true", help="do not ask grok.com about them")
    importing.set_defaults(run=_import)


def _add_set(verbs: Any, common: argparse.ArgumentParser) -> None:
    setting = verbs.add_parser("set", parents=[common], help="change what you decide of one")
    setting.add_argument("account", help="id, label, or last characters of the token")
    setting.add_argument("--priority", type=int, metavar="N", help="higher is taken first")
    setting.add_argument("--note", metavar="TEXT", help="for yourself; '' removes it")
    setting.add_argument("--label", metavar="TEXT", help="the name it is shown with")
    setting.add_argument(
        "--max-in-flight", type=_cap, metavar="N|default", help="calls that it runs at once"
    )
    setting.add_argument("--tier", choices=_TIERS, help="auto: as grok.com says")
    switch = setting.add_mutually_exclusive_group()
    switch.add_argument("--enable", dest="enabled", action="store_const", const=True)
    switch.add_argument("--disable", dest="enabled", action="store_const", const=False)
    setting.set_defaults(run=_set, enabled=None)


def _cap(text: str) -> int | str:
    if text == "default" or text.isdecimal():
        return text if text == "default" else int(text)
    raise argparse.ArgumentTypeError(f"'{text}' is neither a number nor 'default'")


def _import(arguments: argparse.Namespace) -> int:
    from grokdesk.app.cli_output import import_progress, import_summary

    result = execute(
        arguments,
        "accounts.import",
        {
            "text": _read_import(arguments.file),
            "tier": arguments.tier,
            "probe": not arguments.no_probe,
        },
        on_progress=import_progress,
    )
    say(import_summary(result))
    nothing = not result["saved"] and (result["malformed"] or result["failed"])
    return ExitCode.FAILURE if nothing else ExitCode.OK


def _read_import(name: str) -> str:
    try:
        data = sys.stdin.buffer.read(_IMPORT_LIMIT + 1) if name == "-" else _file_bytes(name)
    except OSError as error:
        raise InvalidRequestError(f"{name} cannot be read: {error.strerror}.") from None
    if len(data) > _IMPORT_LIMIT:
        raise InvalidRequestError("This is too large for an import: 50 MB are the limit.")
    return data.decode("utf-8-sig", "replace")


def _file_bytes(name: str) -> bytes:
    with Path(name).open("rb") as file:
        return file.read(_IMPORT_LIMIT + 1)


def _list(arguments: argparse.Namespace) -> int:
    from grokdesk.app.cli_output import accounts_table, as_json

    result = execute(arguments, "accounts.list", {})
    say(as_json(result) if arguments.json else accounts_table(result["accounts"]))
    return ExitCode.OK


def _test(arguments: argparse.Namespace) -> int:
    from grokdesk.app.cli_output import as_json, findings_text

    if bool(arguments.account) is arguments.all:
        raise InvalidRequestError("Name the accounts to test, or use --all.")
    result = execute(
        arguments,
        "accounts.test",
        {"names": arguments.account, "all": arguments.all},
        on_progress=lambda progress: show_progress(f"asked about {progress['label']}"),
    )
    say(as_json(result) if arguments.json else findings_text(result["accounts"]))
    return ExitCode.OK if result["status"] != "fail" else ExitCode.FAILURE


def _set(arguments: argparse.Namespace) -> int:
    from grokdesk.app.cli_output import accounts_table

    names = ("priority", "note", "label", "max_in_flight", "tier", "enabled")
    changes = {name: getattr(arguments, name) for name in names}
    given = {name: value for name, value in changes.items() if value is not None}
    if not given:
        raise InvalidRequestError("Say what is to be changed, for example --priority 5.")
    result = execute(arguments, "accounts.set", {"name": arguments.account, **given})
    say(accounts_table([result["account"]]))
    return ExitCode.OK


def _remove(arguments: argparse.Namespace) -> int:
    result = execute(arguments, "accounts.remove", {"names": arguments.account})
    say(f"Removed {result['removed']} account(s).")
    return ExitCode.OK
