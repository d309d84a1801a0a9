"""POST /v1/completions: texts completed by a model that knows chats alone."""

import json

import openai
import pytest

from grokdesk.domain.chat import Citation, ReasoningDelta, Role
from grokdesk.domain.errors import ContentRefusedError
from tests.gateway.stand_in import fails, says

PATH = "/v1/completions"


async def ask(http, gateway, **fields):
    body = {"model": "grok-fast", "prompt": "Once upon", **fields}
    async with http.post(gateway.origin + PATH, json=body, headers=gateway.headers) as response:
        return response.status, await response.read()


async def error_of(http, gateway, **fields):
    status, body = await ask(http, gateway, **fields)
    error = json.loads(body)["error"]
    return status, error["param"], error["code"]


async def test_a_whole_completion_to_the_field(http, gateway):  # L1
    gateway.upstream.play = says(ReasoningDelta("Hm."), " a time", Citation(1, "https://a"))
    status, body = await ask(http, gateway)
    answer = json.loads(body)
    assert status == 200
    assert answer["id"].startswith("cmpl-")
    assert (answer["object"], answer["model"]) == ("text_completion", "grok-fast")
    assert answer["choices"] == [
        {"index": 0, "text": " a time", "logprobs": None, "finish_reason": "stop"}
    ]
    assert answer["usage"]["total_tokens"] > 0
    told, asked = gateway.upstream.requests[0].messages
    assert (told.role, asked.role, asked.text) == (Role.SYSTEM, Role.USER, "Once upon")


async def test_a_streamed_completion_to_the_byte(http, gateway):
    gateway.upstream.play = says(" a", " time")
    _, body = await ask(http, gateway, stream=True)
    first = json.loads(body.split(b"\n\n")[0].removeprefix(b"data: "))
    head = (
        f'data: {{"id":"{first["id"]}","object":"text_completion","created":{first["created"]},'
        '"model":"grok-fast","choices":[{"index":0,"text":'
    )
    assert body.decode() == (
        head
        + '" a","logprobs":null,"finish_reason":null}]}\n\n'
        + head
        + '" time","logprobs":null,"finish_reason":null}]}\n\n'
        + head
        + '"","logprobs":null,"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    )


async def test_usage_of_a_stream_comes_when_asked_for(http, gateway):
    _, body = await ask(http, gateway, stream=True, stream_options={"include_usage": True})
    assert body.count(b'"usage"') == 1
    assert b'"choices":[],"usage":{"prompt_tokens":' in body


async def test_each_prompt_has_its_choices_in_order(http, gateway):
    async def play(prompt, emit):
        await says(prompt.messages[-1].text.upper())(prompt, emit)

    gateway.upstream.play = play
    _, body = await ask(http, gateway, prompt=["a", "b"], n=2)
    choices = json.loads(body)["choices"]
    assert [(choice["index"], choice["text"]) for choice in choices] == [
        (0, "A"),
        (1, "A"),
        (2, "B"),
        (3, "B"),
    ]


async def test_a_prompt_that_is_asked_twice_counts_once(http, gateway):
    _, body = await ask(http, gateway)
    once = json.loads(body)["usage"]
    _, body = await ask(http, gateway, n=2)
    twice = json.loads(body)["usage"]
    assert twice["prompt_tokens"] == once["prompt_tokens"]
    assert twice["completion_tokens"] == 2 * once["completion_tokens"]


async def test_an_echo_begins_with_the_prompt(http, gateway):
    gateway.upstream.play = says(" a", " time")
    _, body = await ask(http, gateway, echo=True)
    assert json.loads(body)["choices"][0]["text"] == "Once upon a time"
    _, body = await ask(http, gateway, echo=True, stream=True)
    assert b'"text":"Once upon a"' in body
    gateway.upstream.play = says(" END")
    _, body = await ask(http, gateway, echo=True, stream=True, stop=" END")
    assert b'"text":"Once upon"' in body


async def test_a_suffix_is_what_comes_after_the_gap(http, gateway):
    await ask(http, gateway, prompt="def f(", suffix="): return 1")
    told, asked = gateway.upstream.requests[0].messages
    assert "gap" in told.text
    assert asked.text == "<before>def f(</before>\n<after>): return 1</after>"


async def test_limits_and_stop_texts_hold(http, gateway):
    gateway.upstream.play = says("one two three four five six")
    _, body = await ask(http, gateway, max_tokens=2)
    (choice,) = json.loads(body)["choices"]
    assert choice["finish_reason"] == "length"
    assert "six" not in choice["text"]
    _, body = await ask(http, gateway, stop=["four"])
    (choice,) = json.loads(body)["choices"]
    assert (choice["text"], choice["finish_reason"]) == ("one two three ", "stop")


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"prompt": None}, "prompt", "invalid_value"),
        ({"prompt": []}, "prompt", "invalid_value"),
        ({"prompt": {"a": 1}}, "prompt", "invalid_value"),
        ({"prompt": ["a", 1]}, "prompt", "invalid_value"),
        ({"prompt": [1, 2, 3]}, "prompt", "unsupported_parameter"),
        ({"prompt": [[1, 2], [3]]}, "prompt", "unsupported_parameter"),
        ({"prompt": ["a"] * 9}, "prompt", "unsupported_parameter"),
        ({"prompt": ["a"] * 5, "n": 2}, "prompt", "unsupported_parameter"),
        ({"n": 9}, "n", "unsupported_parameter"),
        ({"logprobs": 5}, "logprobs", "unsupported_parameter"),
        ({"model": " "}, "model", "invalid_value"),
        ({"max_tokens": 0}, "max_tokens", "invalid_value"),
        ({"model": "grok-picture"}, "model", "invalid_value"),
    ],
)
async def test_a_refusal_names_its_parameter(http, gateway, fields, param, code):
    assert await error_of(http, gateway, **fields) == (400, param, code)


async def test_what_is_harmless_is_ignored(http, gateway):
    status, _ = await ask(http, gateway, best_of=3, logit_bias={"1": 1}, logprobs=0, seed=1)
    assert status == 200


async def test_an_error_in_the_middle_breaks_the_stream_off(http, gateway):
    gateway.upstream.play = fails(ContentRefusedError("Grok declined this."), "Well")
    status, body = await ask(http, gateway, stream=True)
    assert status == 200
    assert b'"code":"content_policy_violation"' in body
    assert b"[DONE]" not in body


async def test_the_official_package_reads_both_forms(gateway):
    gateway.upstream.play = says(" a", " time")
    async with openai.AsyncOpenAI(
        base_url=gateway.origin + "/v1", api_key=gateway.key, max_retries=0
    ) as client:
        whole = await client.completions.create(model="grok-fast", prompt="Once upon")
        stream = await client.completions.create(model="grok-fast", prompt="Once upon", stream=True)
        text = "".join([piece.choices[0].text async for piece in stream])
    assert whole.choices[0].text == text == " a time"
