"""Codex CLI through the Responses API: chats, tools of both kinds, our catalog of models."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients import pictures, places, programs
from tests.clients.stage import MODEL, Stage

pytestmark = pytest.mark.client("@openai/codex")

CONFIG = """\
model = "{model}"
model_provider = "grokdesk"
model_catalog_json = "{catalog}"
check_for_update_on_startup = false

[analytics]
enabled = false

[features]
plugins = false  # else it asks chatgpt.com and api.github.com for them

[model_providers.grokdesk]
name = "Grokdesk"
base_url = "{base_url}"
env_key = "GROKDESK_API_KEY"
wire_api = "responses"
"""


@pytest.fixture(autouse=True)
def _no_meanings(stage: Stage) -> None:
    stage.script(meanings=[])


def codex(stage: Stage, folder: Path, *arguments: str | Path) -> list[dict[str, Any]]:
    """What `codex exec --json` reports of each finished piece of work."""
    home = folder / "codex-home"
    environ = {"CODEX_HOME": str(home), "GROKDESK_API_KEY": stage.key}
    write_recipe(stage, home)
    program = places.NODE_MODULES / ".bin" / "codex"
    switches = ("--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox")
    told = programs.run([program, "exec", *switches, *arguments], folder, environ)
    events = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    items = [event["item"] for event in events if event["type"] == "item.completed"]
    kinds = {each["type"] for each in (*events, *items)}
    assert "turn.completed" in kinds
    assert not kinds & {"error", "turn.failed"}, told
    return items


def write_recipe(stage: Stage, home: Path) -> None:
    home.mkdir(exist_ok=True)
    catalog = home / "models.json"
    catalog.write_bytes(stage.fetch("/v1/models?client_version=0.169.0"))
    config = CONFIG.format(model=MODEL, base_url=stage.base_url, catalog=catalog)
    (home / "config.toml").write_text(config)


def texts(items: list[dict[str, Any]]) -> list[str]:
    return [item["text"] for item in items if item["type"] == "agent_message"]


def test_a_chat(stage: Stage, tmp_path: Path) -> None:
    assert texts(codex(stage, tmp_path, "!say Good evening.")) == ["Good evening."]


def test_a_conversation_that_goes_on(stage: Stage, tmp_path: Path) -> None:
    codex(stage, tmp_path, "My name is Ada. !say Hello Ada.")
    assert texts(codex(stage, tmp_path, "resume", "--last", "!say I know.")) == ["I know."]
    assert "My name is Ada." in stage.prompts()[-1]
    assert "Hello Ada." in stage.prompts()[-1]


def test_a_picture_is_sent(stage: Stage, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(pictures.png())
    assert codex(stage, tmp_path, "What is this?", "--image", picture)
    assert len(stage.last_attachments()) == 1


def test_reasoning_is_shown_apart(stage: Stage, tmp_path: Path) -> None:
    items = codex(stage, tmp_path, "!think about it")
    assert {"reasoning", "agent_message"} <= {item["type"] for item in items}


def test_a_command_is_run_and_its_output_told(stage: Stage, tmp_path: Path) -> None:
    call = json.dumps({"cmd": "echo it-is-$((40+2)) | tee answer.txt"})
    items = codex(stage, tmp_path, f"!call exec_command {call}")
    (command,) = [item for item in items if item["type"] == "command_execution"]
    assert command["exit_code"] == 0
    assert (tmp_path / "answer.txt").read_text() == "it-is-42\n"
    assert "it-is-42" in texts(items)[-1]


PATCH = """\
*** Begin Patch
*** Update File: greeting.txt
@@
-Hello.
+Good <evening> & night.
*** End Patch
"""


def test_a_patch_is_applied_by_the_tool_that_takes_free_text(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "greeting.txt"
    file.write_text("Hello.\n")
    items = codex(stage, tmp_path, f"!call apply_patch {json.dumps({'input': PATCH})}")
    (change,) = [item for item in items if item["type"] == "file_change"]
    assert change["status"] == "completed"
    assert file.read_text() == "Good <evening> & night.\n"


def test_two_commands_are_run_at_once(stage: Stage, tmp_path: Path) -> None:
    calls = [f"!call exec_command {json.dumps({'cmd': f'touch {name}'})}" for name in ("a", "b")]
    items = codex(stage, tmp_path, "\n".join(calls))
    assert len([item for item in items if item["type"] == "command_execution"]) == 2
    assert (tmp_path / "a").exists()
    assert (tmp_path / "b").exists()
