"""The hash-locked requirement sets: installed once per change, written by uv."""

import hashlib
import json
import shutil
import sys
import time
import tomllib
from collections.abc import Iterable
from pathlib import Path

from devtool import venv
from devtool.console import ROOT, ToolError, capture, run_or_stop, say

FOLDER = ROOT / "requirements"

# Each set with the extras it is made of and the smaller sets it contains. `dev` contains all and
# is locked first; the others follow its choices, so that one version of each package is in use.
_EXTRAS = {
    "dev": ("desktop", "fast", "dev"),
    "core": (),
    "desktop": ("desktop",),
    "build": ("desktop",),
}
_CONTAINS = {"core": (), "desktop": ("core",), "dev": ("core", "desktop"), "build": ()}

_PIP_OPTIONS = ("--no-deps", "--require-hashes", "--no-input", "--disable-pip-version-check")

# Published as source only. Built with the setuptools of the same lock, not with the newest one.
_SOURCE_ONLY = ("forbiddenfruit",)

_HEADER = """\
# Exact versions with hashes for Python 3.11 and newer on every system.
# Made from pyproject.toml by: python packaging/dev.py lock
# Requirements there: {digest}
"""


def ensure(name: str, where: Path = venv.MAIN) -> Path:
    """The Python of an environment that has the packages of requirements/<name>.txt."""
    return ensure_file(_file(name), where, [_file(each) for each in _CONTAINS[name]])


def ensure_file(file: Path, where: Path, contained: Iterable[Path] = ()) -> Path:
    """The same for any lock file; `contained` are others that are installed with it."""
    venv.ensure(where)
    if _stamp(where, file).exists() and _stamp(where, file).read_text() == _key(file):
        return venv.python_of(where)
    _install(file, where)
    for done in (file, *contained):
        _stamp(where, done).write_text(_key(done))
    return venv.python_of(where)


def _stamp(where: Path, file: Path) -> Path:
    return where / f".installed-{file.stem}"


def _key(file: Path) -> str:
    parts = (file.read_bytes(), sys.version.encode(), str(ROOT).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _file(name: str) -> Path:
    return FOLDER / f"{name}.txt"


def _install(file: Path, where: Path) -> None:
    shown = file.relative_to(ROOT).as_posix()
    say(f"Installing {shown} into {where.relative_to(ROOT)} (the first time takes a minute)")
    started = time.monotonic()
    source_only, wheels = _split(file.read_text(encoding="utf-8"))
    _pip(where, wheels, "--only-binary", ":all:")
    if source_only:
        _pip(where, source_only, "--no-build-isolation")
    _precompile(where)
    say(f"Installed in {time.monotonic() - started:.0f} s")


def _split(lock: str) -> tuple[str, str]:
    """(source only, wheels): a requirement is an unindented line and the indented ones below."""
    halves: tuple[list[str], list[str]] = ([], [])
    to_wheels = True
    for line in lock.splitlines(keepends=True):
        if not line.startswith((" ", "#")):
            to_wheels = line.partition("==")[0] not in _SOURCE_ONLY
        halves[to_wheels].append(line)
    return "".join(halves[0]), "".join(halves[1])


def _pip(where: Path, requirements: str, *options: str) -> None:
    listing = where / "requirements.txt"
    listing.write_text(requirements, encoding="utf-8")
    quiet = () if sys.stdout.isatty() else ("-qq",)
    pip = (venv.python_of(where), "-m", "pip", "install", *_PIP_OPTIONS)
    run_or_stop(
        [*pip, *quiet, *options, "--requirement", listing],
        "pip could not install the packages; its message is above.",
        extra_env={"PIP_ROOT_USER_ACTION": "ignore"},
    )


def _precompile(where: Path) -> None:
    """Our own modules; pip has compiled the others. A broken one will be told about at its use."""
    python = venv.python_of(where)
    capture([python, "-m", "compileall", "-q", "-j", "0", ROOT / "grokdesk"])


def stale() -> list[str]:
    """The lock files that were made for other requirements than pyproject.toml has now."""
    return [f"requirements/{name}.txt" for name in _EXTRAS if _digest() not in _head(name)]


def _head(name: str) -> str:
    return _file(name).read_text(encoding="utf-8")[:300]


def _digest() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [project["dependencies"], project["optional-dependencies"]]
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:16]


def lock(uv_options: list[str]) -> None:
    """Write all lock files again: the same versions as far as possible, or `--upgrade`."""
    if shutil.which("uv") is None:
        raise ToolError("Locking needs uv (pip install uv).")
    for name, extras in _EXTRAS.items():
        options = [option for extra in extras for option in ("--extra", extra)]
        if name != "dev":
            options += ["--constraint", "requirements/dev.txt"]
        sources = ["pyproject.toml", "-"] if name == "build" else ["pyproject.toml"]
        _compile_lock(name, [*sources, *options, *uv_options], "pyinstaller\n")
    _compile_lock("pip", ["-", *uv_options], "pip\n")


def _compile_lock(name: str, options: list[str], stdin: str) -> None:
    pins = _compiled(_file(name), options, stdin)
    _file(name).write_text(_HEADER.format(digest=_digest()) + pins, encoding="utf-8")


def compile_file(source: Path, uv_options: Iterable[str]) -> None:
    """Write the .txt beside an .in file."""
    pins = _compiled(source.with_suffix(".txt"), [str(source), *uv_options])
    head = f"# Made from {source.name} by: python packaging/dev.py lock\n"
    source.with_suffix(".txt").write_text(head + pins, encoding="utf-8")


def _compiled(file: Path, options: Iterable[str], stdin: str = "") -> str:
    shown = file.relative_to(ROOT).as_posix()
    say(f"Locking {shown}")
    command = [
        "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11",
        "--generate-hashes", "--no-emit-index-url", "--no-annotate", "--no-header",
        "--output-file", str(file), *options,
    ]  # fmt: skip
    result = capture(command, stdin=stdin)
    if result.returncode != 0:
        raise ToolError(f"uv could not lock {shown}:\n{result.stdout}")
    return file.read_text(encoding="utf-8")
