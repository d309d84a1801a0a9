import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokdesk.upstream.web.wire.waits import LIMIT_S, retry_after

DATE = "Sat, 15 Aug 2026 10:00:00 GMT"
UNIX = 1786788000.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 1.5 ", 1.5),
        ("0", 0),
        ("-30", 0),
        ("999999999", LIMIT_S),
        ("Sat, 15 Aug 2026 10:01:00 GMT", 60),
        ("Sat, 15 Aug 2026 12:01:00 +0200", 60),
        ("Sat, 15 Aug 2026 09:00:00 GMT", 0),
        ("Sat, 15 Aug 2099 09:00:00 GMT", LIMIT_S),
        ("Sat, 15 Aug 2026 10:01:00 -0000", 60),
        ("soon", None),
        ("", None),
        ("١٢", None),
        ("1e9", None),
    ],
)
def test_seconds_and_dates_are_understood(value, seconds):
    assert retry_after({"retry-after": value}, now=UNIX) == seconds


def test_a_date_counts_from_the_answers_own_date():
    headers = {"retry-after": "Sat, 15 Aug 2026 10:01:00 GMT", "date": DATE}
    assert retry_after(headers, now=UNIX + 50_000) == 60


def test_a_date_without_anything_to_count_from_tells_nothing():
    assert retry_after({"retry-after": DATE}) is None


def test_no_header_tells_nothing():
    assert retry_after({}, now=UNIX) is None


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_a_wait_within_bounds_or_nothing(value, date):
    seconds = retry_after({"retry-after": value, "date": date}, now=UNIX)
    assert seconds is None or 0 <= seconds <= LIMIT_S
