"""The OpenAPI document against the server: requests that fit it, and some that do not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.stage import MODEL, Stage

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
"""Not whether wrong data are refused: fields that nobody needs are ignored, as clients expect."""
EXAMPLES = int(os.environ.get("CLIENTS_SCHEMATHESIS_EXAMPLES", "40"))
_HOOKS = "tests.clients.schemathesis_hooks"


@pytest.mark.client("schemathesis")
def test_no_request_makes_a_server_error_or_an_answer_of_another_form(
    stage: Stage, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    arguments = [
        *("run", f"{stage.root_url}/openapi.json", "--checks", ",".join(CHECKS)),
        *("--header", f"Authorization: Bearer {stage.key}"),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES)),
        *("--seed", "4", "--workers", "2", "--continue-on-failure", "--no-shrink"),
        *("--suppress-health-check", "all", "--warnings", "off"),
        *("--report", "json", "--report-json-path", str(report)),
    ]
    result = subprocess.run(
        [Path(sys.executable).with_name("schemathesis"), *arguments],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"SCHEMATHESIS_HOOKS": _HOOKS, "CLIENTS_MODEL": MODEL, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    print(result.stdout[-6_000:], result.stderr[-2_000:])
    assert result.returncode == 0
    assert json.loads(report.read_text())
