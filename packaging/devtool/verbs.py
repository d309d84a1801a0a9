"""What each word after dev.py does."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from devtool import clients, locks, pytests, system, venv
from devtool.console import ROOT, Command, ToolError, become, capture, run, run_or_stop, say

# These answer in the terminal, so they need no Qt.
_TERMINAL = {"serve", "accounts", "keys", "status", "--selftest", "--version", "--help", "-h"}


def start(arguments: Sequence[str]) -> int:
    if _opens_windows(arguments):
        python = locks.ensure("desktop")
        system.ensure(system.desktop_needs(), "the desktop app")
    else:
        python = locks.ensure("core")
        if _TERMINAL.isdisjoint(arguments):
            say("No display here: starting the gateway without windows (serve)")
            arguments = ["serve", *arguments]
    return become([python, "-m", "grokdesk", *arguments])


def _opens_windows(arguments: Sequence[str]) -> bool:
    return _TERMINAL.isdisjoint(arguments) and _has_display()


def _has_display() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def selftest(arguments: Sequence[str]) -> int:
    python = locks.ensure("core")
    return become([python, "-m", "grokdesk", "--selftest", *arguments])


def test(arguments: Sequence[str]) -> int:
    return pytests.run_tests(arguments)


def test_clients(arguments: Sequence[str]) -> int:
    return clients.run_tests(arguments)


def check(arguments: Sequence[str]) -> int:
    """Everything runs, also after a failure: one round shows all there is to mend."""
    fast, others = "--fast" in arguments, [one for one in arguments if one != "--fast"]
    python = locks.ensure("dev")
    results = {
        "format": run([python, "-m", "ruff", "format", "--check", "."]),
        "lint": run([python, "-m", "ruff", "check", "."]),
        "types": run([python, "-m", "mypy"]),
        "architecture": run([venv.program_of(venv.MAIN, "lint-imports")]),
        "locks": _check_locks(),
    }
    if not fast:
        results["tests"] = pytests.run_tests(others)
    words = [f"{name} {'FAILED' if code else 'ok'}" for name, code in results.items()]
    say(", ".join(words))
    return int(any(results.values()))


def _check_locks() -> int:
    if files := locks.stale():
        say(f"Made for other requirements than pyproject.toml has: {', '.join(files)}: make lock")
        return 1
    return 0


def bench(arguments: Sequence[str]) -> int:
    python = locks.ensure("dev")
    return run([python, "-m", "tests.bench", *arguments])


def build(arguments: Sequence[str]) -> int:
    """dist/grokdesk from an environment that holds nothing but what goes in."""
    system.ensure(system.build_needs(), "the build")
    python = locks.ensure("build", venv.BUILD)
    pyinstaller: Command = [python, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    say("Building dist/grokdesk (about a minute)")
    run_or_stop(
        [*pyinstaller, *arguments, "build.spec"], "PyInstaller failed.", extra_env=_reproducible()
    )
    say(f"dist/grokdesk: {_megabytes(ROOT / 'dist' / 'grokdesk'):.0f} MB")
    return 0


def _reproducible() -> dict[str, str]:
    last_commit = capture(["git", "log", "-1", "--format=%ct"]) if shutil.which("git") else None
    date = last_commit.stdout.strip() if last_commit and last_commit.returncode == 0 else "0"
    return {"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", date)}


def _megabytes(folder: Path) -> float:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6


def lock(arguments: Sequence[str]) -> int:
    locks.lock(list(arguments))
    clients.lock(arguments)
    return 0


def clean(arguments: Sequence[str]) -> int:
    if unknown := set(arguments) - {"--all"}:
        raise ToolError(f"clean knows only --all, not {' '.join(sorted(unknown))}.")
    names: list[str | Path] = ["build", "dist", ".pytest_cache", ".mypy_cache", ".ruff_cache"]
    names += [".import_linter_cache", ".hypothesis"]
    if "--all" in arguments:
        names += [venv.MAIN.name, venv.BUILD.name, clients.CACHE.relative_to(ROOT)]
    caches = [cache for top in ("grokdesk", "tests", "packaging") for cache in _caches(top)]
    for path in [*(ROOT / name for name in names), *caches]:
        shutil.rmtree(path, ignore_errors=True)
    return 0


def _caches(top: str) -> list[Path]:
    return list((ROOT / top).rglob("__pycache__"))
