"""The simulator as a model that calls tools: its words, and a whole round through our core."""

import json

import pytest

from grokdesk.domain.chat import AnswerFormat, ChatRequest, Message, Role
from grokdesk.domain.errors import AnswerFormatError
from grokdesk.domain.tools import Tool, ToolCall, ToolKind, ToolUse
from grokdesk.services.calls import Call
from grokdesk.simulator.acting import BROKEN_JSON, RELUCTANT
from grokdesk.simulator.answer import Say, Think
from grokdesk.simulator.compose import compose
from grokdesk.simulator.demo import MARK, demo_compose
from tests.gateway.live_core import Heard, live_core

BLOCK = (
    "<tool_calls>\n<tool_call>\n<tool_name>get_weather</tool_name>\n"
    '<parameters>{"city": "Oslo"}</parameters>\n</tool_call>\n</tool_calls>'
)
WEATHER = Tool("get_weather", "The weather.", '{"type":"object"}')
PATCH = Tool("apply_patch", kind=ToolKind.CUSTOM)


def answer_to(prompt):
    return text_of(compose(prompt))


def text_of(answer):
    return "".join(step.text for step in answer.steps if isinstance(step, Say))


class TestActing:
    @pytest.mark.parametrize(
        "question",
        [
            '!call get_weather {"city": "Oslo"}',
            'Please:\n\n!call get_weather {"city": "Oslo"}\n\nand be quick.',
            '<task>!call get_weather {"city": "Oslo"}</task>',
            '<system-reminder>Long!</system-reminder>\n!call get_weather {"city": "Oslo"}\n<env/>',
        ],
    )
    def test_a_call_is_found_in_the_last_user_turn(self, question):
        prompt = f"[system]\nBe terse.\n\n[user]\nHi\n\n[assistant]\nHi\n\n[user]\n{question}"
        assert answer_to(prompt) == BLOCK

    def test_several_calls_make_one_block(self):
        said = answer_to('!call a {"x": 1} !call b !call c "free\\ntext"')
        assert said.count("<tool_calls>") == 1
        assert [part.split("</")[0] for part in said.split("<tool_name>")[1:]] == ["a", "b", "c"]
        assert "<parameters>{}</parameters>" in said
        assert "<parameters><![CDATA[free\ntext]]></parameters>" in said

    def test_words_and_thoughts_come_before_a_call(self):
        answer = compose('!think !say I will look. !call get_weather {"city": "Oslo"}')
        assert isinstance(answer.steps[0], Think)
        assert text_of(answer) == f"I will look.\n\n{BLOCK}"

    def test_keywords_in_the_arguments_are_none(self):
        assert answer_to('!call run {"command": "x !long 5"}').startswith("<tool_calls>")

    @pytest.mark.parametrize(
        ("form", "said"),
        [
            ("hermes", '<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>'),
            (
                "invoke",
                '<function_calls>\n<invoke name="f">\n<parameter name="a">1</parameter>\n</invoke>'
                "\n</function_calls>",
            ),
            ("json", '{"tool_calls":[{"name": "f", "arguments": {"a": 1}}]}'),
            ("fenced", '```json\n{"name": "f", "arguments": {"a": 1}}\n```'),
        ],
    )
    def test_other_forms_of_a_call(self, form, said):
        assert answer_to(f'!callform {form} f {{"a": 1}}') == said

    def test_the_results_of_tools_are_quoted(self):
        prompt = (
            f"[user]\n!call get_weather\n\n[assistant]\n{BLOCK}\n\n"
            "[tool]\nTool result (call_1): get_weather returned:\n5 degrees\n\n"
            "[tool]\nTool result (call_2): rain"
        )
        assert answer_to(prompt) == "The tool said: 5 degrees\n\nThe tool said: rain"

    def test_a_turn_behind_the_result_is_answered_itself(self):
        prompt = "[user]\n!call f\n\n[tool]\nTool result (call_1): 5\n\n[user]\nThanks!"
        assert "You asked: “Thanks!”" in answer_to(prompt)

    def test_json_is_said_as_given(self):
        assert json.loads(answer_to('!json {"a": [1, "ü"]}')) == {"a": [1, "ü"]}

    def test_broken_json_is_mended_when_told_so(self):
        asked = '[user]\n!badjson {"a": 1}'
        assert answer_to(asked) == BROKEN_JSON
        again = f"{asked}\n\n[assistant]\n{BROKEN_JSON}\n\n[user]\nThat is no JSON."
        assert json.loads(answer_to(again)) == {"a": 1}

    def test_a_late_call_comes_when_told_so(self):
        asked = '[user]\n!latecall get_weather {"city": "Oslo"}'
        assert answer_to(asked) == RELUCTANT
        again = f"{asked}\n\n[assistant]\n{RELUCTANT}\n\n[user]\nCall a tool."
        assert answer_to(again) == BLOCK

    def test_a_reluctant_answer_is_over_when_the_talk_goes_on(self):
        told = f"[user]\n!badjson\n\n[assistant]\n{BROKEN_JSON}\n\n[user]\nNo.\n\n[assistant]\n{{}}"
        prompt = f"{told}\n\n[user]\nz"
        assert "You asked: “z”" in answer_to(prompt)

    def test_the_demo_marks_a_call_but_not_what_must_stand_alone(self):
        assert text_of(demo_compose("[user]\n!call f")).startswith(MARK)
        assert text_of(demo_compose("[user]\n!call f\n\n[tool]\n5")).startswith(MARK)
        assert text_of(demo_compose('[user]\n!json {"a": 1}')) == '{"a": 1}'
        assert text_of(demo_compose("[user]\n!callform json f")).startswith('{"tool_calls"')


