"""Chunks to OpenAI's JSON, without a server."""

import itertools
import json
import random

import pytest

from grokdesk.domain.chat import (
    Citation,
    ConversationRef,
    Finish,
    FinishReason,
    Image,
    ImageProgress,
    ReasoningDelta,
    SearchSource,
    TextDelta,
    ToolActivity,
)
from grokdesk.domain.tools import ToolCall, ToolKind
from grokdesk.domain.usage import TokenCount
from grokdesk.gateway.openai.answer import AnswerCollector, render_answer
from grokdesk.gateway.openai.heading import Heading
from grokdesk.gateway.openai.render import ChatStreamRenderer
from grokdesk.gateway.openai.style import PLAIN, AnswerStyle
from grokdesk.services.calls import ChatResult

HEADING = Heading("chatcmpl-1", 1_700_000_000, 'model "x"')
TOKENS = TokenCount(prompt=3, completion=5, reasoning=2)
THINK = AnswerStyle(think_tags=True)
OLDER = AnswerStyle(older_calls=True)
OSLO = ToolCall("call_1", "weather", '{"city":"Oslo"}')
BERGEN = ToolCall("call_2", "weather", '{"city":"Bergen"}')
PATCH = ToolCall("call_3", "patch", "*** Begin\n", ToolKind.CUSTOM)


def result_of(reason=FinishReason.STOP):
    return ChatResult(reason, TOKENS, "m", "a", "A", 1, None, 0.1)


def events(data):
    return [event.removeprefix(b"data: ") for event in data.split(b"\n\n") if event]


def choice_of(event):
    (choice,) = json.loads(event)["choices"]
    return choice


def deltas_of(*chunks, style=PLAIN, reason=FinishReason.STOP):
    """All deltas of a stream, the last one with its finish reason."""
    renderer = ChatStreamRenderer(HEADING, style=style)
    data = b"".join(map(renderer.render, chunks)) + renderer.render_finish(result_of(reason))
    choices = [choice_of(event) for event in events(data)]
    assert all(choice["finish_reason"] is None for choice in choices[:-1])
    return [choice["delta"] for choice in choices], choices[-1]["finish_reason"]


def answer_of(*chunks, style=PLAIN, reason=FinishReason.STOP):
    collector = AnswerCollector(style)
    for chunk in chunks:
        with pytest.raises(StopIteration):  # emit never waits
            collector.emit(chunk).send(None)
    return json.loads(render_answer(HEADING, [collector], [result_of(reason)], TOKENS))


def message_of(*chunks, style=PLAIN, reason=FinishReason.STOP):
    (choice,) = answer_of(*chunks, style=style, reason=reason)["choices"]
    return choice["message"], choice["finish_reason"]


def test_every_chunk_is_complete_and_only_the_first_has_the_role():  # H2, H3
    renderer = ChatStreamRenderer(HEADING)
    chunks = [json.loads(events(renderer.render(TextDelta(text)))[0]) for text in ("a", "b", "c")]
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
def test_any_text_survives(text):  # H25
    deltas, _ = deltas_of(TextDelta("x"), TextDelta(text))
    assert deltas[1]["content"] == text
    assert message_of(TextDelta(text))[0]["content"] == text


def test_half_characters_are_joined_in_a_whole_answer_and_replaced_in_a_stream():
    deltas, _ = deltas_of(TextDelta("\ud83d"))
    assert deltas[0]["content"] == "\ufffd"
    message, _ = message_of(TextDelta("\ud83d"), TextDelta("\ude00"))
    assert message["content"] == "😀"


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
@pytest.mark.parametrize("style", [PLAIN, THINK])
def test_what_has_no_place_of_its_own_makes_no_event(chunk, style):
    assert ChatStreamRenderer(HEADING, style=style).render(chunk) == b""


def test_the_end_is_an_empty_delta_with_a_reason_and_done():  # H4, H6
    renderer = ChatStreamRenderer(HEADING)
    renderer.render(TextDelta("a"))
    data = renderer.render_end(result_of())
    assert data.endswith(b"\n\ndata: [DONE]\n\n")
    finish, done = events(data)
    assert done == b"[DONE]"
    assert json.loads(finish)["choices"] == [{"index": 0, "delta": {}, "finish_reason": "stop"}]


def test_a_stream_without_text_still_introduces_the_assistant():
    deltas, reason = deltas_of()
    assert deltas == [{"role": "assistant", "content": ""}, {}]
    assert reason == "stop"


USAGE = {
    "prompt_tokens": 3,
    "completion_tokens": 5,
    "total_tokens": 8,
    "prompt_tokens_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 2, "estimated": True},
}


def test_usage_is_one_event_of_its_own_without_choices_and_only_when_asked_for():  # H5
    wanted = events(ChatStreamRenderer(HEADING, with_usage=True).render_end(result_of()))
    usages = [json.loads(event) for event in wanted[:-1] if b"usage" in event]
    assert [(usage["choices"], usage["usage"]) for usage in usages] == [([], USAGE)]
    assert b"usage" not in ChatStreamRenderer(HEADING).render_end(result_of())


