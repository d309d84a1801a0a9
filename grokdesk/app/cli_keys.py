"""The commands `grokdesk keys ...`."""

import argparse
import sys
from typing import Any

from grokdesk.app.cli_run import ExitCode, execute, say
from grokdesk.domain.errors import InvalidRequestError

_NO_LIMIT = ("0", "none")
_OPTIONS = (
    "name",
    "enabled",
    "expires",
    "models",
    "aliases",
    "requests_per_minute",
    "requests_per_day",
    "max_concurrent",
    "reasoning_format",
)


def add_keys(commands: Any, common: argparse.ArgumentParser) -> None:
    group = commands.add_parser("keys", help="create, limit, list and revoke API keys")
    verbs = group.add_subparsers(required=True, metavar="VERB")
    json = argparse.ArgumentParser(add_help=False)
    json.add_argument("--json", action="store_true", help="as JSON")
    policy = _policy_options()
    creating = verbs.add_parser(
        "create", parents=[common, policy, json], help="print a new key, once"
    )
    creating.add_argument("--name", required=True, help="what it is for")
    creating.set_defaults(run=_create)
    setting = verbs.add_parser(
        "set", parents=[common, policy, json], help="change what a key may do, at once"
    )
    setting.add_argument("key", help="its name or id")
    setting.add_argument("--rename", dest="name", metavar="TEXT", help="what it is for")
    switch = setting.add_mutually_exclusive_group()
    switch.add_argument("--enable", dest="enabled", action="store_const", const=True)
    switch.add_argument("--disable", dest="enabled", action="store_const", const=False)
    setting.set_defaults(run=_set)
    listing = verbs.add_parser(
        "list", parents=[common, json], help="show all keys, their limits and their use"
    )
    listing.set_defaults(run=_list)
    showing = verbs.add_parser("show", parents=[common, json], help="show all about one key")
    showing.add_argument("key", help="its name or id")
    showing.set_defaults(run=_show)
    revoking = verbs.add_parser("revoke", parents=[common, json], help="end a key at once")
    revoking.add_argument("key", help="its name or id")
    revoking.set_defaults(run=_revoke)


def _policy_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--models", metavar="LIST", help="only these, such as 'grok-chat-*'; '' allows all"
    )
    options.add_argument(
        "--per-minute",
        dest="requests_per_minute",
        type=_limit,
        metavar="N",
        help="requests in any minute; 0 is no limit",
    )
    options.add_argument(
        "--per-day", dest="requests_per_day", type=_limit, metavar="N", help="in any 24 hours"
    )
    options.add_argument(
        "--concurrent", dest="max_concurrent", type=_limit, metavar="N", help="requests at once"
    )
    options.add_argument(
        "--expires", metavar="WHEN", help="2026-12-31 (to its end), 30d, 12h, 2w or never"
    )
    options.add_argument(
        "--reasoning",
        dest="reasoning_format",
        choices=("field", "think"),
        help="thinking in a field of its own, or as <think> tags in the text",
    )
    options.add_argument(
        "--aliases", metavar="LIST", help="names for models, such as 'gpt-*=grok-chat-fast'"
    )
    return options


def _limit(text: str) -> int:
    if text in _NO_LIMIT:
        return 0
    if text.isdecimal() and text.isascii() and len(text) < 10:
        return int(text)
    raise argparse.ArgumentTypeError(f"'{text}' is neither a number nor 'none'")


def _create(arguments: argparse.Namespace) -> int:
    from grokdesk.app.cli_output import as_json

    result = execute(arguments, "keys.create", _given(arguments))
    _warn(result)
    say(as_json(result) if arguments.json else result["key"])
    return ExitCode.OK


def _set(arguments: argparse.Namespace) -> int:
    changes = _given(arguments)
    if not changes:
        raise InvalidRequestError("Say what is to be changed, for example --per-minute 60.")
    result = execute(arguments, "keys.set", {"key": arguments.key, **changes})
    _warn(result)
    return _print_one(result, as_json=arguments.json)


def _list(arguments: argparse.Namespace) -> int:
    from grokdesk.app.cli_keys_output import keys_table
    from grokdesk.app.cli_output import as_json

    result = execute(arguments, "keys.list", {})
    say(as_json(result) if arguments.json else keys_table(result["keys"]))
    return ExitCode.OK


def _show(arguments: argparse.Namespace) -> int:
    result = execute(arguments, "keys.show", {"key": arguments.key})
    _warn(result)
    return _print_one(result, as_json=arguments.json)


def _revoke(arguments: argparse.Namespace) -> int:
    from grokdesk.app.cli_output import as_json

    result = execute(arguments, "keys.revoke", {"name": arguments.key})
    say(as_json(result) if arguments.json else f"Revoked the key '{result['revoked']}'.")
    return ExitCode.OK


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    values = {name: getattr(arguments, name, None) for name in _OPTIONS}
    return {name: value for name, value in values.items() if value is not None}


def _warn(result: dict[str, Any]) -> None:
    for note in result["notes"]:
        print(f"grokdesk: {note}", file=sys.stderr)  # noqa: T201 - the command line's voice


def _print_one(key: dict[str, Any], *, as_json: bool) -> int:
    from grokdesk.app import cli_keys_output, cli_output

    say(cli_output.as_json(key) if as_json else cli_keys_output.key_text(key))
    return ExitCode.OK
