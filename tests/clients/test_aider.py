"""aider: a question, and edits in its two commonest formats, which are its tools."""

import json
from pathlib import Path

import pytest

from tests.clients import places, programs
from tests.clients.stage import MODEL, Stage

pytestmark = [
    pytest.mark.client("aider-chat"),
    pytest.mark.skipif(not places.AIDER_VENV.exists(), reason="aider wants an older Python"),
]

QUIET = (
    *("--analytics-disable", "--no-check-update", "--no-show-release-notes"),
    *("--no-show-model-warnings", "--no-suggest-shell-commands", "--no-pretty"),
    *("--no-git", "--no-gitignore", "--yes-always"),
)

# Of a model that is described here aider does not look up the price on the internet.
DESCRIPTION = {
    "litellm_provider": "openai",
    "mode": "chat",
    "max_input_tokens": 131_072,
    "max_output_tokens": 16_384,
    "input_cost_per_token": 0,
    "output_cost_per_token": 0,
}

WHOLE = "greeting.txt\n```\nGood evening.\n```\n"
DIFF = """\
greeting.txt
```
<<<<<<< SEARCH
Hello.
=======
Good evening.
>>>>>>> REPLACE
```
"""


def aider(stage: Stage, folder: Path, *arguments: str, stdin: str = "") -> str:
    model = f"openai/{MODEL}"
    (folder / ".aider.model.metadata.json").write_text(json.dumps({model: DESCRIPTION}))
    environ = {"OPENAI_API_BASE": stage.base_url, "OPENAI_API_KEY": stage.key}
    command = [places.AIDER_VENV / "bin" / "aider", "--model", model, *QUIET, *arguments]
    return programs.run(command, folder, environ, stdin=stdin)


@pytest.mark.parametrize("how", ["--stream", "--no-stream"])
def test_a_chat(stage: Stage, tmp_path: Path, how: str) -> None:
    stage.script(meanings=[{"question": "What now", "means": "!say Have a break."}])
    told = aider(stage, tmp_path, "--chat-mode", "ask", how, "--message", "What now?")
    assert "Have a break." in told


@pytest.mark.parametrize(("edit_format", "answer"), [("whole", WHOLE), ("diff", DIFF)])
def test_an_edit_is_applied(stage: Stage, tmp_path: Path, edit_format: str, answer: str) -> None:
    file = tmp_path / "greeting.txt"
    file.write_text("Hello.\n")
    stage.script(meanings=[{"question": "more polite", "means": f"!say Of course.\n\n{answer}"}])
    asked = ("--edit-format", edit_format, "--message", "Make it more polite.")
    told = aider(stage, tmp_path, *asked, "greeting.txt")
    assert "Applied edit to greeting.txt" in told
    assert file.read_text() == "Good evening.\n"


def test_a_conversation_that_goes_on(stage: Stage, tmp_path: Path) -> None:
    stage.script(meanings=[])
    typed = "My name is Ada.\nWhat is my name?\n"
    aider(stage, tmp_path, "--chat-mode", "ask", "--no-fancy-input", stdin=typed)
    assert "My name is Ada." in stage.prompts()[-1]
    assert "What is my name?" in stage.prompts()[-1]


def test_a_wrong_key_is_said_so(stage: Stage, tmp_path: Path) -> None:
    wrong = Stage(stage.base_url, "sk-wrong", stage.simulator)
    told = aider(wrong, tmp_path, "--chat-mode", "ask", "--message", "Hello")
    assert "AuthenticationError" in told
    assert "Incorrect API key provided" in " ".join(told.split())
