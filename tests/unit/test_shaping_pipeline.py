"""All stages together: whatever the cuts, the same text, calls, citations and end."""

import random
from dataclasses import dataclass

import pytest

from grokdesk.domain.chat import (
    AnswerFormat,
    ChatRequest,
    Citation,
    FinishReason,
    Message,
    ReasoningDelta,
    Role,
    SearchSource,
    TextDelta,
)
from grokdesk.domain.errors import AnswerFormatError
from grokdesk.domain.tools import ToolCall, ToolUse
from grokdesk.services.shaping.shape import Shape, shape_of
from tests.unit.tool_cases import TOOLS, element, fenced, hermes, invoke, root

USE = ToolUse(TOOLS)
QUESTION = (Message(Role.USER, "Cold?"),)


@dataclass(frozen=True)
class Outcome:
    """Places count the characters of text that the client has by then."""

    text: str
    calls: list
    citations: list
    reason: FinishReason
    stop_text: str


def play(chunks, **wishes):
    """What a client gets of a reply."""
    pipeline = Shape(ChatRequest("m", QUESTION, **wishes), QUESTION).pipeline()
    text, calls, citations = "", [], []

    def take(given):
        nonlocal text
        for chunk in given:
            match chunk:
                case TextDelta(piece):
                    text += piece
                case ToolCall():
                    calls.append((chunk.name, chunk.arguments, len(text)))
                case Citation(number):
                    citations.append((number, len(text)))

    for chunk in chunks:
        take(pipeline.feed(chunk))
        if pipeline.cut:
            break
    take(pipeline.finish())
    reason = pipeline.reason(FinishReason.STOP)
    return Outcome(text, calls, citations, reason, pipeline.stop_text)


def whole(parts):
    return [TextDelta(part) if isinstance(part, str) else part for part in parts]


def in_pieces(parts, rng, longest):
    for part in parts:
        if not isinstance(part, str):
            yield part
            continue
        while part:
            size = rng.randrange(1, longest + 1)
            yield TextDelta(part[:size])
            part = part[size:]


def cited(number):
    return f"[[{number}]](https://a.example/{number})", Citation(
        number, f"https://a.example/{number}"
    )


PIECES = [
    "Copper is red", " and conducts", "STOP", "ST", "OP", "\n\n", " ", "<", "<tool_", "a < b ",
    "```py\nx = 1\n```\n", "東京タワー", "👩🏽‍🚀", "[tool]\n5", '{"a": 1}', "`x`", ". ", "END",
    "<tool_calls>", "</tool_calls>", hermes("{}"), "<table>",
]  # fmt: skip
CALLS = [
    root(element(), element("search", '{"q":"STOP </tool_call> END"}')),
    hermes(),
    "\n" + fenced(hermes(), "json") + "\n",
    invoke(),
]


def some_reply(rng):
    parts = []
    for number in range(rng.randrange(1, 14)):
        match rng.randrange(6):
            case 0:
                parts += cited(number)
            case 1:
                parts.append(SearchSource(f"https://b.example/{number}"))
            case 2 if rng.random() < 0.5:
                parts.append(rng.choice(CALLS))
            case _:
                parts.append(rng.choice(PIECES))
    return parts


@pytest.mark.parametrize(
    "wishes",
    [
        {"stop": ("STOP", "END")},
        {"tools": USE},
        {"tools": USE, "stop": ("STOP", "END", "> ")},
        {"tools": USE, "stop": ("[[2]]",), "max_tokens": 25},
        {"tools": ToolUse(TOOLS, parallel=False), "stop": ("STOP",)},
        {"tools": ToolUse(TOOLS, required=True), "stop": ("END",)},
        {"max_tokens": 12},
    ],
    ids=lambda wishes: "-".join(wishes),
)
def test_where_a_reply_is_cut_makes_no_difference(wishes):
    rng = random.Random(11)
    for _ in range(200):
        parts = some_reply(rng)
        expected = play(whole(parts), **wishes)
        for longest in (1, 3, 9):
            assert play(in_pieces(parts, rng, longest), **wishes) == expected, parts


def test_a_citation_ends_where_its_marker_does_whatever_stands_before_it():
    rng = random.Random(12)
    for _ in range(200):
        parts = some_reply(rng)
        outcome = play(in_pieces(parts, rng, 4), tools=USE, stop=("STOP",))
        for number, place in outcome.citations:
            marker, _ = cited(number)
            assert outcome.text[:place].endswith(marker)


class TestEnds:
    def test_a_stop_text_before_a_call_ends_the_answer_before_it(self):
        outcome = play(whole(["One STOP two ", CALLS[1]]), tools=USE, stop=("STOP",))
        assert (outcome.text, outcome.calls, outcome.reason) == ("One ", [], FinishReason.STOP)
        assert outcome.stop_text == "STOP"

    def test_a_stop_text_in_the_arguments_is_none(self):
        outcome = play(whole([CALLS[0]]), tools=USE, stop=("STOP", "tool"))
        assert len(outcome.calls) == 2
        assert (outcome.text, outcome.reason) == ("", FinishReason.TOOL_CALLS)

    def test_a_stop_text_does_not_reach_across_a_call(self):
        outcome = play(whole(["ST", CALLS[1], "OP here"]), tools=USE, stop=("STOP",))
        assert (outcome.text, outcome.calls[0][2]) == ("STOP here", 2)

    def test_the_limit_counts_text_and_not_calls(self):
        outcome = play(whole([CALLS[0], " word" * 50]), tools=USE, max_tokens=5)
        assert len(outcome.calls) == 2
        assert 0 < len(outcome.text) < 60

    def test_a_limit_before_the_call_leaves_none(self):
        outcome = play(whole(["word " * 50, CALLS[1]]), tools=USE, max_tokens=5)
        assert (outcome.calls, outcome.reason) == ([], FinishReason.LENGTH)

    def test_a_call_is_no_wrong_json(self):
        outcome = play(whole(["I look.", CALLS[1]]), tools=USE, answer_format=AnswerFormat())
        assert (outcome.text, len(outcome.calls)) == ("I look.", 1)

    def test_a_json_answer_passes_the_tools(self):
        outcome = play(whole(['{"name":', '"Ann"}']), tools=USE, answer_format=AnswerFormat())
        assert (outcome.text, outcome.reason) == ('{"name":"Ann"}', FinishReason.STOP)

    def test_a_reply_that_needs_nothing_has_no_pipeline(self):
        assert Shape(ChatRequest("m", QUESTION), QUESTION).pipeline() is None


class TestAgain:
    def test_the_correction_follows_what_was_said(self):
        shape = shape_of(ChatRequest("m", QUESTION, tools=ToolUse(TOOLS, required=True)))
        pipeline = shape.pipeline()
        assert [*pipeline.feed(TextDelta("No."))] == []
        assert [*pipeline.finish()] == []
        again = shape.again(pipeline.trouble)
        *before, said, correction = again.messages
        assert tuple(before) == shape.messages
        assert (said.role, said.text) == (Role.ASSISTANT, "No.")
        assert (correction.role, again.is_last) == (Role.USER, True)

    def test_the_second_wrong_format_is_an_error(self):
        shape = shape_of(ChatRequest("m", QUESTION, answer_format=AnswerFormat()))
        for _ in range(2):
            pipeline = shape.pipeline()
            pipeline.feed(ReasoningDelta("Hm"))
            pipeline.feed(TextDelta("No."))
            pipeline.finish()
            trouble = pipeline.trouble
            if not shape.is_last:
                shape = shape.again(trouble)
        with pytest.raises(AnswerFormatError, match="not valid JSON"):
            shape.again(trouble)
