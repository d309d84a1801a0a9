"""The architecture as tests: what `make check` lints, and what a process really loads."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_import_contracts_hold() -> None:
    result = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(chr(10).join(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(result.stdout.split())


def test_the_core_loads_no_qt() -> None:
    loaded = loaded_by("import grokdesk.app.core, grokdesk.app.headless, grokdesk.app.cli")
    qt = {name for name in loaded if name.split(".")[0] in ("PySide6", "qasync", "pyqtgraph")}
    assert "grokdesk.app.core" in loaded
    assert qt == set()
    assert not any(name.startswith("grokdesk.ui") for name in loaded)


def test_the_command_line_starts_light() -> None:
    """Help and version do not pay for the server."""
    loaded = loaded_by("import grokdesk.app.cli")
    heavy = {"aiohttp", "curl_cffi", "peewee", "keyring", "cryptography"}
    assert loaded & heavy == set()


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "grokdesk").rglob("*.py")
        if not path.read_text(encoding="utf-8").lstrip().startswith('"""')
    ]
    assert silent == []


def test_the_wheel_lists_every_package() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found = {
        str(path.parent.relative_to(ROOT)).replace("/", ".")
        for path in (ROOT / "grokdesk").rglob("__init__.py")
    }
    packages = listed["tool"]["setuptools"]["packages"]
    assert set(packages) == found | {"grokdesk._resources"}
