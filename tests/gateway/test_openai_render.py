"""Chunks to OpenAI's JSON, without a server."""

import json

import pytest

from grokdesk.domain.chat import (
    Citation,
    ConversationRef,
    Finish,
    FinishReason,
    ImageProgress,
    ReasoningDelta,
    SearchSource,
    TextDelta,
    ToolActivity,
)
from grokdesk.domain.usage import TokenCount
from grokdesk.gateway.openai.render import AnswerCollector, Ending, Heading, StreamRenderer

HEADING = Heading("chatcmpl-1", 1_700_000_000, 'model "x"')
ENDING = Ending(FinishReason.STOP, TokenCount(prompt=3, completion=5, reasoning=2))


def events(data):
    return [event.removeprefix(b"data: ") for event in data.split(b"\n\n") if event]


def chunk_of(data):
    (event,) = events(data)
    return json.loads(event)


def test_every_chunk_is_complete_and_only_the_first_has_the_role():
    renderer = StreamRenderer(HEADING)
    chunks = [chunk_of(renderer.render(TextDelta(text))) for text in ("a", "b", "c")]
    for chunk in chunks:
        assert chunk["id"] == "chatcmpl-1"
        assert chunk["object"] == "chat.completion.chunk"
        assert chunk["created"] == 1_700_000_000
        assert chunk["model"] == 'model "x"'
        assert chunk["choices"][0]["index"] == 0
        assert chunk["choices"][0]["finish_reason"] is None
    assert [chunk["choices"][0]["delta"] for chunk in chunks] == [
        {"role": "assistant", "content": "a"},
        {"content": "b"},
        {"content": "c"},
    ]


@pytest.mark.parametrize(
    "text", ['"', "\\", "\n\r\n\n", "\u2028", "data: [DONE]\n\n", "\x00", "👩‍👩‍👧", "مرحبا"]
)
def test_any_text_survives(text):
    chunk = chunk_of(StreamRenderer(HEADING).render(TextDelta(text)))
    assert chunk["choices"][0]["delta"]["content"] == text


def test_half_characters_are_joined_in_a_whole_answer_and_replaced_in_a_stream():
    data = StreamRenderer(HEADING).render(TextDelta("\ud83d"))
    assert chunk_of(data)["choices"][0]["delta"]["content"] == "\ufffd"
    answer = json.loads(_collect(TextDelta("\ud83d"), TextDelta("\ude00")))
    assert answer["choices"][0]["message"]["content"] == "😀"


@pytest.mark.parametrize(
    "chunk",
    [
        TextDelta(""),
        ReasoningDelta(""),
        Citation(1, "https://a.example"),
        SearchSource("https://a.example"),
        ToolActivity("web_search", "x"),
        ImageProgress("i", 50),
        ConversationRef("c"),
        Finish(),
    ],
)
def test_what_has_no_place_makes_no_chunk(chunk):
    assert StreamRenderer(HEADING).render(chunk) == b""


def test_the_end_is_an_empty_delta_with_a_reason_and_done():
    renderer = StreamRenderer(HEADING)
    renderer.render(TextDelta("a"))
    finish, done = events(renderer.render_end(ENDING, with_usage=False))
    assert done == b"[DONE]"
    assert json.loads(finish)["choices"] == [{"index": 0, "delta": {}, "finish_reason": "stop"}]


def test_a_stream_without_text_still_introduces_the_assistant():
    first, finish, _ = events(StreamRenderer(HEADING).render_end(ENDING, with_usage=False))
    assert json.loads(first)["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert json.loads(finish)["choices"][0]["finish_reason"] == "stop"


def test_usage_is_a_chunk_of_its_own():
    events_ = events(StreamRenderer(HEADING).render_end(ENDING, with_usage=True))
    usage = json.loads(events_[-2])
    assert usage["choices"] == []
    assert usage["usage"] == {
        "prompt_tokens": 3,
        "completion_tokens": 5,
        "total_tokens": 8,
        "completion_tokens_details": {"reasoning_tokens": 2},
        "estimated": True,
    }


@pytest.mark.parametrize("reason", list(FinishReason))
def test_the_reason_is_openais_word(reason):
    data = StreamRenderer(HEADING).render_end(Ending(reason, ENDING.tokens), with_usage=False)
    assert b'"finish_reason":"%b"' % reason.value.encode() in data


def test_each_source_is_listed_once_in_the_order_of_its_citation():
    sources = [Citation(1, "https://b"), Citation(2, "https://a"), Citation(3, "https://b")]
    answer = json.loads(_collect(*sources, TextDelta("x")))
    assert answer["citations"] == ["https://b", "https://a"]


def _collect(*chunks):
    collector = AnswerCollector()
    for chunk in chunks:
        with pytest.raises(StopIteration):  # emit never waits
            collector.emit(chunk).send(None)
    return collector.render(HEADING, ENDING)


def test_a_whole_answer_starts_with_its_heading():
    answer = json.loads(_collect(TextDelta("a"), TextDelta("b")))
    assert list(answer) == ["id", "object", "created", "model", "choices", "usage"]
    assert answer["object"] == "chat.completion"
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": "ab"}
