"""The official `openai` package: chats, tools, structured answers, Responses."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from tests.clients import pictures
from tests.clients.stage import MODEL, Stage
from tests.clients.weather import OSLO, PARAMETERS, RESULT

pytestmark = pytest.mark.client("openai (Python)")

FUNCTION = {"name": "get_weather", "description": "The weather.", "parameters": PARAMETERS}


class Person(BaseModel):
    name: str
    age: int


@pytest.fixture
def client(stage: Stage) -> Iterator[openai.OpenAI]:
    stage.script(meanings=[])
    with openai.OpenAI(base_url=stage.base_url, api_key=stage.key, max_retries=0) as client:
        yield client


def user(content: Any) -> list[Any]:
    return [{"role": "user", "content": content}]


def test_a_chat_whole_and_streamed(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model=MODEL, messages=user("!unicode"))
    with client.chat.completions.stream(model=MODEL, messages=user("!unicode")) as stream:
        streamed = stream.get_final_completion()
    assert streamed.choices[0].message.content == whole.choices[0].message.content
    assert streamed.choices[0].finish_reason == whole.choices[0].finish_reason == "stop"


def test_a_chat_with_a_tool(client: openai.OpenAI) -> None:
    tools: list[Any] = [{"type": "function", "function": FUNCTION}]
    asked = user(OSLO)
    first = client.chat.completions.create(model=MODEL, messages=asked, tools=tools)
    message = first.choices[0].message
    assert message.tool_calls is not None
    (call,) = message.tool_calls
    assert call.type == "function"
    assert json.loads(call.function.arguments) == {"city": "Oslo"}
    told = {"role": "tool", "tool_call_id": call.id, "content": RESULT}
    history = [*asked, message, told]
    last = client.chat.completions.create(model=MODEL, messages=history, tools=tools)
    assert RESULT in str(last.choices[0].message.content)


def test_a_structured_answer(client: openai.OpenAI) -> None:
    reply = client.chat.completions.parse(
        model=MODEL, messages=user('!json {"name": "Ada", "age": 36}'), response_format=Person
    )
    assert reply.choices[0].message.parsed == Person(name="Ada", age=36)


def test_a_picture(client: openai.OpenAI, stage: Stage) -> None:
    url = f"data:image/png;base64,{base64.b64encode(pictures.png()).decode()}"
    content = [{"type": "image_url", "image_url": {"url": url}}]
    assert client.chat.completions.create(model=MODEL, messages=user(content)).choices
    assert len(stage.last_attachments()) == 1


def test_a_response_whole_and_streamed(client: openai.OpenAI) -> None:
    whole = client.responses.create(model=MODEL, input="!unicode")
    with client.responses.stream(model=MODEL, input="!unicode") as stream:
        streamed = stream.get_final_response()
    assert streamed.output_text == whole.output_text


def test_a_response_with_a_tool_goes_on_from_the_stored_one(client: openai.OpenAI) -> None:
    tools: list[Any] = [{"type": "function", "strict": False, **FUNCTION}]
    first = client.responses.create(model=MODEL, input=OSLO, tools=tools)
    (call,) = [item for item in first.output if item.type == "function_call"]
    last = client.responses.create(
        model=MODEL,
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": RESULT}],
        previous_response_id=first.id,
        tools=tools,
    )
    assert RESULT in last.output_text


def test_a_structured_response(client: openai.OpenAI) -> None:
    asked = '!json {"name": "Ada", "age": 36}'
    reply = client.responses.parse(model=MODEL, input=asked, text_format=Person)
    assert reply.output_parsed == Person(name="Ada", age=36)


def test_models_and_errors(client: openai.OpenAI) -> None:
    assert MODEL in {model.id for model in client.models.list()}
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="none", messages=user("Hello"))
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="sk-wrong").models.list()
