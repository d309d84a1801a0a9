"""The words dev.py understands."""

import io
import sys
from collections.abc import Callable, Sequence

from devtool import verbs
from devtool.console import ToolError

_VERBS: dict[str, tuple[Callable[[Sequence[str]], int], str]] = {
    "run": (verbs.start, 'start Grokdesk; without a display the gateway alone (ARGS="--demo")'),
    "test": (verbs.test, 'all tests (ARGS="tests/unit -k pool" for some)'),
    "test-clients": (
        verbs.test_clients,
        "real SDKs and agents against Grokdesk (2 GB to install)",
    ),
    "check": (
        verbs.check,
        "format, lint, types, architecture, locks, all tests (--fast: no tests)",
    ),
    "bench": (verbs.bench, "measure latency, throughput and memory"),
    "build": (verbs.build, "a program that needs no Python: dist/grokdesk"),
    "selftest": (verbs.selftest, "one request through everything, offline"),
    "lock": (verbs.lock, "pin the dependencies again, with hashes (--upgrade)"),
    "clean": (verbs.clean, "delete build products and caches (--all: environments too)"),
}


def main(arguments: Sequence[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # Windows code pages lack some signs
    word, *rest = arguments or ["help"]
    if word in ("help", "-h", "--help"):
        return _help()
    if word not in _VERBS:
        print(f"error: there is no {word!r}", file=sys.stderr)
        _help()
        return 2
    try:
        return _VERBS[word][0](rest)
    except ToolError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _help() -> int:
    print('\n  make WORD [ARGS="…"]   without make: python packaging/dev.py WORD […]\n')
    for word, (_, purpose) in _VERBS.items():
        print(f"  {word:<12} {purpose}")
    print()
    return 0
