"""The API contract, rows H and L: Chat Completions and its predecessor, of the running program."""

import base64
import io
import time
from typing import Any

import pytest
from PIL import Image

from tests.e2e.conftest import SimulatorProcess
from tests.e2e.endpoint import MODEL, Endpoint, assert_in_order

pytestmark = pytest.mark.e2e


def user(text: Any) -> dict[str, Any]:
    return {"role": "user", "content": text}


def called(id: str, arguments: str = "{}") -> dict[str, Any]:
    function = {"name": "get_weather", "arguments": arguments}
    return {"id": id, "type": "function", "function": function}


def test_a_stream_has_the_form_that_strict_parsers_want(endpoint: Endpoint) -> None:  # H1-H6
    reply = endpoint.chat("!unicode", stream=True)
    assert reply.body.endswith(b"data: [DONE]\n\n")
    assert {(c["id"], c["created"], c["object"], c["model"]) for c in reply.chunks} == {
        (reply.chunks[0]["id"], reply.chunks[0]["created"], "chat.completion.chunk", MODEL)
    }
    assert [delta.get("role") for delta in reply.deltas][:2] == ["assistant", None]
    choices = [choice for chunk in reply.chunks for choice in chunk["choices"]]
    assert {choice["index"] for choice in choices} == {0}
    assert [choice["finish_reason"] for choice in choices[:-1]] == [None] * (len(choices) - 1)
    assert (choices[-1]["finish_reason"], choices[-1]["delta"]) == ("stop", {})
    assert not any("usage" in chunk for chunk in reply.chunks)


def test_usage_comes_once_and_alone(endpoint: Endpoint) -> None:  # H5
    options = {"include_usage": True, "something_new": 1}
    *others, last = endpoint.chat(stream=True, stream_options=options).chunks
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] > 0
    assert not any(chunk.get("usage") for chunk in others)


def test_silence_is_filled_with_comments(endpoint: Endpoint) -> None:  # H7
    reply = endpoint.chat("!long 2 !slow 1500", stream=True)
    blocks = reply.body.decode().removesuffix("\n\n").split("\n\n")
    assert ": ping" in blocks
    assert all(block == ": ping" or block.startswith("data: ") for block in blocks)
    assert reply.text == "word1 word2 "


def test_an_answer_tells_its_cost_and_keeps_its_thoughts_apart(endpoint: Endpoint) -> None:
    reply = endpoint.chat("!think hard", model="grok-chat-expert")  # H8 H16
    usage = reply.json["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert 0 < usage["completion_tokens_details"]["reasoning_tokens"] < usage["completion_tokens"]
    assert reply.message["reasoning_content"]
    assert reply.message["reasoning_content"] not in reply.message["content"]
    assert "tool_calls" not in reply.message


@pytest.mark.parametrize(
    ("fields", "text", "reason"),
    [
        ({"max_tokens": 1, "temperature": 0, "top_p": 0}, "word", "length"),
        ({"max_completion_tokens": 1}, "word", "length"),
        ({"stop": "word3"}, "word1 word2 ", "stop"),
        ({"stop": ["nowhere", "rd2 wo"]}, "word1 wo", "stop"),
        ({"stop": [], "max_tokens": None}, "word1 word2 word3 word4 ", "stop"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_limits_are_kept_to_the_letter(  # H9 H10
    endpoint: Endpoint, fields: dict[str, Any], text: str, reason: str, stream: bool
) -> None:
    reply = endpoint.chat("!long 4", stream=stream, **fields)
    assert reply.text == text
    last = reply.chunks[-1] if stream else reply.json
    assert last["choices"][0]["finish_reason"] == reason


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"n": 3}, 200),
        ({"n": 9}, 400),
        ({"n": 0}, 400),
        ({"max_tokens": 0}, 400),
        ({"temperature": "hot"}, 400),
        ({"logprobs": True}, 400),
        ({"tool_choice": "required"}, 400),
        ({"response_format": {"type": "xml"}}, 400),
        ({"modalities": ["text", "audio"]}, 400),
        ({"min_p": 0.1, "top_k": 4, "logit_bias": {}, "never_heard_of": [1]}, 200),
        ({"seed": 1, "user": "u", "store": True, "metadata": {}, "service_tier": "auto"}, 200),
        ({"reasoning_effort": "high", "verbosity": "low", "parallel_tool_calls": None}, 200),
    ],
)
def test_fields_are_used_refused_or_ignored(  # H10 H15
    endpoint: Endpoint, fields: dict[str, Any], status: int
) -> None:
    reply = endpoint.chat(**fields)
    assert reply.status == status
    if status == 400:
        assert reply.error["type"] == "invalid_request_error"
        assert reply.error["param"] == next(iter(fields))
    else:
        assert len(reply.json["choices"]) == fields.get("n", 1)


RESULTS = [
    user("q"),
    {"role": "assistant", "content": None, "tool_calls": [called("c1"), called("c2")]},
    {"role": "tool", "tool_call_id": "c1", "content": [[{"type": "text", "text": "ONE"}]]},
    {"role": "tool", "tool_call_id": "c2", "content": "TWO"},
]
LEGACY = [
    user("q"),
    {"role": "assistant", "content": None, "function_call": called("")["function"]},
    {"role": "function", "name": "get_weather", "content": "LEGACY"},
]


