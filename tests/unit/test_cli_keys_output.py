"""What a person reads about API keys."""

from grokdesk.app.cli_keys_output import key_text, keys_table

KEY = {
    "id": "0123456789abcdef",
    "name": "laptop",
    "hint": "gd-…abcd",
    "state": "active",
    "created_at": 1_700_000_000.0,
    "expires_at": None,
    "models": ["grok-chat-*", "grok-4"],
    "aliases": {"gpt-*": "grok-4", "o3": "grok-4"},
    "requests_per_minute": 60,
    "requests_per_day": None,
    "max_concurrent": 2,
    "reasoning_format": "field",
    "last_used_at": None,
    "today": {"requests": 3, "tokens": 40},
    "days_30": {"requests": 50, "tokens": 6000},
}


def test_a_table_shows_limits_and_use_of_each_key():
    header, row = keys_table([KEY]).splitlines()
    assert header.split("  ")[0] == "ID"
    shown = " ".join(row.split())
    assert shown.startswith("01234567 laptop gd-…abcd active 60/min, 2 at once never ")
    assert shown.endswith(" 3 req, 40 tok 50 req, 6000 tok")


def test_a_table_without_keys_says_how_to_make_one():
    assert "keys create --name" in keys_table([])


def test_one_key_is_told_fact_by_fact():
    facts = dict(line.split(maxsplit=1) for line in key_text(KEY).splitlines()[1:])
    assert facts["Models"] == "grok-chat-*, grok-4"
    assert facts["Aliases"] == "gpt-*=grok-4, o3=grok-4"
    assert facts["Expires"] == "never"
    assert facts["Thinking"] == "in its own field"
    assert "Left" not in facts


def test_what_is_left_is_told_where_there_is_a_limit():
    text = key_text({**KEY, "left": {"requests": 7, "of": 60}, "models": [], "aliases": {}})
    assert "Left       7 of 60 requests" in text
    assert "Models     all" in text
