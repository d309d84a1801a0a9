"""What `make test-clients` installs: one version of each client, whoever runs it."""

import importlib
import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = ROOT / "tests" / "clients"
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==\S+", re.MULTILINE)


@pytest.mark.parametrize("name", ["requirements", "requirements-aider"])
def test_every_wanted_package_is_pinned_with_its_hash(name):
    lines = (CLIENTS / f"{name}.in").read_text().splitlines()
    wanted = {line for line in lines if line and not line.startswith("#")}
    lock = (CLIENTS / f"{name}.txt").read_text()
    pinned = PINNED.findall(lock)
    assert wanted <= set(pinned)
    assert lock.count("--hash=sha256:") >= len(pinned)
    assert "://" not in lock


def test_the_packages_for_node_are_pinned_alike_in_both_files():
    wanted = json.loads((CLIENTS / "package.json").read_text())["dependencies"]
    locked = json.loads((CLIENTS / "package-lock.json").read_text())["packages"]
    for name, version in wanted.items():
        assert version[0].isdigit(), f"{name} is not pinned"
        assert locked[f"node_modules/{name}"]["version"] == version
    assert all(entry.get("integrity") for place, entry in locked.items() if place)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are shell scripts")
def test_a_node_that_is_too_old_is_said_so(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(ROOT / "packaging")
    clients = importlib.import_module("devtool.clients")
    console = importlib.import_module("devtool.console")
    for name in ("node", "npm"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho v18.19.0\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(console.ToolError, match=r"Node 20 or newer, and this is v18\.19\.0"):
        clients._check_node()
    (tmp_path / "npm").unlink()
    with pytest.raises(console.ToolError, match="with npm"):
        clients._check_node()
