"""Chunks to events: whatever comes, the life of a response is told in order and to its end."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grokdesk.domain.chat import (
    Citation,
    ConversationRef,
    FinishReason,
    Image,
    ImageProgress,
    ReasoningDelta,
    SearchSource,
    TextDelta,
    ToolActivity,
)
from grokdesk.domain.errors import ContentRefusedError, NoAccountError, UpstreamError
from grokdesk.domain.tools import ToolCall, ToolKind
from grokdesk.domain.usage import TokenCount
from grokdesk.gateway.errors import verdict_of
from grokdesk.gateway.responses.outline import Outline, response_of_item
from grokdesk.gateway.responses.render import ResponseStreamRenderer, items_of, render_response
from grokdesk.services.response_record import Answer, ResponseState, decode_answer, encode_answer
from tests.gateway.golden import events_of

OUTLINE = Outline(
    "resp_0123456789ab000001",
    msgspec.Raw(b'{"model":"grok-fast"}'),
    hosted=("local_shell",),
    shows_searches=True,
    shows_sources=True,
    seals_reasoning=True,
)
TOKENS = TokenCount(3, 5, 2)
unhurried = settings(max_examples=60, deadline=None)
TEXTS = st.text(st.characters(), max_size=8)
CHUNKS = st.lists(
    st.one_of(
        st.builds(TextDelta, TEXTS),
        st.builds(TextDelta, st.sampled_from(["\ud83e", "\uddea", "[[1]](https://a.example/)"])),
        st.builds(ReasoningDelta, TEXTS),
        st.builds(ToolCall, st.just("call_1"), st.just("f"), st.just("{}")),
        st.builds(ToolCall, st.just("call_2"), st.just("p"), TEXTS, st.just(ToolKind.CUSTOM)),
        st.builds(
            ToolCall, st.just("call_3"), st.just("local_shell"), st.just('{"command":["ls"]}')
        ),
        st.just(Citation(1, "https://a.example/", "A")),
        st.just(SearchSource("https://a.example/", "A")),
        st.builds(ToolActivity, st.sampled_from(["web_search", "browse_page", "code"]), TEXTS),
        st.just(Image("i", "https://a.example/i.png")),
        st.just(ImageProgress("i", 5)),
        st.just(ConversationRef("c")),
    ),
    max_size=12,
)


def renderer_of(outline=OUTLINE):
    return ResponseStreamRenderer(outline, lambda: 1_700_000_000.9)


def told(chunks, reason=FinishReason.STOP):
    renderer = renderer_of()
    data = b"".join(map(renderer.render, chunks)) + renderer.render_finish(reason, TOKENS)
    return [event.data for event in events_of(data)]


@unhurried
@given(CHUNKS, st.sampled_from([FinishReason.STOP, FinishReason.LENGTH, FinishReason.TOOL_CALLS]))
def test_whatever_comes_each_item_lives_once_and_the_end_holds_them_all(chunks, reason):
    events = told(chunks, reason)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    first, second, *middle, last = events
    assert (first["type"], second["type"]) == ("response.created", "response.in_progress")
    ends = {FinishReason.LENGTH: "response.incomplete"}
    assert last["type"] == ends.get(reason, "response.completed")
    output = last["response"]["output"]
    added = [event for event in middle if event["type"] == "response.output_item.added"]
    done = [event for event in middle if event["type"] == "response.output_item.done"]
    assert [event["output_index"] for event in added] == list(range(len(output)))
    assert [event["item"] for event in done] == output
    assert [event["item"]["id"] for event in added] == [item["id"] for item in output]
    for index, item in enumerate(output):
        own = [event for event in middle if event["output_index"] == index]
        assert (own[0]["type"], own[-1]["type"]) == (
            "response.output_item.added",
            "response.output_item.done",
        )
        assert all(event.get("item_id", item["id"]) == item["id"] for event in own)


@unhurried
@given(CHUNKS)
def test_the_deltas_of_a_text_are_the_text(chunks):
    whole = [chunk for chunk in chunks if chunk not in (TextDelta("\ud83e"), TextDelta("\uddea"))]
    events = told(whole)
    for index, item in enumerate(events[-1]["response"]["output"]):
        deltas = [
            event["delta"]
            for event in events
            if event["type"].endswith(".delta") and event["output_index"] == index
        ]
        if item["type"] == "message":
            assert "".join(deltas) == item["content"][0]["text"]
        elif item["type"] == "reasoning":
            assert "".join(deltas) == item["summary"][0]["text"]


@unhurried
@given(CHUNKS)
def test_places_of_citations_are_those_of_their_markers(chunks):
    for item in told(chunks)[-1]["response"]["output"]:
        if item["type"] != "message":
            continue
        (part,) = item["content"]
        for note in part["annotations"]:
            assert 0 <= note["start_index"] < note["end_index"]


@unhurried
@given(CHUNKS)
def test_a_response_that_is_kept_looks_the_same_later(chunks):
    last = told(chunks)[-1]["response"]
    answer = Answer(tuple(chunks), FinishReason.STOP, TOKENS, ended_at=1_700_000_000.9)
    for kept in (answer, decode_answer(encode_answer(answer))):
        again = json.loads(render_response(OUTLINE, ResponseState.DONE, kept))
        assert again == last


def test_a_citation_ends_where_its_marker_does_in_code_points():
    marker = "[[1]](https://a.example/)"
    (item,) = told(
        [
            TextDelta("\U0001f9ea "),
            TextDelta(marker),
            Citation(1, "https://a.example/"),
            TextDelta("."),
        ]
    )[-1]["response"]["output"]
    (note,) = item["content"][0]["annotations"]
    assert (note["start_index"], note["end_index"]) == (2, 2 + len(marker))
    assert note["title"] == "https://a.example/"


def test_an_answer_without_anything_has_an_empty_message():
    (item,) = told([])[-1]["response"]["output"]
    assert item["content"][0]["text"] == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ContentRefusedError("No."), "invalid_prompt"),
        (NoAccountError("No."), "rate_limit_exceeded"),
        (UpstreamError("No."), "server_error"),
    ],
)
def test_a_failure_ends_the_stream_with_what_there_is(error, code):
    renderer = renderer_of()
    data = renderer.render(TextDelta("Well")) + renderer.render_error(error, verdict_of(error), "r")
    last = events_of(data)[-1].data
    assert last["type"] == "response.failed"
    assert last["response"]["error"] == {"code": code, "message": "No."}
    (item,) = last["response"]["output"]
    assert (item["status"], item["content"][0]["text"]) == ("incomplete", "Well")


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (ResponseState.QUEUED, "queued"),
        (ResponseState.RUNNING, "in_progress"),
        (ResponseState.DONE, "completed"),
        (ResponseState.FAILED, "failed"),
        (ResponseState.CANCELLED, "cancelled"),
    ],
)
def test_each_state_has_its_status(state, status):
    answer = Answer(error="UpstreamError", problem="No.") if status == "failed" else Answer()
    body = json.loads(render_response(OUTLINE, state, answer))
    assert body["status"] == status
    assert (body["error"] is not None) == (status == "failed")


def test_an_item_tells_whose_it_is():
    (item,) = items_of(OUTLINE, [TextDelta("Hi")])
    assert response_of_item(item["id"]) == OUTLINE.id
    assert response_of_item("nonsense") == "resp_"


def test_a_text_delta_is_one_small_event():
    renderer = renderer_of()
    renderer.render(TextDelta("a"))
    assert renderer.render(TextDelta('"b"\n')) == (
        b"event: response.output_text.delta\n"
        b'data: {"type":"response.output_text.delta","sequence_number":5,'
        b'"item_id":"msg_0123456789ab000001_0","output_index":0,"content_index":0,'
        b'"logprobs":[],"delta":"\\"b\\"\\n"}\n\n'
    )


@unhurried
@given(
    st.lists(
        st.builds(TextDelta, st.text(st.sampled_from("a\u2028\u2029\x85\x1c\x0b\u00e4\u201c")))
    )
)
def test_no_text_breaks_the_line_of_its_event(chunks):
    renderer = renderer_of()
    data = b"".join(map(renderer.render, chunks))
    data += renderer.render_finish(FinishReason.STOP, TOKENS)
    assert data.decode().splitlines() == data.decode().split("\n")[:-1]
    assert events_of(data)[-1].data["response"]["output"][0]["content"][0]["text"] == "".join(
        chunk.text for chunk in chunks
    )
