"""The virtual environments, also where the distribution left venv or pip out."""

import importlib.util
import shutil
import sys
import zipfile
from pathlib import Path

from devtool import pipwheel, system
from devtool.console import IS_WINDOWS, ROOT, ToolError, capture, say

MAIN = ROOT / ".venv"
BUILD = ROOT / ".venv-build"


def python_of(venv: Path) -> Path:
    return venv / ("Scripts/python.exe" if IS_WINDOWS else "bin/python")


def program_of(venv: Path, name: str) -> Path:
    return python_of(venv).parent / (f"{name}.exe" if IS_WINDOWS else name)


def ensure(venv: Path) -> None:
    if not _fits(venv):
        say(f"Creating {venv.name} with Python {sys.version.split()[0]}")
        shutil.rmtree(venv, ignore_errors=True)
        _create(venv)
        (venv / ".gitignore").write_text("*\n", encoding="utf-8")
    _link_source(venv)


def _fits(venv: Path) -> bool:
    """Finished, for this Python (3.x), and its interpreter has not been uninstalled since."""
    has_pip = any((folder / "pip").exists() for folder in _site_packages(venv))
    return has_pip and python_of(venv).exists() and _python_version(venv) == sys.version_info[:2]


def _python_version(venv: Path) -> tuple[int, ...]:
    try:
        text = (venv / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return ()
    settings = dict(line.split(" = ", 1) for line in text.splitlines() if " = " in line)
    version = settings.get("version") or settings.get("version_info") or ""  # venv, uv
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def _create(venv: Path) -> None:
    if not _has("venv", "ensurepip") and system.can_install():
        _install_venv_package()
    if _has("venv", "ensurepip"):
        _run_venv(venv)
    elif _has("venv"):
        _run_venv(venv, "--without-pip")
        _bootstrap_pip(venv)
    else:
        raise ToolError(f"This Python has no venv module. {_by_hand()}")


def _has(*modules: str) -> bool:
    importlib.invalidate_caches()
    return all(importlib.util.find_spec(module) for module in modules)


def _install_venv_package() -> None:
    try:
        system.install([_venv_package()], "virtual environments")
    except ToolError as error:
        say(f"{error}; going on without it")


def _run_venv(venv: Path, *options: str) -> None:
    command = [sys.executable, "-m", "venv", *options, str(venv)]
    result = capture(command)
    if result.returncode != 0:
        shutil.rmtree(venv, ignore_errors=True)
        raise ToolError(f"Could not create {venv}. {_by_hand()}\n{result.stdout}")


def _bootstrap_pip(venv: Path) -> None:
    say("This Python comes without pip: fetching it from the package index")
    wheel = pipwheel.fetch(venv)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(_site_packages(venv)[0])
    wheel.unlink()


def _link_source(venv: Path) -> None:
    """`python -m grokdesk` works from any folder, which start-at-login needs."""
    for folder in _site_packages(venv):
        link = folder / "grokdesk-source.pth"
        if not link.exists():
            link.write_text(f"{ROOT}\n", encoding="utf-8")


def _site_packages(venv: Path) -> list[Path]:
    return list(venv.glob("Lib/site-packages" if IS_WINDOWS else "lib/python3*/site-packages"))


def _by_hand() -> str:
    if shutil.which("apt-get"):
        return f"Type: sudo apt-get install {_venv_package()}"
    return "Install the venv and ensurepip modules of this Python, or the Python of python.org."


def _venv_package() -> str:
    return "python{}.{}-venv".format(*sys.version_info)
