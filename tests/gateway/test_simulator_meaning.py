"""The simulator understands questions without keywords when its script says what they mean."""

import msgspec
import pytest

from grokdesk.simulator.meaning import Meaning, understood
from grokdesk.simulator.script import Script

WEATHER = Meaning("weather in (Oslo|Bergen)", '!call get_weather {"city": "Oslo"}', "get_weather")


def test_a_question_that_fits_becomes_what_it_means():
    prompt = "[system]\nYou have get_weather.\n\n[user]\nWhat is the weather in Oslo?"
    assert understood(prompt, [WEATHER]) == (
        '[system]\nYou have get_weather.\n\n[user]\n!call get_weather {"city": "Oslo"}'
    )


def test_what_follows_the_question_stays():
    prompt = "[user]\nOld\n\n[user]\nweather in Oslo\n\n[tool]\nTool result (1): get_weather: rain"
    assert understood(prompt, [WEATHER]).endswith(
        '{"city": "Oslo"}\n\n[tool]\nTool result (1): get_weather: rain'
    )


@pytest.mark.parametrize(
    "prompt",
    [
        "What is the weather in Oslo?",
        "[system]\nget_weather\n\n[user]\nweather in Oslo\n\n[user]\nAnd now?",
        "[system]\nget_weather\n\n[user]\n",
        "",
    ],
)
def test_another_question_is_left_as_it_is(prompt):
    assert understood(prompt, [WEATHER]) == prompt


def test_the_first_meaning_that_fits_counts():
    meanings = [Meaning("Hello", "!say one"), Meaning("Hell", "!say two")]
    assert understood("Hello", meanings) == "!say one"
    assert understood("Hell", meanings) == "!say two"


def test_a_script_takes_meanings_and_refuses_a_broken_pattern():
    script = Script()
    script.patch({"meanings": [{"question": "Hello", "means": "!say Good day"}]})
    assert script.meanings == [Meaning("Hello", "!say Good day")]
    with pytest.raises(msgspec.ValidationError, match="regular expression"):
        script.patch({"meanings": [{"question": "(", "means": ""}]})
    assert len(script.meanings) == 1
