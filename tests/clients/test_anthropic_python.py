"""The official `anthropic` package: messages, tools, thinking."""

import base64
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from tests.clients import pictures
from tests.clients.stage import MODEL, Stage
from tests.clients.weather import OSLO, PARAMETERS, RESULT

pytestmark = pytest.mark.client("anthropic (Python)")

TOOL = {"name": "get_weather", "description": "The weather.", "input_schema": PARAMETERS}


@pytest.fixture
def client(stage: Stage) -> Iterator[anthropic.Anthropic]:
    stage.script(meanings=[])
    with anthropic.Anthropic(base_url=stage.root_url, api_key=stage.key, max_retries=0) as client:
        yield client


def asked(content: Any, **options: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": content}]
    return {"model": MODEL, "max_tokens": 2000, "messages": messages, **options}


def test_a_message_whole_and_streamed(client: anthropic.Anthropic) -> None:
    whole = client.messages.create(**asked("!unicode"))
    with client.messages.stream(**asked("!unicode")) as stream:
        pieces = list(stream.text_stream)
        streamed = stream.get_final_message()
    assert "".join(pieces) == streamed.content[0].text == whole.content[0].text
    assert streamed.stop_reason == whole.stop_reason == "end_turn"


def test_thinking_comes_apart(client: anthropic.Anthropic) -> None:
    thinking = {"type": "enabled", "budget_tokens": 1024}
    reply = client.messages.create(**asked("!think about it", thinking=thinking))
    assert [block.type for block in reply.content] == ["thinking", "text"]


@pytest.mark.parametrize("streamed", [False, True])
def test_a_tool_is_called_and_its_result_told(
    client: anthropic.Anthropic, *, streamed: bool
) -> None:
    question = asked(OSLO, tools=[TOOL])
    if streamed:
        with client.messages.stream(**question) as stream:
            first = stream.get_final_message()
    else:
        first = client.messages.create(**question)
    assert first.stop_reason == "tool_use"
    call = first.content[-1]
    assert call.input == {"city": "Oslo"}
    told = {"type": "tool_result", "tool_use_id": call.id, "content": RESULT}
    question["messages"] += [
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [told]},
    ]
    assert RESULT in client.messages.create(**question).content[0].text


def test_the_tool_runner_goes_round_by_itself(client: anthropic.Anthropic) -> None:
    @anthropic.beta_tool
    def get_weather(city: str) -> str:
        """The weather in a city."""
        return f"{RESULT} in {city}"

    last = client.beta.messages.tool_runner(**asked(OSLO, tools=[get_weather])).until_done()
    assert f"{RESULT} in Oslo" in last.content[0].text


def test_a_picture(client: anthropic.Anthropic, stage: Stage) -> None:
    data = base64.b64encode(pictures.png()).decode()
    source = {"type": "base64", "media_type": "image/png", "data": data}
    assert client.messages.create(**asked([{"type": "image", "source": source}])).content
    assert len(stage.last_attachments()) == 1


def test_tokens_models_and_errors(client: anthropic.Anthropic) -> None:
    question = asked("Hello there")
    counted = client.messages.count_tokens(model=MODEL, messages=question["messages"])
    assert counted.input_tokens > 0
    assert MODEL in {model.id for model in client.models.list()}
    with pytest.raises(anthropic.NotFoundError):
        client.messages.create(**asked("Hello") | {"model": "none"})
    with pytest.raises(anthropic.AuthenticationError):
        client.with_options(api_key="sk-wrong").messages.create(**question)
