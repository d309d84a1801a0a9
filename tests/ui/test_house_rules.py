"""Rules of the windows that no type checker knows."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

UI = Path(__file__).parents[2] / "grokdesk" / "ui"
FILES = sorted(UI.rglob("*.py"))
LABELS = UI / "widgets" / "labels.py"

FORBIDDEN_CALLS = {
    "QLabel": "labels interpret HTML: use PlainLabel",
    "QMessageBox": "message boxes interpret HTML and tempt to exec(): use AskDialog",
    "QSettings": "the state file is JSON: use UiState",
    "QSortFilterProxyModel": "slow over a Python model: sort in the model",
    "asyncSlot": "use Calls",
    "asyncClose": "use Calls",
}
FORBIDDEN_METHODS = {
    "exec": "nests the loop: use open() or popup()",
    "exec_": "nests the loop",
    "processEvents": "nests the loop",
    "setHtml": "renders HTML",
    "insertHtml": "renders HTML",
    "showGrid": "slow",
}


def calls(path: Path) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            function = node.func
            name = getattr(function, "attr", None) or getattr(function, "id", "")
            yield node, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(UI)))
def test_nothing_forbidden_is_called(path: Path) -> None:
    for node, name in calls(path):
        where = f"{path.name}:{node.lineno} {name}"
        assert name not in FORBIDDEN_METHODS, f"{where}: {FORBIDDEN_METHODS[name]}"
        assert name not in FORBIDDEN_CALLS, f"{where}: {FORBIDDEN_CALLS[name]}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(UI)))
def test_tooltips_of_variable_text_are_escaped(path: Path) -> None:
    for node, name in calls(path):
        if name == "setToolTip" and path != LABELS:
            on_tray = path.name == "tray.py"  # a tray tooltip is plain text by its protocol
            constant = all(isinstance(argument, ast.Constant) for argument in node.args)
            assert constant or on_tray, f"{path.name}:{node.lineno}: use set_plain_tooltip"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(UI)))
def test_only_the_label_module_derives_from_qlabel(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef) and path != LABELS:
            assert not any(getattr(base, "id", "") == "QLabel" for base in node.bases)


def test_the_windows_know_services_and_nothing_below() -> None:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                for layer in ("upstream", "store", "pool", "gateway", "app", "simulator"):
                    assert not node.module.startswith(f"grokdesk.{layer}"), path.name


def test_importing_the_windows_loads_nothing_heavy() -> None:
    heavy = ("pyqtgraph", "numpy", "qtawesome", "PySide6.QtMultimedia", "pygments")
    script = f"""
import sys
import grokdesk.ui.application
print(",".join(name for name in {heavy!r} if name in sys.modules))
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