def test_a_whole_answer_has_usage_with_the_share_of_thinking():  # H8
    assert answer_of(TextDelta("a"))["usage"] == USAGE


@pytest.mark.parametrize("reason", list(FinishReason))
def test_the_reason_is_openais_word(reason):  # H4
    assert deltas_of(TextDelta("a"), reason=reason)[1] == reason.value
    assert message_of(TextDelta("a"), reason=reason)[1] == reason.value


def test_thinking_has_a_field_of_its_own_and_is_not_in_the_text():  # H16
    chunks = (ReasoningDelta("Hm"), ReasoningDelta("."), TextDelta("42"))
    deltas, _ = deltas_of(*chunks)
    assert deltas == [
        {"role": "assistant", "reasoning_content": "Hm"},
        {"reasoning_content": "."},
        {"content": "42"},
        {},
    ]
    message, _ = message_of(*chunks)
    assert (message["content"], message["reasoning_content"]) == ("42", "Hm.")


@pytest.mark.parametrize(
    ("chunks", "text"),
    [
        ((ReasoningDelta("Hm"), ReasoningDelta("."), TextDelta("42")), "<think>Hm.</think>\n\n42"),
        ((TextDelta("42"),), "42"),
        ((ReasoningDelta("Hm."),), "<think>Hm.</think>\n\n"),
        (
            (ReasoningDelta("a"), TextDelta("b"), ReasoningDelta("c"), TextDelta("d")),
            "<think>a</think>\n\nb<think>c</think>\n\nd",
        ),
        ((ReasoningDelta("Hm."), OSLO), "<think>Hm.</think>\n\n"),
    ],
)
def test_thinking_in_tags_is_in_the_text_and_has_no_field(chunks, text):  # H16
    deltas, _ = deltas_of(*chunks, style=THINK)
    assert "".join(delta.get("content") or "" for delta in deltas) == text
    assert deltas[0]["role"] == "assistant"
    assert all("reasoning_content" not in delta for delta in deltas)
    message, _ = message_of(*chunks, style=THINK)
    assert message["content"] == text
    assert "reasoning_content" not in message


def test_the_tags_of_thinking_are_closed_before_a_tool_is_called():
    deltas, _ = deltas_of(ReasoningDelta("Hm."), OSLO, style=THINK)
    assert deltas[1] == {"content": "</think>\n\n"}
    assert "tool_calls" in deltas[2]


def test_a_tool_call_comes_as_name_then_arguments_and_always_with_its_index():  # H17
    deltas, reason = deltas_of(TextDelta("Wait."), OSLO, BERGEN, reason=FinishReason.TOOL_CALLS)
    assert reason == "tool_calls"
    assert deltas == [
        {"role": "assistant", "content": "Wait."},
        _named(0, "call_1"),
        _arguments(0, '{"city":"Oslo"}'),
        _named(1, "call_2"),
        _arguments(1, '{"city":"Bergen"}'),
        {},
    ]


def _named(index, id):
    function = {"name": "weather", "arguments": ""}
    return {"tool_calls": [{"index": index, "id": id, "type": "function", "function": function}]}


def _arguments(index, text):
    return {"tool_calls": [{"index": index, "function": {"arguments": text}}]}


def test_a_stream_that_begins_with_a_call_introduces_the_assistant_first():  # H2
    deltas, _ = deltas_of(OSLO)
    assert deltas[0] == {"role": "assistant", "content": None}
    assert [delta for delta in deltas[1:] if "role" in delta] == []


def test_long_arguments_come_in_lines_that_every_client_can_read():
    text = json.dumps({"text": "ä" * 50_000}, ensure_ascii=False)
    renderer = ChatStreamRenderer(HEADING)
    data = renderer.render(ToolCall("call_1", "write", text))
    assert max(map(len, data.split(b"\n"))) < 64 * 1024
    calls = [choice_of(event)["delta"].get("tool_calls") for event in events(data)]
    assert "".join(call[0]["function"]["arguments"] for call in calls if call) == text


def test_calls_in_a_whole_answer():  # H17
    message, reason = message_of(OSLO, PATCH, reason=FinishReason.TOOL_CALLS)
    assert reason == "tool_calls"
    assert message == {
        "role": "assistant",
        "content": None,
        "refusal": None,
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
            },
            {"id": "call_3", "type": "custom", "custom": {"name": "patch", "input": "*** Begin\n"}},
        ],
    }


def test_without_calls_there_is_no_such_field_at_all():  # H17
    assert "tool_calls" not in message_of(TextDelta("a"))[0]
    assert all("tool_calls" not in delta for delta in deltas_of(TextDelta("a"))[0])


