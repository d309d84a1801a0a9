"""The architecture as tests: what `make check` lints, and what a process really loads."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

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


def loaded_by(statement: str, **environ: str) -> set[str]:
    code = f"import sys; {statement}; print(chr(10).join(sys.modules), file=sys.stderr)"
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(result.stderr.split())


def loaded_by_command(home: Path, *arguments: str) -> set[str]:
    """While nothing runs."""
    return loaded_by(
        f"from grokdesk.app.cli import main; assert main({arguments!r}) == 0",
        GROKDESK_HOME=str(home),
    )


def test_the_core_loads_no_qt() -> None:
    loaded = loaded_by("import grokdesk.app.core, grokdesk.app.headless, grokdesk.app.cli")
    qt = {name for name in loaded if name.split(".")[0] in ("PySide6", "qasync", "pyqtgraph")}
    assert "grokdesk.app.core" in loaded
    assert qt == set()
    assert not any(name.startswith("grokdesk.ui") for name in loaded)


def test_the_command_line_starts_light() -> None:
    """Help, version and whatever the running program answers do not pay for the server."""
    loaded = loaded_by("import grokdesk.app.cli, grokdesk.app.remote")
    heavy = {"aiohttp", "asyncio", "curl_cffi", "peewee", "keyring", "cryptography"}
    assert loaded & heavy == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ("accounts", "list"),
        ("keys", "create", "--name", "laptop"),
        ("keys", "list"),
    ],
    ids=" ".join,
)
def test_a_command_about_what_is_stored_loads_nothing_else(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    loaded = loaded_by_command(tmp_path, *arguments)
    assert "grokdesk.app.stored" in loaded
    assert loaded & {"aiohttp", "curl_cffi", "keyring", "cryptography"} == set()
    others = ("grokdesk.gateway", "grokdesk.simulator", "grokdesk.upstream")
    assert [name for name in loaded if name.startswith(others)] == []


def test_a_command_that_may_ask_upstream_loads_no_server(tmp_path: Path) -> None:
    loaded = loaded_by_command(tmp_path, "egress", "statsig", "--clear")
    assert "grokdesk.app.reaching" in loaded
    assert loaded & {"aiohttp", "grokdesk.services.chat", "grokdesk.services.bundle"} == set()
    assert [name for name in loaded if name.startswith("grokdesk.simulator")] == []


def test_the_simulator_is_loaded_for_the_demo_alone() -> None:
    loaded = loaded_by("import grokdesk.app.core, grokdesk.app.headless")
    assert "grokdesk.gateway.server" in loaded
    assert [name for name in loaded if name.startswith("grokdesk.simulator")] == []


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