@pytest.mark.parametrize(
    ("messages", "order"),
    [
        ([{"role": "developer", "content": "DEV"}, user("q")], ["[system]", "DEV", "q"]),
        ([user("q"), {"role": "system", "content": "LATE"}, user("r")], ["q", "LATE", "r"]),
        ([user("q"), {"role": "assistant", "content": "Sure"}], ["q", "[assistant]", "Sure"]),
        ([user(["plain", {"type": "text", "text": "part"}])], ["plain", "part"]),
        ([user(None), user(""), user([]), user("q")], ["q"]),
        (RESULTS, ["q", "c1", "c2", "c1", "ONE", "c2", "TWO"]),
        (LEGACY, ["q", "get_weather", "get_weather", "LEGACY"]),
        ([user("q"), {"role": "tool", "tool_call_id": "lost", "content": "X"}], ["lost", "X"]),
        ([{"role": "tool", "content": "no id"}], ["[tool]", "no id"]),
        ([user("q"), {"role": "assistant", "tool_calls": [called("c", "{bro")]}], ["{bro"]),
    ],
    ids=[
        "developer",
        "late-system",
        "prefill",
        "parts",
        "empty",
        "results",
        "legacy",
        "no-call",
        "no-id",
        "broken",
    ],
)
def test_every_message_reaches_grok_in_its_place(  # H11 H12 H19 H21
    endpoint: Endpoint,
    shared_simulator: SimulatorProcess,
    messages: list[dict[str, Any]],
    order: list[str],
) -> None:
    assert endpoint.chat(messages=messages).status == 200
    assert_in_order(shared_simulator.last_prompt()["text"], order)


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ([], "messages"),
        ([{"role": "robot", "content": "x"}], "messages[0].role"),
        ([user([{"type": "hologram"}])], "messages[0].content[0]"),
        ([user([{"type": "input_audio", "input_audio": {}}])], "messages[0].content[0]"),
        (
            [user([{"type": "image_url", "image_url": {"url": "data:image/png;base64,%%%"}}])],
            "messages[0].content[0].image_url.url",
        ),
        (
            [user([{"type": "image_url", "image_url": {"url": "https://127.0.0.1/x.png"}}])],
            "messages[0].content[0].image_url.url",
        ),
    ],
)
def test_what_cannot_be_sent_is_named(  # H13 H14
    endpoint: Endpoint, messages: list[dict[str, Any]], param: str
) -> None:
    reply = endpoint.chat(messages=messages)
    assert (reply.status, reply.error["param"]) == (400, param)


def test_pictures_and_files_go_along_and_old_ones_go_no_more(  # H13 H14 H24
    endpoint: Endpoint, shared_simulator: SimulatorProcess
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    uri = "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode()
    old = "data:image/png;base64," + "A" * 100_000
    parts = [
        {"type": "text", "text": "And this?"},
        {"type": "image_url", "image_url": {"url": uri, "detail": "high"}},
        {"type": "file", "file": {"filename": "a.txt", "file_data": "data:;base64,aGVsbG8="}},
    ]
    said = {"role": "assistant", "content": f"![x]({old})"}
    assert endpoint.chat(messages=[user("Draw"), said, user(parts)]).status == 200
    prompt = shared_simulator.last_prompt()
    assert len(prompt["attachments"]) == 2
    assert len(prompt["text"]) < 1000


def test_letters_are_never_torn_apart(endpoint: Endpoint) -> None:  # H25
    whole = endpoint.chat("!unicode").text
    assert "👨\u200d👩\u200d👧" in whole
    assert endpoint.chat("!unicode", stream=True).text == whole


def test_sources_stand_where_the_text_says(endpoint: Endpoint) -> None:
    reply = endpoint.chat("!search copper")
    spans = [note["url_citation"] for note in reply.message["annotations"]]
    assert spans
    for span in spans:
        assert span["url"] in reply.text[span["start_index"] : span["end_index"]]


@pytest.mark.parametrize("path", ["chat", "message", "respond"])
def test_five_megabytes_of_text_hold_up_nobody(endpoint: Endpoint, path: str) -> None:
    began = time.monotonic()
    assert getattr(endpoint, path)("lorem ipsum " * 436_907).status == 200
    assert time.monotonic() - began < 5.0


def test_an_editor_may_complete_text(endpoint: Endpoint) -> None:  # L1
    body = {"model": MODEL, "prompt": "!long 9", "suffix": "end", "max_tokens": 16}
    reply = endpoint.post("/v1/completions", body)
    assert reply.json["object"] == "text_completion"
    assert reply.json["choices"][0]["text"]
    streamed = endpoint.post("/v1/completions", body | {"stream": True})
    assert (
        "".join(c["choices"][0]["text"] for c in streamed.chunks)
        == (reply.json["choices"][0]["text"])
    )
    assert streamed.body.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize(
    "path", ["embeddings", "moderations", "rerank", "batches", "fine_tuning/jobs"]
)
def test_what_is_not_offered_says_so_in_a_sentence(endpoint: Endpoint, path: str) -> None:  # L2
    reply = endpoint.post(f"/v1/{path}", {"input": "x"})
    assert reply.status == 501
    assert reply.error["message"].count(". ") == 0
    assert reply.headers["x-should-retry"] == "false"
