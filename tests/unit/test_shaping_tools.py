"""Tool calls in answers: every case of the table, cut in every way."""

import json
import random
from pathlib import Path

import pytest

from grokdesk.domain.chat import TextDelta
from grokdesk.domain.tools import Tool, ToolCall, ToolKind, ToolUse
from grokdesk.services.shaping.tool_stage import ToolStage
from tests.unit.tool_cases import CASES, TOOLS

SAMPLES = Path(__file__).parents[1] / "wire" / "samples" / "toolcall-text-outputs.ndjson"
ALL_CUTS_UP_TO = 400


def outcome(pieces, tools=TOOLS):
    """The text and the calls that a client gets."""
    stage = ToolStage(ToolUse(tools))
    chunks = [out for piece in pieces for out in stage.feed(TextDelta(piece))]
    if stage.cut is None:
        chunks += stage.finish()
    text = "".join(chunk.text for chunk in chunks if isinstance(chunk, TextDelta))
    calls = [chunk for chunk in chunks if isinstance(chunk, ToolCall)]
    return text, tuple((call.name, meaning(call)) for call in calls)


def meaning(call):
    return call.arguments if call.kind is ToolKind.CUSTOM else json.loads(call.arguments)


def cut_at_random(text, rng):
    pieces = []
    while text:
        size = rng.randrange(1, 12)
        pieces.append(text[:size])
        text = text[size:]
    return pieces


def test_the_table_is_long_and_its_names_are_its_own():
    assert len(CASES) >= 200
    assert len({case.answer for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_text_and_calls_of_an_answer(case):
    assert outcome([case.answer]) == (case.text, case.calls)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_where_the_answer_is_cut_makes_no_difference(case):
    answer, expected = case.answer, (case.text, case.calls)
    assert outcome(list(answer)) == expected
    if len(answer) <= ALL_CUTS_UP_TO:
        for at in range(1, len(answer)):
            assert outcome([answer[:at], answer[at:]]) == expected, at
    rng = random.Random(case.name)
    for _ in range(5):
        assert outcome(cut_at_random(answer, rng)) == expected


@pytest.mark.parametrize(
    "sample",
    [json.loads(line) for line in SAMPLES.read_text().splitlines()],
    ids=lambda sample: sample["case"],
)
def test_recorded_answers(sample):
    tools = tuple(Tool(name) for name in sample["declared"])
    expected = tuple((call["name"], call["arguments"]) for call in sample["expect"])
    for pieces in (sample["chunks"], ["".join(sample["chunks"])], list("".join(sample["chunks"]))):
        assert outcome(pieces, tools) == (sample.get("expectText", ""), expected)
