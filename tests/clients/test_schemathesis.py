"""The OpenAPI document against the server: requests that fit it, and some that do not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.stage import ROOT, open_stage

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
)
"""Not whether wrong data are refused: fields that nobody needs are ignored, as clients expect. Nor
whether wrong keys are: who tries eleven in a minute is told to wait instead.
"""
EXAMPLES = os.environ.get("CLIENTS_SCHEMATHESIS_EXAMPLES", "40")
_HOOKS = "tests.clients.schemathesis_hooks"
SPENDS = (
    "POST /v1/chat/completions",
    "POST /v1/completions",
    "POST /v1/responses",
    "POST /v1/messages",
    "POST /api/chat",
    "POST /api/generate",
)


@pytest.mark.client("schemathesis")
def test_no_request_makes_a_server_error_or_an_answer_of_another_form(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    with open_stage(tmp_path, gateway_ollama="true", metrics_enabled="true") as stage:
        result = subprocess.run(
            [
                Path(sys.executable).with_name("schemathesis"),
                *("run", f"{stage.root_url}/openapi.json", "--checks", ",".join(CHECKS)),
                *("--header", f"Authorization: Bearer {stage.key}"),
                *("--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES),
                # Two workers at once can trip over each other's ast.parse (CPython 3.11).
                *("--seed", "4", "--workers", "1", "--continue-on-failure", "--no-shrink"),
                *("--suppress-health-check", "all", "--warnings", "off"),
                *("--report", "json", "--report-json-path", str(report)),
            ],
            cwd=tmp_path,  # it leaves its notes there
            env=os.environ | {"SCHEMATHESIS_HOOKS": _HOOKS, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    print(result.stdout[-6_000:], result.stderr[-2_000:])
    assert result.returncode == 0
    rates = json.loads(report.read_text())["valid_rates"]
    for operation in SPENDS:
        print(operation, rates[operation])
        answered = sum(phase["accepted"] for phase in rates[operation].values())
        refused = sum(phase["rejected"] for phase in rates[operation].values())
        assert answered, f"nothing was answered by {operation}"
        assert refused, f"nothing was refused by {operation}"
