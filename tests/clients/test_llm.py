"""The `llm` command with an entry in its extra-openai-models.yaml."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.stage import MODEL, Stage

pytestmark = pytest.mark.client("llm")

Run = Callable[..., str]

RECIPE = """\
- model_id: grok
  model_name: {model}
  api_base: {base_url}
  api_key_name: grokdesk
  supports_tools: true
  supports_schema: true
  vision: true
  reasoning: true
"""

TOOL = '''\
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"minus 4 degrees in {city}"
'''


@pytest.fixture
def llm(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("LLM_USER_PATH", str(tmp_path))
    recipe = RECIPE.format(model=MODEL, base_url=stage.base_url)
    (tmp_path / "extra-openai-models.yaml").write_text(recipe)
    (tmp_path / "keys.json").write_text(json.dumps({"grokdesk": stage.key}))

    def run(*arguments: str) -> str:
        result = subprocess.run(
            [sys.executable, "-m", "llm", *arguments],
            capture_output=True,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=60,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    return run


def test_the_model_is_listed(llm: Run) -> None:
    assert "OpenAI Chat: grok" in llm("models")


@pytest.mark.parametrize("how", [(), ("--no-stream",)])
def test_a_chat(llm: Run, how: tuple[str, ...]) -> None:
    assert llm("-m", "grok", *how, "!say Good evening.") == "Good evening.\n"


def test_a_conversation_that_goes_on(llm: Run, stage: Stage) -> None:
    llm("-m", "grok", "My name is Ada.")
    llm("-m", "grok", "-c", "What is my name?")
    assert "My name is Ada." in stage.prompts()[-1]


def test_a_system_prompt(llm: Run, stage: Stage) -> None:
    llm("-m", "grok", "-s", "You are a pirate.", "Hello")
    assert "You are a pirate." in stage.prompts()[-1]


@pytest.mark.parametrize("how", [(), ("--no-stream",)])
def test_a_tool_is_called_and_its_result_is_told(llm: Run, how: tuple[str, ...]) -> None:
    asked = '!call get_weather {"city": "Oslo"}'
    assert "minus 4 degrees in Oslo" in llm("-m", "grok", *how, "--functions", TOOL, asked)


def test_an_answer_by_schema(llm: Run) -> None:
    answer = llm("-m", "grok", "--schema", "name, age int", '!json {"name": "Ada", "age": 36}')
    assert json.loads(answer) == {"name": "Ada", "age": 36}
