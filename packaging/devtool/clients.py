"""make test-clients: real libraries and programs against a real Grokdesk, in their own places."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from devtool import locks, pytests
from devtool.console import IS_WINDOWS, ROOT, ToolError, capture, run, run_or_stop, say

CACHE = ROOT / ".cache" / "clients"
SOURCES = ROOT / "tests" / "clients"

_OLDEST_NODE = 20

# aider (0.86) keeps itself out of newer Pythons.
_NEWEST_PYTHON_FOR_AIDER = (3, 12)

# npm runs no script of any package; these two put a native program in the place of a stub.
_NATIVE_PROGRAMS = ("@anthropic-ai/claude-code/install.cjs", "opencode-ai/postinstall.mjs")

_ENV = {"LC_ALL": "C.UTF-8"}


def run_tests(arguments: Sequence[str]) -> int:
    """All of them, or the paths of tests/clients among the arguments."""
    if IS_WINDOWS:
        raise ToolError("The clients are tried on Linux and macOS only.")
    grokdesk = locks.ensure("core")
    node = _node_modules()
    aider = _aider()
    python = locks.ensure_file(SOURCES / "requirements.txt", CACHE / "python")
    environ = {
        "CLIENTS_GROKDESK_PYTHON": str(grokdesk),
        "CLIENTS_NODE_MODULES": str(node),
        "CLIENTS_AIDER_VENV": str(aider or ""),
    }
    paths = [] if any(map(pytests.is_path, arguments)) else ["tests/clients"]
    say("Clients")
    pytest = [python, "-m", "pytest", "-c", "tests/clients/pytest.ini"]
    return run([*pytest, *paths, *arguments], extra_env=_ENV | environ)


def _aider() -> Path | None:
    if sys.version_info[:2] > _NEWEST_PYTHON_FOR_AIDER:
        say("NOT RUN: aider, which cannot be installed for this Python")
        return None
    locks.ensure_file(SOURCES / "requirements-aider.txt", CACHE / "aider")
    return CACHE / "aider"


def _node_modules() -> Path:
    """What package-lock.json says, installed once per change."""
    _check_node()
    folder = CACHE / "node"
    wanted, stamp = SOURCES / "package-lock.json", folder / ".installed"
    if stamp.exists() and stamp.read_bytes() == wanted.read_bytes():
        return folder / "node_modules"
    folder.mkdir(parents=True, exist_ok=True)
    (CACHE / ".gitignore").write_text("*\n", encoding="utf-8")
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(SOURCES / name, folder / name)
    say("Installing the clients for Node (1 GB; the first time takes minutes)")
    # Not `npm ci`: it wants the native programs for all systems to be in the lock file.
    npm = ["npm", "install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"]
    run_or_stop(npm, "npm could not install the clients; its message is above.")
    for script in _NATIVE_PROGRAMS:
        run_or_stop(["node", folder / "node_modules" / script], f"{script} failed.")
    shutil.copyfile(wanted, stamp)
    return folder / "node_modules"


def _check_node() -> None:
    if not (shutil.which("node") and shutil.which("npm")):
        raise ToolError(f"The clients need Node {_OLDEST_NODE} or newer with npm.")
    version = capture(["node", "--version"]).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < _OLDEST_NODE:
        raise ToolError(f"The clients need Node {_OLDEST_NODE} or newer, and this is {version}.")


def lock(uv_options: Sequence[str]) -> None:
    for source in sorted(SOURCES.glob("*.in")):
        locks.compile_file(source, uv_options)
