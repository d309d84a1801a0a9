"""Tool calls in a stream: what waits, what goes on at once, what is asked for again."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grokdesk.domain.chat import (
    Citation,
    FinishReason,
    Image,
    ReasoningDelta,
    SearchSource,
    TextDelta,
)
from grokdesk.domain.tools import Tool, ToolCall, ToolUse
from grokdesk.services.shaping.tool_stage import ToolStage
from tests.unit.tool_cases import TOOLS, element, hermes, invoke, parameter, root

USE = ToolUse(TOOLS)
CITED = Citation(1, "https://a.example/")
SOURCE = SearchSource("https://a.example/")
CALL = root(element())
LIST = hermes('{"name":"list_files","arguments":{}}')
LONGEST_TAG = len("</function_response>")


def chunks_of(stage, *chunks):
    """Texts and chunks as they come out; calls by their names."""
    given = [
        out
        for chunk in chunks
        for out in stage.feed(TextDelta(chunk) if isinstance(chunk, str) else chunk)
    ]
    if stage.cut is None:
        given += stage.finish()
    return [short(chunk) for chunk in given]


def short(chunk):
    if isinstance(chunk, TextDelta):
        return chunk.text
    return (chunk.name,) if isinstance(chunk, ToolCall) else chunk


class TestStreaming:
    def test_plain_text_goes_on_at_once_but_for_what_may_be_a_tag(self):
        text = 'Use a <table> or `x < y`, {"a": [1]}\n\n```py\nif a <b: pass\n```\nand <tool_box>. '
        stage = ToolStage(USE)
        fed = given = 0
        for character in text * 5:
            fed += 1
            given += sum(len(out.text) for out in stage.feed(TextDelta(character)))
            assert fed - given <= LONGEST_TAG
        assert given == fed - 1
        assert [out.text for out in stage.finish()] == [" "]

    def test_text_before_a_call_does_not_wait_for_its_end(self):
        stage = ToolStage(USE)
        assert [short(out) for out in stage.feed(TextDelta(f"I look. {CALL[:40]}"))] == ["I look."]
        assert [short(out) for out in stage.feed(TextDelta(CALL[40:]))] == [("get_weather",)]

    def test_a_call_comes_as_soon_as_it_is_whole(self):
        stage = ToolStage(USE)
        out = list(stage.feed(TextDelta("<tool_calls>" + element())))
        assert [short(chunk) for chunk in out] == [("get_weather",)]

    def test_json_that_is_no_call_is_held_no_longer_than_its_first_key(self):
        stage = ToolStage(USE)
        assert list(stage.feed(TextDelta('{"temperature"'))) == [TextDelta('{"temperature"')]

    def test_thinking_is_not_searched(self):
        thought = ReasoningDelta(CALL)
        assert chunks_of(ToolStage(USE), thought, "No.") == [thought, "No."]

    def test_every_call_has_an_id_of_its_own(self):
        stage = ToolStage(USE)
        calls = [out for out in stage.feed(TextDelta(CALL + LIST)) if isinstance(out, ToolCall)]
        assert len({call.id for call in calls}) == 2
        assert all(re.fullmatch(r"call_[0-9a-f]{24}", call.id) for call in calls)


class TestOtherChunks:
    def test_a_citation_keeps_its_place_before_and_behind_a_call(self):
        out = chunks_of(ToolStage(USE), "see [1]", CITED, f"\n{CALL}", " and [2]", CITED, " more")
        assert out == ["see [1]", CITED, ("get_weather",), " and [2]", CITED, " more"]

    def test_a_citation_in_held_text_comes_with_it(self):
        out = chunks_of(ToolStage(USE), "see <tool_", CITED, "box>")
        assert out == ["see", " <tool_", CITED, "box>"]

    def test_thinking_does_not_wait_behind_held_text(self):
        thought = ReasoningDelta("Hm")
        assert chunks_of(ToolStage(USE), "Look ", thought, "here") == ["Look", thought, " here"]
        must = ToolStage(ToolUse(TOOLS, required=True))
        assert chunks_of(must, "Look", thought, CALL) == [thought, "Look", ("get_weather",)]

    def test_a_citation_in_the_markup_goes_with_it_and_a_source_stays(self):
        out = chunks_of(ToolStage(USE), CALL[:50], CITED, SOURCE, CALL[50:])
        assert out == [SOURCE, ("get_weather",)]

    def test_a_picture_between_texts_keeps_its_place(self):
        picture = Image("1", "https://a.example/1.jpg")
        assert chunks_of(ToolStage(USE), "a ", picture, "b") == ["a", " ", picture, "b"]
        assert chunks_of(ToolStage(USE), CALL[:50], picture, CALL[50:]) == [
            picture,
            ("get_weather",),
        ]


class TestChoice:
    def test_without_parallel_calls_the_first_ends_the_answer(self):
        stage = ToolStage(ToolUse(TOOLS, parallel=False))
        assert chunks_of(stage, f"So: {LIST} text {CALL}") == ["So:", ("list_files",)]
        assert stage.cut is FinishReason.TOOL_CALLS

    def test_of_several_calls_in_one_json_only_the_first_is_made(self):
        stage = ToolStage(ToolUse(TOOLS, parallel=False))
        body = '[{"name":"list_files","arguments":{}},{"name":"Read","arguments":{}}]'
        assert chunks_of(stage, body) == [("list_files",)]

    def test_made_up_turns_end_the_answer(self):
        stage = ToolStage(USE)
        assert chunks_of(stage, CALL + "\n\n[tool]\nTool", " result (1): 5") == [("get_weather",)]
        assert stage.cut is FinishReason.TOOL_CALLS
        assert list(stage.feed(TextDelta("more"))) == []

    @pytest.mark.parametrize("use", [ToolUse(TOOLS, required=True), ToolUse(TOOLS, only="Read")])
    def test_where_a_call_is_a_must_text_waits_and_is_asked_for_again(self, use):
        stage = ToolStage(use)
        assert chunks_of(stage, "I would ", CITED, "rather talk. ") == []
        assert stage.trouble.said == "I would rather talk. "
        assert "must contain a call" in stage.trouble.correction
        assert stage.trouble.problem

    def test_with_the_call_the_text_before_it_is_given(self):
        stage = ToolStage(ToolUse(TOOLS, required=True))
        assert list(stage.feed(TextDelta("I look.\n"))) == []
        out = [short(chunk) for chunk in stage.feed(TextDelta(CALL + "\nDone"))]
        assert out == ["I look.", ("get_weather",), "\nDone"]
        assert (list(stage.finish()), stage.trouble) == ([], None)

    def test_the_last_answer_is_given_as_it_is(self):
        stage = ToolStage(ToolUse(TOOLS, required=True), is_last=True)
        assert chunks_of(stage, "I would ", CITED, "rather not. ") == [
            "I would ",
            CITED,
            "rather not. ",
        ]
        assert stage.trouble is None

    def test_where_one_tool_must_be_called_calls_of_others_are_text(self):
        stage = ToolStage(ToolUse(TOOLS, only="list_files"))
        assert chunks_of(stage, CALL + LIST) == [CALL, ("list_files",)]
        stage = ToolStage(ToolUse(TOOLS, only="list_files"))
        assert chunks_of(stage, CALL) == []
        assert stage.trouble.said == CALL

    def test_a_broken_call_is_text_and_no_call(self):
        broken = element(parameters='{"city":}')
        stage = ToolStage(ToolUse(TOOLS, required=True))
        assert chunks_of(stage, broken) == []
        assert stage.trouble.said == broken


FRAGMENTS = st.sampled_from(
    [
        "<tool_calls>", "</tool_calls>", "<tool_call>", "</tool_call>", "<tool_name>",
        "</tool_name>", "<parameters>", "</parameters>", "list_files", "get_weather", "nope",
        '<invoke name="list_files">', "</invoke>", '<parameter name="a">', "</parameter>",
        "<function_call>", "</function_call>", "<name>", "</name>", "<![CDATA[", "]]>",
        '{"name":"list_files","arguments":{}}', '{"tool_calls":[', "{", "}", "[", "]", '"', "\\",
        ",", ":", "&quot;", "```", "```json\n", "`", "\n", " ", "\n\n[tool]\n", "[user]",
        "<tool_result>", "Tool result (", "<", ">", "/", "text", "é😀", "<tool_", '{"name"', "1",
    ]
)  # fmt: skip
ANSWERS = st.one_of(st.lists(FRAGMENTS, max_size=25).map("".join), st.text(max_size=60))


def outcome(pieces):
    stage = ToolStage(USE)
    out = [chunk for piece in pieces for chunk in stage.feed(TextDelta(piece))]
    if stage.cut is None:
        out += stage.finish()
    calls = [(chunk.name, chunk.arguments) for chunk in out if isinstance(chunk, ToolCall)]
    return "".join(c.text for c in out if isinstance(c, TextDelta)), calls, stage.cut


class TestAnyAnswer:
    @settings(max_examples=400, deadline=None)
    @given(ANSWERS)
    def test_without_a_call_not_a_character_is_lost(self, answer):
        text, calls, _ = outcome([answer])
        if not calls:
            assert text == answer

    @settings(max_examples=400, deadline=None)
    @given(ANSWERS)
    def test_with_a_call_the_text_is_what_was_written_in_its_order(self, answer):
        text, _, _ = outcome([answer])
        rest = iter(answer)
        assert all(character in rest for character in text)

    @settings(max_examples=400, deadline=None)
    @given(ANSWERS, st.data())
    def test_where_it_is_cut_makes_no_difference(self, answer, data):
        expected = outcome([answer])
        assert outcome(list(answer)) == expected
        at = data.draw(st.integers(0, len(answer)))
        assert outcome([answer[:at], answer[at:]]) == expected


class TestTime:
    """In pieces of ten characters; anything quadratic would take minutes."""

    def test_a_long_call_takes_time_for_its_length_alone(self):
        content = r"a \"b\" <c> </parameters> & \n" * 70_000
        answer = root(element("write_file", f'{{"content":"{content}"}}'))
        assert len(answer) > 2_000_000
        began = time.process_time()
        text, calls, _ = outcome(in_tens(answer))
        assert time.process_time() - began < 4
        assert (text, len(calls)) == ("", 1)

    @pytest.mark.parametrize(
        "answer",
        [
            " " * 600_000,
            "<" * 200_000,
            "`" * 400_000,
            "\n[" * 200_000,
            "<tool_calls>" * 40_000,
            "<tool_call>" * 40_000,
            '<tool_call>{"' * 40_000,
            '<invoke name="list_files"><parameter name="a">' * 10_000,
            "<tool_call>" + "<tool_name></tool_name>" * 20_000,
            "<tool_call>" + "<tool_name>f</tool_name><parameters><a>" * 10_000,
            "<tool_call>" + "[" * 400_000 + "}" * 400_000,
            "<tool_call><![CDATA[" + "]" * 400_000,
            '{"name":' * 60_000,
            '{"name":"' + "\\" * 399_999,
        ],
        ids=lambda answer: answer[:24],
    )
    def test_hostile_text_does_not_either_and_stays_text(self, answer):
        began = time.process_time()
        assert outcome(in_tens(answer))[:2] == (answer, [])
        assert time.process_time() - began < 6


def in_tens(text):
    return [text[at : at + 10] for at in range(0, len(text), 10)]


@pytest.mark.parametrize("form", ["hermes", "element", "parameter"])
def test_any_depth_of_the_arguments_is_a_call_or_text(form):
    for depth in range(100, 1100, 25):
        deep = "[" * depth + "]" * depth
        answer = {
            "hermes": hermes(f'{{"name":"list_files","arguments":{{"a":{deep}}}}}'),
            "element": element("list_files", f'{{"a":{deep},}}'),
            "parameter": invoke(parameter("a", deep), "list_files"),
        }[form]
        text, calls, _ = outcome([answer])
        assert (text, len(calls)) in ((answer, 0), ("", 1))


def test_a_tool_use_of_one_tool_finds_no_other():
    stage = ToolStage(ToolUse((Tool("other"),)))
    assert chunks_of(stage, CALL) == [CALL]
