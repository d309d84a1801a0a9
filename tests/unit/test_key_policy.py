"""What an owner may wish for a key."""

import datetime

import pytest

from grokdesk.domain.apikey import ReasoningFormat
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.services.key_policy import NEVER, checked, parse_expiry

NOW = datetime.datetime(2026, 6, 1, 12).astimezone().timestamp()
DAY = 86_400.0


def test_wishes_become_fields_of_a_key():
    fields = checked(
        {
            "name": "  laptop ",
            "models": "Grok-Chat-*",
            "aliases": "gpt-*=grok-4",
            "requests_per_minute": 100,
            "requests_per_day": 0,
            "max_concurrent": 3,
            "expires_at": NOW + 1,
            "enabled": False,
            "reasoning_format": "think",
        },
        NOW,
    )
    assert (fields["name"], fields["requests_per_minute"]) == ("laptop", 100)
    assert [str(pattern) for pattern in fields["models"]] == ["grok-chat-*"]
    assert [str(alias) for alias in fields["aliases"]] == ["gpt-*=grok-4"]
    assert fields["reasoning_format"] is ReasoningFormat.THINK
    assert (fields["enabled"], fields["expires_at"]) == (False, NOW + 1)


def test_no_wish_changes_nothing():
    assert checked({}, NOW) == {}


def test_an_expiry_of_zero_is_none():
    assert checked({"expires_at": NEVER}, NOW) == {"expires_at": None}


@pytest.mark.parametrize(
    ("wish", "value", "reason"),
    [
        ("name", "", "needs a name of 1 to 60"),
        ("name", "a\nb", "printable"),
        ("name", 5, "needs a name"),
        ("requests_per_minute", -1, "requests per minute is a number from 1 to 100,000"),
        ("requests_per_minute", 100_001, "100,000"),
        ("requests_per_minute", True, "is a number"),
        ("requests_per_minute", "10", "is a number"),
        ("requests_per_day", 1_000_001, "requests per day is a number from 1 to 1,000,000"),
        ("max_concurrent", 1.5, "requests at once"),
        ("expires_at", NOW - 1, "expire in the past"),
        ("expires_at", float("nan"), "number of seconds"),
        ("expires_at", "tomorrow", "number of seconds"),
        ("models", "a b", "list of models holds 'a b'"),
        ("models", ["a"], "list of models"),
        ("aliases", "gpt-4", "list of aliases holds 'gpt-4'; write NAME=MODEL"),
        ("enabled", "yes", "true or false"),
        ("reasoning_format", "tags", "'field' or 'think'"),
        ("colour", "blue", "has no 'colour'"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_by_its_name(wish, value, reason):
    with pytest.raises(InvalidRequestError, match=reason) as caught:
        checked({wish: value}, NOW)
    assert caught.value.param == wish


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30d", NOW + 30 * DAY),
        ("12h", NOW + DAY / 2),
        (" 2 W ", NOW + 14 * DAY),
        ("2026-12-31", datetime.datetime(2027, 1, 1).astimezone().timestamp()),
        ("2026-12-31T18:30", datetime.datetime(2026, 12, 31, 18, 30).astimezone().timestamp()),
        (
            "2026-12-31T18:30Z",
            datetime.datetime(2026, 12, 31, 18, 30, tzinfo=datetime.UTC).timestamp(),
        ),
        ("never", NEVER),
    ],
)
def test_a_time_to_expire_is_a_date_to_its_end_a_moment_or_a_period(text, expected):
    assert parse_expiry(text, NOW) == expected


@pytest.mark.parametrize(
    "text", ["", "soon", "30", "31.12.2026", "2026-13-01", "999999999d", "-5d"]
)
def test_what_is_no_time_is_refused_with_examples(text):
    with pytest.raises(InvalidRequestError, match="such as 2026-12-31"):
        parse_expiry(text, NOW)