@pytest.mark.parametrize("transport", ["rest", "mgw"])
class TestThroughTheCore:
    @pytest.fixture
    async def core(self, tmp_path, transport):
        async with live_core(tmp_path, upstream_chat_transport=transport) as core:
            await core.add("tools-anna-super-token")
            yield core

    async def test_a_tool_is_called_and_its_result_answered(self, core):
        question = Message(Role.USER, '!say I look. !call get_weather {"city": "Oslo"}')
        heard, result = await ask(core, question, tools=ToolUse((WEATHER,)))
        assert heard.text == "I look."
        (call,) = calls_of(heard)
        assert (result.reason, call.arguments) == ("tool_calls", '{"city": "Oslo"}')
        history = (
            question,
            Message(Role.ASSISTANT, "I look.", calls=(call,)),
            Message(Role.TOOL, "5 degrees", call_id=call.id),
        )
        heard, result = await ask(core, *history, tools=ToolUse((WEATHER,)))
        assert (heard.text, result.reason) == ("The tool said: 5 degrees", "stop")

    @pytest.mark.parametrize("form", ["hermes", "invoke", "json", "fenced"])
    async def test_every_form_becomes_the_same_call(self, core, form):
        question = Message(Role.USER, f'!callform {form} get_weather {{"city": "Oslo"}}')
        heard, _ = await ask(core, question, tools=ToolUse((WEATHER,)))
        assert heard.text == ""
        assert [json.loads(call.arguments) for call in calls_of(heard)] == [{"city": "Oslo"}]

    async def test_parallel_calls_are_as_many_as_wanted(self, core):
        question = Message(Role.USER, '!call get_weather {} !call apply_patch "-a\\n+b"')
        tools = (WEATHER, PATCH)
        heard, _ = await ask(core, question, tools=ToolUse(tools))
        assert [call.arguments for call in calls_of(heard)] == ["{}", "-a\n+b"]
        heard, result = await ask(core, question, tools=ToolUse(tools, parallel=False))
        assert [call.name for call in calls_of(heard)] == ["get_weather"]
        assert result.reason == "tool_calls"

    async def test_a_required_call_is_asked_for_once_more(self, core):
        question = Message(Role.USER, "!latecall get_weather {}")
        heard, result = await ask(core, question, tools=ToolUse((WEATHER,), required=True))
        assert (heard.text, len(calls_of(heard)), result.attempts) == ("", 1, 2)

    async def test_without_the_call_the_second_answer_is_given_as_it_is(self, core):
        question = Message(Role.USER, "!say No.")
        heard, result = await ask(core, question, tools=ToolUse((WEATHER,), required=True))
        assert heard.text.startswith("You asked:")
        assert (calls_of(heard), result.reason, result.attempts) == ([], "stop", 2)

    async def test_broken_json_is_asked_for_once_more(self, core):
        question = Message(Role.USER, '!badjson {"a": 1}')
        heard, result = await ask(core, question, answer_format=AnswerFormat())
        assert (json.loads(heard.text), result.attempts) == ({"a": 1}, 2)

    async def test_json_that_stays_wrong_is_an_error(self, core):
        with pytest.raises(AnswerFormatError):
            await ask(core, Message(Role.USER, "!say words"), answer_format=AnswerFormat())


async def ask(core, *messages, **wishes):
    heard = Heard()
    request = ChatRequest("grok-chat-fast", messages, **wishes)
    result = await core.core.services.chat.run(request, heard.emit, Call("req", "test"))
    return heard, result


def calls_of(heard):
    return [chunk for chunk in heard.chunks if isinstance(chunk, ToolCall)]