def test_a_custom_tool_gets_its_text_as_input():
    deltas, _ = deltas_of(PATCH)
    named = {"index": 0, "id": "call_3", "type": "custom", "custom": {"name": "patch", "input": ""}}
    assert deltas[1] == {"tool_calls": [named]}
    assert deltas[2] == {"tool_calls": [{"index": 0, "custom": {"input": "*** Begin\n"}}]}


def test_clients_of_the_older_form_get_one_function_call():  # H21
    chunks = (OSLO, BERGEN)
    deltas, reason = deltas_of(*chunks, style=OLDER, reason=FinishReason.TOOL_CALLS)
    assert reason == "function_call"
    assert deltas == [
        {"role": "assistant", "content": None},
        {"function_call": {"name": "weather", "arguments": ""}},
        {"function_call": {"arguments": '{"city":"Oslo"}'}},
        {},
    ]
    message, reason = message_of(*chunks, style=OLDER, reason=FinishReason.TOOL_CALLS)
    assert reason == "function_call"
    assert message["function_call"] == {"name": "weather", "arguments": '{"city":"Oslo"}'}
    assert "tool_calls" not in message


def test_each_source_is_listed_once_in_the_order_of_its_citation():
    sources = [Citation(1, "https://b"), Citation(2, "https://a"), Citation(3, "https://b")]
    assert answer_of(*sources, TextDelta("x"))["citations"] == ["https://b", "https://a"]


def test_what_was_read_is_told_with_the_message_and_at_the_end_of_a_stream():
    sources = [
        SearchSource("https://a", "A"),
        SearchSource("https://b"),
        SearchSource("https://a", "again"),
    ]
    told = [{"url": "https://a", "title": "A"}, {"url": "https://b", "title": ""}]
    assert message_of(*sources, TextDelta("x"))[0]["search_sources"] == told
    deltas, _ = deltas_of(*sources, TextDelta("x"))
    assert deltas == [{"role": "assistant", "content": "x"}, {"search_sources": told}]


CITED = ["Ǽ 😀 says", " [[1]](https://a.example/ü)", ". And", " [[2]](https://b.example)", "!"]


def cited_chunks(cut):
    """The text in pieces as `cut` says, each citation right behind its marker."""
    for text in CITED:
        yield from (TextDelta(piece) for piece in cut(text))
        if "](" in text:
            number = int(text[3])
            yield Citation(number, text.partition("(")[2][:-1], f"Page {number}")


def _into_pieces(seed):
    rng = random.Random(seed)

    def cut(text):
        points = sorted(rng.randint(0, len(text)) for _ in range(3))
        return [text[a:b] for a, b in itertools.pairwise([0, *points, len(text)])]

    return cut


@pytest.mark.parametrize("style", [PLAIN, THINK])
@pytest.mark.parametrize("seed", range(25))
def test_annotations_point_at_their_markers_however_the_text_was_split(seed, style):
    chunks = [ReasoningDelta("Hm 😀"), *cited_chunks(_into_pieces(seed))]
    message, _ = message_of(*chunks, style=style)
    deltas, _ = deltas_of(*chunks, style=style)
    streamed = "".join(delta.get("content", "") for delta in deltas)
    assert streamed == message["content"]
    assert deltas[-1]["annotations"] == message["annotations"]
    pages = [each["url_citation"] for each in message["annotations"]]
    assert [streamed[page["start_index"] : page["end_index"]] for page in pages] == [
        "[[1]](https://a.example/ü)",
        "[[2]](https://b.example)",
    ]
    assert [(page["url"], page["title"]) for page in pages] == [
        ("https://a.example/ü", "Page 1"),
        ("https://b.example", "Page 2"),
    ]


def test_a_citation_without_a_marker_in_the_text_is_listed_but_points_nowhere():
    answer = answer_of(Citation(1, "https://a.example"), TextDelta('{"a": 1}'))
    assert answer["citations"] == ["https://a.example"]
    assert "annotations" not in answer["choices"][0]["message"]


def test_a_picture_is_a_markdown_link_in_the_text():  # H23
    message, _ = message_of(TextDelta("See "), Image("i", "https://a.example/p.png"))
    assert message["content"] == "See ![image](https://a.example/p.png)\n"


def test_a_whole_answer_starts_with_its_heading():
    answer = answer_of(TextDelta("a"), TextDelta("b"))
    assert list(answer) == ["id", "object", "created", "model", "choices", "usage"]
    assert answer["object"] == "chat.completion"
    assert answer["choices"][0] == {
        "index": 0,
        "message": {"role": "assistant", "content": "ab", "refusal": None},
        "logprobs": None,
        "finish_reason": "stop",
    }


def test_choices_of_one_stream_are_told_apart_by_index():
    data = ChatStreamRenderer(HEADING, index=3).render(TextDelta("a"))
    assert choice_of(events(data)[0])["index"] == 3
