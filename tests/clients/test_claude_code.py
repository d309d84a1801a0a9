"""Claude Code through the Messages API: a chat, tools and the way back from them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients import pictures, places, programs
from tests.clients.stage import MODEL, Stage

pytestmark = pytest.mark.client("@anthropic-ai/claude-code")


@pytest.fixture(autouse=True)
def _no_meanings(stage: Stage) -> None:
    stage.script(meanings=[])


def environ_of(stage: Stage) -> dict[str, str]:
    return {
        "ANTHROPIC_BASE_URL": stage.root_url,
        "ANTHROPIC_AUTH_TOKEN": stage.key,
        "ANTHROPIC_MODEL": MODEL,
        "ANTHROPIC_DEFAULT_OPUS_MODEL": MODEL,
        "ANTHROPIC_DEFAULT_SONNET_MODEL": MODEL,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": MODEL,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
    }


def claude(stage: Stage, folder: Path, prompt: str, *arguments: str) -> list[dict[str, Any]]:
    """The events of one run; the last is its result."""
    program = places.NODE_MODULES / ".bin" / "claude"
    switches = ("--output-format", "stream-json", "--verbose")
    told = programs.run(
        [program, "-p", *switches, *arguments], folder, environ_of(stage), stdin=prompt
    )
    events = [json.loads(line) for line in told.splitlines()]
    assert events[-1]["type"] == "result"
    assert not events[-1]["is_error"]
    return events


def blocks(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    said = [event["message"]["content"] for event in events if event["type"] == "assistant"]
    return [block for content in said for block in content if block["type"] == kind]


def test_a_chat(stage: Stage, tmp_path: Path) -> None:
    events = claude(stage, tmp_path, "!say Good evening.")
    assert events[-1]["result"] == "Good evening."
    assert events[-1]["usage"]["output_tokens"] > 0


def test_a_conversation_that_goes_on(stage: Stage, tmp_path: Path) -> None:
    claude(stage, tmp_path, "My name is Ada. !say Hello Ada.")
    events = claude(stage, tmp_path, "!say I know.", "--continue")
    assert events[-1]["result"] == "I know."
    assert "My name is Ada." in stage.prompts()[-1]


def test_a_model_by_one_of_claudes_names(stage: Stage, tmp_path: Path) -> None:
    events = claude(stage, tmp_path, "!say Me too.", "--model", "claude-sonnet-4-5")
    assert events[-1]["result"] == "Me too."


def test_thinking_is_shown_apart(stage: Stage, tmp_path: Path) -> None:
    events = claude(stage, tmp_path, "!think about it")
    assert blocks(events, "thinking")
    assert "Keep it short" not in events[-1]["result"]


def test_a_command_is_run_and_its_output_told(stage: Stage, tmp_path: Path) -> None:
    call = json.dumps({"command": "echo it-is-$((40+2))", "description": "Count"})
    events = claude(stage, tmp_path, f"!call Bash {call}", "--allowedTools", "Bash")
    (used,) = blocks(events, "tool_use")
    assert used["name"] == "Bash"
    assert "it-is-42" in events[-1]["result"]


def test_a_file_is_written(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "greeting.txt"
    call = json.dumps({"file_path": str(file), "content": "Good <evening> & night.\n"})
    claude(stage, tmp_path, f"!call Write {call}", "--allowedTools", "Write")
    assert file.read_text() == "Good <evening> & night.\n"


def test_two_tools_are_used_at_once(stage: Stage, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(f"This is {name}.")
    calls = [
        f"!call Read {json.dumps({'file_path': str(tmp_path / name)})}" for name in ("one", "two")
    ]
    events = claude(stage, tmp_path, "\n".join(calls), "--allowedTools", "Read")
    assert len(blocks(events, "tool_use")) == 2
    assert events[-1]["num_turns"] >= 2


def test_a_picture_that_a_tool_found_is_sent(stage: Stage, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(pictures.png())
    call = json.dumps({"file_path": str(picture)})
    claude(stage, tmp_path, f"!call Read {call}", "--allowedTools", "Read")
    assert len(stage.last_attachments()) == 1


def test_a_wrong_key_is_said_so_at_once(stage: Stage, tmp_path: Path) -> None:
    wrong = Stage(stage.base_url, "gd-wrong", stage.simulator)
    program = places.NODE_MODULES / ".bin" / "claude"
    asked = [program, "-p", "Hello", "--output-format", "json"]
    told = json.loads(programs.run(asked, tmp_path, environ_of(wrong), succeeds=False))
    assert "Incorrect API key provided" in told["result"]
    assert told["duration_ms"] < 10_000
