"""The official openai package against a running gateway: the client is the specification."""

import asyncio

import openai
import pytest

from grokdesk.domain.chat import ReasoningDelta
from grokdesk.domain.errors import ContentRefusedError, RateLimitedError
from tests.gateway.stand_in import fails, hangs, open_gateway, says

MESSAGES = [{"role": "user", "content": "Hi"}]


async def collect(stream, texts):
    async for chunk in stream:
        texts.append(chunk.choices[0].delta.content)


@pytest.fixture
async def client(gateway):
    async with openai.AsyncOpenAI(
        base_url=gateway.origin + "/v1", api_key=gateway.key, max_retries=0
    ) as client:
        yield client


async def test_a_whole_answer(client):
    answer = await client.chat.completions.create(model="grok-fast", messages=MESSAGES)
    assert answer.choices[0].message.content == "Hello, world."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens > 0
    assert answer._request_id.startswith("req_")


async def test_a_streamed_answer_with_reasoning_and_usage(client, gateway):
    gateway.upstream.play = says(ReasoningDelta("Hm"), "Hel", "lo")
    stream = await client.chat.completions.create(
        model="grok-fast",
        messages=MESSAGES,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == "Hello"
    assert [delta.role for delta in deltas] == ["assistant", None, None, None]
    assert deltas[0].reasoning_content == "Hm"
    assert len({chunk.id for chunk in chunks}) == 1
    assert [chunk.usage is not None for chunk in chunks] == [False] * 4 + [True]
    assert chunks[-1].usage.completion_tokens_details.reasoning_tokens == 1


async def test_the_stream_helper_of_the_package_accumulates_our_chunks(client):
    async with client.chat.completions.stream(model="grok-fast", messages=MESSAGES) as stream:
        final = await stream.get_final_completion()
    assert final.choices[0].message.content == "Hello, world."


def test_the_synchronous_client_works_as_well(tmp_path):
    def use(origin, key):
        with openai.OpenAI(base_url=origin + "/v1", api_key=key, max_retries=0) as client:
            whole = client.chat.completions.create(model="grok-fast", messages=MESSAGES)
            pieces = client.chat.completions.create(
                model="grok-fast", messages=MESSAGES, stream=True
            )
            text = "".join(piece.choices[0].delta.content or "" for piece in pieces)
            models = [model.id for model in client.models.list()]
            return whole.choices[0].message.content, text, models

    async def run():
        async with open_gateway(tmp_path) as gateway:
            return await asyncio.to_thread(use, gateway.origin, gateway.key)

    whole, text, models = asyncio.run(run())
    assert whole == text == "Hello, world."
    assert "grok-fast" in models


async def test_a_wrong_key_is_an_authentication_error(gateway):
    async with openai.AsyncOpenAI(
        base_url=gateway.origin + "/v1", api_key="sk-wrong", max_retries=0
    ) as client:
        with pytest.raises(openai.AuthenticationError) as caught:
            await client.models.list()
    assert caught.value.code == "invalid_api_key"


async def test_an_unknown_model_is_a_not_found_error(client):
    with pytest.raises(openai.NotFoundError) as caught:
        await client.chat.completions.create(model="gpt-9", messages=MESSAGES)
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


async def test_a_used_up_quota_is_a_rate_limit_error_with_a_time(client, gateway):
    gateway.upstream.play = fails(RateLimitedError("Used up.", retry_after=60))
    with pytest.raises(openai.RateLimitError) as caught:
        await client.chat.completions.create(model="grok-fast", messages=MESSAGES)
    assert 50 <= int(caught.value.response.headers["retry-after"]) <= 61
    assert caught.value.type == "rate_limit_error"


async def test_a_bad_request_names_the_parameter(client):
    with pytest.raises(openai.BadRequestError) as caught:
        await client.chat.completions.create(model="grok-fast", messages=MESSAGES, n=99)
    assert caught.value.param == "n"


async def test_an_error_in_the_middle_of_a_stream_is_raised(client, gateway):
    gateway.upstream.play = fails(ContentRefusedError("Grok declined."), "Well")
    stream = await client.chat.completions.create(model="grok-fast", messages=MESSAGES, stream=True)
    texts = []
    with pytest.raises(openai.APIError, match="Grok declined"):
        await collect(stream, texts)
    assert texts == ["Well"]


async def test_closing_a_stream_early_stops_upstream(client, gateway):
    gateway.upstream.play = hangs("Well")
    stream = await client.chat.completions.create(model="grok-fast", messages=MESSAGES, stream=True)
    async for _ in stream:
        break
    await stream.close()
    async with asyncio.timeout(2):
        while gateway.upstream.running:
            await asyncio.sleep(0.005)
    assert gateway.upstream.cancelled == 1


async def test_models_can_be_listed_and_looked_up(client):
    models = [model async for model in client.models.list()]
    assert [model.id for model in models] == ["grok-fast", "vendor/grok-slash", "grok-heavy"]
    one = await client.models.retrieve("vendor/grok-slash")
    assert one.id == "vendor/grok-slash"
    assert one.context_length == 131_072


async def test_a_base_url_without_version_works_too(gateway):
    async with openai.AsyncOpenAI(
        base_url=gateway.origin, api_key=gateway.key, max_retries=0
    ) as client:
        answer = await client.chat.completions.create(model="grok-fast", messages=MESSAGES)
    assert answer.choices[0].message.content == "Hello, world."
