"""Codex CLI through the Responses API: a chat, a tool and the way back from it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients import places, programs
from tests.clients.stage import MODEL, Stage

pytestmark = pytest.mark.client("@openai/codex")

CONFIG = """\
model = "{model}"
model_provider = "grokdesk"
model_context_window = 131072
check_for_update_on_startup = false

[analytics]
enabled = false

[model_providers.grokdesk]
name = "Grokdesk"
base_url = "{base_url}"
env_key = "GROKDESK_API_KEY"
wire_api = "responses"
"""


@pytest.fixture(autouse=True)
def _no_meanings(stage: Stage) -> None:
    stage.script(meanings=[])


def codex(stage: Stage, folder: Path, prompt: str) -> list[dict[str, Any]]:
    """What `codex exec --json` reports of each finished piece of work."""
    home = folder / "codex-home"
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(CONFIG.format(model=MODEL, base_url=stage.base_url))
    environ = {"CODEX_HOME": str(home), "GROKDESK_API_KEY": stage.key}
    program = places.NODE_MODULES / ".bin" / "codex"
    switches = ("--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox")
    told = programs.run([program, "exec", *switches, prompt], folder, environ)
    events = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    assert not [event for event in events if event["type"] in ("error", "turn.failed")]
    return [event["item"] for event in events if event["type"] == "item.completed"]


def test_a_chat(stage: Stage, tmp_path: Path) -> None:
    items = codex(stage, tmp_path, "!say Good evening.")
    assert [item["text"] for item in items if item["type"] == "agent_message"] == ["Good evening."]


def test_reasoning_is_shown_apart(stage: Stage, tmp_path: Path) -> None:
    items = codex(stage, tmp_path, "!think about it")
    assert {"reasoning", "agent_message"} <= {item["type"] for item in items}


def test_a_command_is_run_and_its_output_told(stage: Stage, tmp_path: Path) -> None:
    call = json.dumps({"cmd": "echo it-is-$((40+2)) | tee answer.txt"})
    items = codex(stage, tmp_path, f"!call exec_command {call}")
    (command,) = [item for item in items if item["type"] == "command_execution"]
    assert command["exit_code"] == 0
    assert (tmp_path / "answer.txt").read_text() == "it-is-42\n"
    assert "it-is-42" in [item for item in items if item["type"] == "agent_message"][-1]["text"]
