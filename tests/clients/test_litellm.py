"""litellm, by the two roads that it has to us: its `openai/` and its `anthropic/` provider."""

import json
from typing import Any

import litellm
import pytest

from tests.clients.stage import MODEL, Stage
from tests.clients.weather import OSLO, PARAMETERS, RESULT

pytestmark = pytest.mark.client("litellm")

WEATHER = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather.", "parameters": PARAMETERS},
}


@pytest.fixture(params=["openai", "anthropic"])
def road(request: pytest.FixtureRequest, stage: Stage) -> dict[str, Any]:
    base = {"openai": stage.base_url, "anthropic": stage.root_url}[request.param]
    return {
        "model": f"{request.param}/{MODEL}",
        "api_base": base,
        "api_key": stage.key,
        "timeout": 30,
        "max_retries": 0,
    }


def user(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def test_a_whole_answer_with_usage(road: dict[str, Any]) -> None:
    reply = litellm.completion(messages=user("!say Good evening."), **road)
    assert reply.choices[0].message.content == "Good evening."
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.completion_tokens > 0


def test_a_streamed_answer_is_the_whole_one_in_pieces(road: dict[str, Any]) -> None:
    whole = litellm.completion(messages=user("!unicode"), **road)
    chunks = list(litellm.completion(messages=user("!unicode"), stream=True, **road))
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks]
    assert "".join(pieces) == whole.choices[0].message.content
    assert sum(map(bool, pieces)) > 3
    assert chunks[-1].choices[0].finish_reason == "stop"


async def test_an_asynchronous_stream(road: dict[str, Any]) -> None:
    stream = await litellm.acompletion(messages=user("!long 20"), stream=True, **road)
    text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    assert text.split() == [f"word{number}" for number in range(1, 21)]


def test_reasoning_comes_apart_from_the_answer(road: dict[str, Any]) -> None:
    if "anthropic" in road["model"]:
        road |= {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 4000}
        # Else litellm knows only Claude's own models to think.
        road |= {"allowed_openai_params": ["thinking"]}
    reply = litellm.completion(messages=user("!think about it"), **road)
    message = reply.choices[0].message
    assert message.reasoning_content
    assert message.reasoning_content not in message.content


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_is_called_and_its_result_is_told(road: dict[str, Any], *, stream: bool) -> None:
    asked = user(OSLO)
    reply = complete(messages=asked, tools=[WEATHER], stream=stream, **road)
    assert reply.choices[0].finish_reason == "tool_calls"
    (call,) = reply.choices[0].message.tool_calls
    assert call.function.name == "get_weather"
    assert json.loads(call.function.arguments) == {"city": "Oslo"}

    result = {"role": "tool", "tool_call_id": call.id, "content": RESULT}
    history = [*asked, reply.choices[0].message.model_dump(), result]
    reply = complete(messages=history, tools=[WEATHER], stream=stream, **road)
    assert reply.choices[0].finish_reason == "stop"
    assert RESULT in reply.choices[0].message.content


def test_two_tools_are_called_at_once(road: dict[str, Any]) -> None:
    asked = user(f'{OSLO} !call get_weather {{"city": "Rome"}}')
    reply = complete(messages=asked, tools=[WEATHER], stream=True, **road)
    calls = reply.choices[0].message.tool_calls
    cities = [json.loads(call.function.arguments)["city"] for call in calls]
    assert cities == ["Oslo", "Rome"]
    assert len({call.id for call in calls}) == 2


def test_errors_become_the_exceptions_that_litellm_has_for_them(road: dict[str, Any]) -> None:
    with pytest.raises(litellm.AuthenticationError):
        litellm.completion(messages=user("Hello"), **{**road, "api_key": "sk-wrong"})
    with pytest.raises(litellm.NotFoundError):
        litellm.completion(messages=user("Hello"), **{**road, "model": f"{road['model']}-none"})


def complete(*, stream: bool, messages: list[dict[str, Any]], **options: Any) -> Any:
    reply = litellm.completion(messages=messages, stream=stream, **options)
    return litellm.stream_chunk_builder(list(reply), messages=messages) if stream else reply
