"""opencode with a provider of @ai-sdk/openai-compatible: a chat, tools and the way back."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients import places, programs
from tests.clients.stage import MODEL, Stage

pytestmark = pytest.mark.client("opencode-ai")

QUIET = {
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_PURE": "1",  # else it asks npm for plugins at every start
}


@pytest.fixture(autouse=True)
def _no_meanings(stage: Stage) -> None:
    stage.script(meanings=[])


def opencode(stage: Stage, folder: Path, prompt: str, *arguments: str) -> list[dict[str, Any]]:
    """The parts of the answer that `opencode run` reports."""
    (folder / "opencode.json").write_text(json.dumps(recipe(stage)))
    program = places.NODE_MODULES / ".bin" / "opencode"
    command = [program, "run", "--format", "json", *arguments]
    told = programs.run(command, folder, QUIET, stdin=prompt)  # it would quote an argument
    events = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    assert not [event for event in events if event["type"] == "error"], told
    return [event["part"] for event in events if "part" in event]


def recipe(stage: Stage) -> dict[str, Any]:
    return {
        "$schema": "https://opencode.ai/config.json",
        "model": f"grokdesk/{MODEL}",
        "small_model": f"grokdesk/{MODEL}",
        "autoupdate": False,
        "share": "disabled",
        "provider": {
            "grokdesk": {
                "npm": "@ai-sdk/openai-compatible",
                "name": "Grokdesk",
                "options": {"baseURL": stage.base_url, "apiKey": stage.key},
                "models": {
                    MODEL: {
                        "name": "Grok",
                        "tool_call": True,
                        "reasoning": True,
                        "limit": {"context": 131_072, "output": 16_384},
                    }
                },
            }
        },
    }


def texts(parts: list[dict[str, Any]]) -> list[str]:
    return [part["text"].strip() for part in parts if part["type"] == "text"]


def test_a_chat(stage: Stage, tmp_path: Path) -> None:
    assert texts(opencode(stage, tmp_path, "!say Good evening.")) == ["Good evening."]


def test_a_conversation_that_goes_on(stage: Stage, tmp_path: Path) -> None:
    opencode(stage, tmp_path, "My name is Ada. !say Hello Ada.")
    assert texts(opencode(stage, tmp_path, "!say I know.", "--continue")) == ["I know."]
    assert "My name is Ada." in stage.prompts()[-1]


def test_a_command_is_run_and_its_output_told(stage: Stage, tmp_path: Path) -> None:
    call = json.dumps({"command": "echo it-is-$((40+2))", "description": "Count"})
    parts = opencode(stage, tmp_path, f"!call bash {call}")
    (used,) = [part for part in parts if part["type"] == "tool"]
    assert used["tool"] == "bash"
    assert used["state"]["status"] == "completed"
    assert "it-is-42" in texts(parts)[-1]


def test_a_file_is_written(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "greeting.txt"
    call = json.dumps({"filePath": str(file), "content": "Good <evening> & night.\n"})
    opencode(stage, tmp_path, f"!call write {call}")
    assert file.read_text() == "Good <evening> & night.\n"
