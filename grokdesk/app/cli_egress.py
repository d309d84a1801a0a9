"""The commands `grokdesk egress ...`: how grok.com is reached."""

import argparse
import sys
from typing import Any

from grokdesk.app.cli_run import ExitCode, execute, read_secret, say
from grokdesk.domain.errors import InvalidRequestError


def add_egress(commands: Any, common: argparse.ArgumentParser) -> None:
    group = commands.add_parser("egress", help="how grok.com is reached: proxy, clearance")
    verbs = group.add_subparsers(required=True, metavar="VERB")
    testing = verbs.add_parser("test", parents=[common], help="ask grok.com, without an account")
    testing.add_argument("--json", action="store_true", help="as JSON")
    testing.set_defaults(run=_test)
    clearance = verbs.add_parser(
        "clearance", parents=[common], help="use your browser's clearance; read from stdin"
    )
    clearance.add_argument(
        "--user-agent", metavar="TEXT", default="", help="of the same browser, word for word"
    )
    clearance.add_argument("--clear", action="store_true", help="forget it")
    clearance.set_defaults(run=_clearance)
    statsig = verbs.add_parser(
        "statsig", parents=[common], help="use a pasted x-statsig-id; read from stdin"
    )
    statsig.add_argument("--clear", action="store_true", help="forget it")
    statsig.set_defaults(run=_statsig)
    _add_proxy(verbs, common)


def _add_proxy(verbs: Any, common: argparse.ArgumentParser) -> None:
    proxy = verbs.add_parser("proxy", parents=[common], help="choose the proxy")
    proxy.add_argument(
        "choice",
        nargs="?",
        choices=("system", "none", "same"),
        help="this computer's, none at all, or (for assets) the same as for all else; "
        "without a choice an address is read from stdin, as it may hold a password",
    )
    proxy.add_argument("--assets", action="store_true", help="the one for pictures and files")
    proxy.set_defaults(run=_proxy)


def _test(arguments: argparse.Namespace) -> int:
    from grokdesk.app.cli_output import as_json

    result = execute(arguments, "egress.test", {})
    say(as_json(result) if arguments.json else f"{result['sentence']} {result['action']}".strip())
    return ExitCode.OK if result["ok"] else ExitCode.FAILURE


def _clearance(arguments: argparse.Namespace) -> int:
    cookie = "" if arguments.clear else _given("Cookie")
    if cookie and not arguments.user_agent:
        raise InvalidRequestError(
            "A clearance counts only with the User-Agent of its browser: --user-agent TEXT."
        )
    values = {"cookie": cookie, "user_agent": "" if arguments.clear else arguments.user_agent}
    execute(arguments, "egress.clearance", values)
    say("The clearance is forgotten." if arguments.clear else "The clearance is in use.")
    return ExitCode.OK


def _statsig(arguments: argparse.Namespace) -> int:
    execute(arguments, "egress.statsig", {"value": "" if arguments.clear else _given("Value")})
    say("The value is forgotten." if arguments.clear else "The value is in use.")
    return ExitCode.OK


def _proxy(arguments: argparse.Namespace) -> int:
    if arguments.choice == "same" and not arguments.assets:
        raise InvalidRequestError("Only --assets can have the same proxy as all else.")
    url = arguments.choice or _given("Proxy")
    values = {"url": "" if url == "same" else url, "assets": arguments.assets}
    execute(arguments, "egress.proxy", values)
    say("From now on grok.com is reached that way.")
    return ExitCode.OK


def _given(prompt: str) -> str:
    secret = read_secret(prompt)
    if not secret:
        source = "typed" if sys.stdin.isatty() else "on standard input"
        raise InvalidRequestError(f"Nothing was {source}.")
    return secret
