"""What the simulator decides before a byte is sent: scenarios, keywords, scripts."""

import msgspec
import pytest

from grokdesk.simulator.answer import Cite, Ending, Fault, Say, Search, Think
from grokdesk.simulator.compose import compose
from grokdesk.simulator.demo import MARK, demo_compose, demo_script
from grokdesk.simulator.prompt import last_user_text
from grokdesk.simulator.scenario import scenario_of_outcome, scenario_of_token
from grokdesk.simulator.script import AccountScript, HttpOverride, Quota, Script


def text_of(answer):
    return "".join(step.text for step in answer.steps if isinstance(step, Say))


class TestScenario:
    @pytest.mark.parametrize(
        ("token", "tier", "behaviours"),
        [
            ("anna", None, set()),
            ("anna-super", "super", set()),
            ("anna-super-slow-429", "super", {"slow", "429"}),
            ("429-anna", None, set()),
            ("anna-429-ok", None, set()),
            ("anna-heavy-429-ok", "heavy", set()),
            ("anna-nomgw-cf", None, {"nomgw", "cf"}),
        ],
    )
    def test_it_is_the_run_of_known_parts_at_the_end_of_the_token(self, token, tier, behaviours):
        scenario = scenario_of_token(token)
        assert scenario.tier == tier
        assert scenario.behaviours == behaviours

    def test_an_outcome_with_a_typo_is_refused(self):
        with pytest.raises(ValueError, match="blokced"):
            scenario_of_outcome("blokced")
        with pytest.raises(ValueError, match="429x"):
            AccountScript(outcomes=["ok", "429x"])


class TestLastUserText:
    @pytest.mark.parametrize(
        "prompt",
        [
            "What now?",
            "[user]\nWhat now?",
            "[system]\nBe terse.\n\n[user]\nWhat now?\n\n",
            "[user]\nFirst\n\n[assistant]\nAnswer\n\n[user]\nWhat now?",
            "[system]: Be terse.\n\n[user]: What now?",
            "[user]\nWhat now?\n\n[assistant]\nLet me see\n\n[tool]\nTool result (1): 4",
        ],
    )
    def test_it_is_found_in_every_way_of_flattening(self, prompt):
        assert last_user_text(prompt) == "What now?"

    def test_keywords_of_earlier_turns_do_not_count(self):
        answer = compose("[user]\n!long 900\n\n[assistant]\nok\n\n[user]\nAnd now?")
        assert "And now?" in text_of(answer)
        assert len(answer.steps) < 30


class TestCompose:
    def test_a_plain_answer_mentions_the_question_and_never_changes(self):
        first, second = compose("[user]\nWhy is it blue?"), compose("[user]\nWhy is it blue?")
        assert "Why is it blue?" in text_of(first)
        assert first == second
        assert first.ending is Ending.COMPLETE
        assert len(first.steps) > 3

    def test_echo_repeats_the_whole_prompt_exactly(self):
        prompt = "[system]\nBe  terse.\n\n[user]\n!echo  two  spaces\n and 👩🏽‍🚀\n\n"
        assert text_of(compose(prompt)) == prompt

    def test_say_repeats_what_follows_it(self):
        text = "<tool_calls>\n <tool_call/>\n</tool_calls> and  more"
        assert text_of(compose(f"[user]\n!say {text}")) == text

    def test_long_counts_chunks(self):
        assert len(compose("!long 250").steps) == 250

    @pytest.mark.parametrize("size", [1, 63, 64, 65, 100_000])
    def test_size_counts_characters(self, size):
        assert len(text_of(compose(f"!size {size}"))) == size

    def test_unicode_is_cut_inside_sequences(self):
        answer = compose("!unicode")
        assert any(step.text.startswith("\u200d") for step in answer.steps)
        assert "👨‍👩‍👧‍👦" in text_of(answer)
        assert "مرحبا" in text_of(answer)

    def test_markdown_has_a_heading_a_list_a_table_and_code(self):
        text = text_of(compose("!markdown"))
        for mark in ("# ", "1. ", "|---", "```python"):
            assert mark in text

    def test_think_reasons_before_it_answers(self):
        steps = compose("!think Why?").steps
        kinds = [type(step) for step in steps]
        assert kinds[:3] == [Think, Think, Think]
        assert set(kinds[3:]) == {Say}
        assert steps[0].tag == "header"

    def test_search_searches_twice_and_cites_one_source_again(self):
        steps = compose("!search copper").steps
        assert [s.tool for s in steps if isinstance(s, Search)] == [
            "web_search",
            "x_keyword_search",
        ]
        urls = [s.url for s in steps if isinstance(s, Cite)]
        assert len(urls) == 3
        assert len(set(urls)) == 2

    def test_error_mid_fails_after_text(self):
        answer = compose("!error-mid")
        assert text_of(answer)
        assert isinstance(answer.ending, Fault)

    def test_stall_says_nothing(self):
        answer = compose("!stall")
        assert (tuple(answer.steps), answer.ending) == ((), Ending.STALL)

    def test_slow_sets_the_delay_of_a_chunk(self):
        assert compose("!slow 40 !long 3").chunk_delay_s == 0.04

    def test_an_exclamation_mark_is_no_keyword(self):
        assert "Hey!think" in text_of(compose("Hey!think about it!"))
        assert not isinstance(compose("Wow !unknown 3").steps[0], Think)


