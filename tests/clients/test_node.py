"""The libraries for Node: the cases of node/*.test.cjs under Node's own test runner."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.clients import pictures, places
from tests.clients.stage import MODEL, Stage

NODE = Path(__file__).parent / "node"


@pytest.mark.parametrize(
    ("file", "package"),
    [("openai", "openai"), ("anthropic", "@anthropic-ai/sdk"), ("ai-sdk", "ai")],
)
def test_cases(
    file: str, package: str, stage: Stage, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    cases = list(_run(NODE / f"{file}.test.cjs", stage, tmp_path))
    assert cases
    for case in cases:
        name, problem = case.get("name", ""), case.find("failure")
        with subtests.test(name, client=_package_of(name, package)):
            assert problem is None, problem.text


def _run(file: Path, stage: Stage, folder: Path) -> Iterator[ElementTree.Element]:
    picture, report = folder / "picture.png", folder / "report.xml"
    picture.write_bytes(pictures.png())
    environ = {
        **os.environ,
        "NODE_PATH": str(places.NODE_MODULES),
        "CLIENTS_ROOT_URL": stage.root_url,
        "CLIENTS_KEY": stage.key,
        "CLIENTS_MODEL": MODEL,
        "CLIENTS_PICTURE": str(picture),
        "CLIENTS_STATS": f"{stage.simulator}/_simulator/stats",
    }
    destination = ("--test-reporter=junit", f"--test-reporter-destination={report}")
    result = subprocess.run(
        ["node", "--test", *destination, str(file)],
        env=environ,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert report.exists(), result.stderr
    return ElementTree.parse(report).iter("testcase")


def _package_of(case: str, otherwise: str) -> str:
    """A case that is about another package of the same file begins with its name."""
    return case.partition(":")[0].partition(" ")[0] if case.startswith("@") else otherwise