class TestDemo:
    @pytest.mark.parametrize(
        "prompt", ["hello", "[user]\nWrite code", "!think Why?", "!long 5", "!search x", "what?"]
    )
    def test_every_answer_is_marked(self, prompt):
        assert text_of(demo_compose(prompt)).startswith("**Demo** - ")
        assert "no Grok account is involved" in MARK

    def test_the_greeting_explains_the_import(self):
        text = text_of(demo_compose("[user]\nHello!"))
        assert "`sso`" in text
        assert "import" in text

    @pytest.mark.parametrize("word", ["code", "Markdown"])
    def test_code_is_shown_on_request(self, word):
        assert "```python" in text_of(demo_compose(f"[user]\nShow me {word} please"))

    def test_think_reasons_first(self):
        assert isinstance(demo_compose("!think Why?").steps[0], Think)

    def test_it_keeps_a_human_pace(self):
        script = demo_script()
        assert script.chunk_delay_s - script.chunk_jitter_s >= 0.015
        assert script.chunk_delay_s + script.chunk_jitter_s <= 0.025


class TestScriptPatch:
    def test_values_are_replaced_and_tables_merged(self):
        script = Script(accounts={"a": AccountScript(tier="super"), "b": AccountScript()})
        script.patch(
            {
                "framing": "sse",
                "split": 7,
                "chunk_delay_s": 1,
                "accounts": {"b": None, "c": {"outcomes": ["cf", "ok"]}},
                "quotas": {"fast": {"total": 5}, "auto": None},
                "overrides": {"/x": {"status": 418, "times": 1}},
                "raw_rest_bytes": ["AP8="],
            }
        )
        assert (script.framing, script.split, script.chunk_delay_s) == ("sse", 7, 1.0)
        assert script.accounts == {
            "a": AccountScript(tier="super"),
            "c": AccountScript(outcomes=["cf", "ok"]),
        }
        assert script.quotas == {"fast": Quota(5), "auto": None}
        assert script.overrides == {"/x": HttpOverride(418, times=1)}
        assert script.raw_rest_bytes == [b"\x00\xff"]

    @pytest.mark.parametrize(
        "changes",
        [
            {"framing": "xml"},
            {"frame": "sse"},
            {"accounts": {"a": {"outcomes": ["nonsense"]}}},
            {"mgw_enabled": "yes"},
        ],
    )
    def test_a_wrong_patch_changes_nothing(self, changes):
        script = Script()
        with pytest.raises(msgspec.ValidationError):
            script.patch({"seed": 3, **changes})
        assert script == Script()
