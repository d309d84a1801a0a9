import pytest
from PySide6.QtCore import QLocale

from grokdesk.domain.account import AccountState
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow
from grokdesk.ui import text


@pytest.fixture(autouse=True)
def _american_words() -> None:
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (4800, "1 h 20 min"),
        (90_000, "1 d 1 h"),
        (-5, "0 s"),
    ],
)
def test_a_duration_names_its_two_largest_units(seconds: float, words: str) -> None:
    assert text.duration(seconds) == words


def test_times_are_told_relative_to_now() -> None:
    assert text.until(4800) == "in 1 h 20 min"
    assert text.until(0.2) == "now"
    assert text.ago(3) == "just now"
    assert text.ago(180) == "3 min ago"


def test_latencies_change_their_unit_at_a_second() -> None:
    assert text.latency(0.412) == "412 ms"
    assert text.latency(1.94) == "1.9 s"
    assert text.latency(240) == "240 s"


def test_numbers_follow_the_locale() -> None:
    assert text.number(12_345) == "12,345"
    QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    assert text.number(12_345) == "12.345"
    assert text.latency(1.94) == "1,9 s"


@pytest.mark.parametrize(
    ("value", "words"), [(842, "842"), (12_400, "12.4 k"), (1_240_000, "1.2 M"), (999_000, "999 k")]
)
def test_large_numbers_keep_three_figures(value: int, words: str) -> None:
    assert text.short_number(value) == words


def test_a_few_failures_among_thousands_do_not_read_as_none() -> None:
    assert text.percent(4, 1000) == "0.4 %"
    assert text.percent(0, 1000) == "0 %"
    assert text.percent(1, 0) == "0 %"
    assert text.percent(250, 1000) == "25 %"


def test_things_are_counted_in_singular_and_plural() -> None:
    assert text.count(1, "account") == "1 account"
    assert text.count(0, "account") == "0 accounts"


def test_every_state_has_a_name_and_a_meaning() -> None:
    for state in AccountState:
        assert text.STATE_NAMES[state]
        assert text.STATE_MEANINGS[state].endswith(".")


def test_unknown_quota_is_not_zero_and_estimates_are_marked() -> None:
    window = QuotaWindow(Mode.FAST, 30, 18, 7200.0, provenance=Provenance.MEASURED)
    assert text.quota(window, 1000.0) == "18/30"
    assert text.quota(_known_as(window, Provenance.ESTIMATED), 1000.0) == "≈18/30"
    assert text.quota(_known_as(window, Provenance.UNKNOWN), 1000.0) == "?"


def test_an_old_figure_is_told_with_its_age() -> None:
    read = QuotaWindow(
        Mode.FAST, 30, 18, 86_400.0, provenance=Provenance.MEASURED, measured_at=400.0
    )
    later = 400.0 + 3 * 3600 + 1500
    assert text.quota(read.at(later), later) == "18/30 (3 h old)"
    assert text.quota(read, 500.0) == "18/30"


def test_what_was_never_reported_is_told_as_an_assumption() -> None:
    assumed = QuotaWindow(Mode.FAST, 30, 30, 7200.0, provenance=Provenance.ESTIMATED)
    words = text.quota_in_words(assumed, 1000.0)
    assert words == "Fast: 30 of 30 calls left, assumed, since grok.com has not told yet"


@pytest.mark.parametrize(
    ("seconds", "words"), [(40, "40 s"), (119, "1 min"), (7300, "2 h"), (200_000, "2 d")]
)
def test_a_rough_duration_names_one_unit(seconds: float, words: str) -> None:
    assert text.rough(seconds) == words


def test_a_moment_has_seconds_when_near_and_a_date_when_far() -> None:
    assert text.clock_time(1_000_030.0, 1_000_000.0).count(":") == 2
    assert text.clock_time(1_003_600.0, 1_000_000.0).count(":") == 1
    assert "/" in text.clock_time(1_090_000.0, 1_000_000.0)


def test_sentences_end_once() -> None:
    assert text.sentence("It failed") == "It failed."
    assert text.sentence("Did it?\n") == "Did it?"
    assert text.sentence("") == ""


def test_what_was_counted_here_is_told_with_the_report_it_rests_on() -> None:
    read = QuotaWindow(
        Mode.FAST, 30, 18, 86_400.0, provenance=Provenance.MEASURED, measured_at=400.0
    )
    counted = text.quota_in_words(read.spend(460.0), 520.0)
    assert "17 of 30 calls left, estimated from what was sent here since a report 2 min" in counted
    old = text.quota_in_words(read.at(400.0 + 3 * 3600), 400.0 + 3 * 3600)
    assert old == "Fast: 18 of 30 calls left, as last reported by grok.com 3 h ago"


def test_what_is_left_of_an_unknown_total_is_not_told_as_a_share() -> None:
    window = QuotaWindow(Mode.VIDEO, 9, 4, 86_400.0, provenance=Provenance.MEASURED)
    assert text.quota(window, 1000.0) == "4"
    words = text.quota_in_words(window, 1000.0)
    assert words == "Videos: 4 of an unknown number left, as reported by grok.com"


def test_weekly_credits_are_told_as_a_share() -> None:
    window = QuotaWindow(Mode.WEEKLY, 10_000, 5_750, 604_800.0, provenance=Provenance.STALE)
    assert text.quota(window, 1000.0) == "58 %"
    assert text.quota_in_words(window, 1000.0).startswith("Weekly credits: 58 % left, ")


def test_every_mode_has_a_name() -> None:
    for mode in Mode:
        window = QuotaWindow(mode, 0, 0, 60.0, provenance=Provenance.UNKNOWN)
        assert text.quota_in_words(window, 1000.0)[0].isupper()


def test_quota_in_words_tells_where_the_figure_comes_from_and_when_it_resets() -> None:
    window = QuotaWindow(
        Mode.FAST, 30, 18, 7200.0, resets_at=4600.0, provenance=Provenance.MEASURED, measured_at=940
    )
    words = text.quota_in_words(window, 1000.0)
    assert words.startswith("Fast: 18 of 30 calls left, as reported by grok.com 1 min ago;")
    assert "resets in 1 h (" in words


def test_untrusted_text_stays_on_one_line_and_within_its_limit() -> None:
    assert text.one_line("a\tb\r\nc\x00\x1b[31m") == "a b c[31m"
    assert text.one_line("x" * 300, 10) == "xxxxxxxxx…".join(["\u2068", "\u2069"])
    assert len(text.one_line("y " * 5_000_000, 50)) <= 52


def test_direction_marks_cannot_leak_out_of_untrusted_text() -> None:
    shown = text.one_line("safe\u202egnp.exe")
    assert "\u202e" not in shown
    assert text.one_line("عربي").startswith("\u2068")
    assert text.one_line("عربي").endswith("\u2069")


def test_an_address_used_as_a_label_is_masked() -> None:
    assert text.account_name("maria@example.org") == "\u2068m…@example.org\u2069"
    assert text.account_name("Work") == "Work"


def test_a_local_time_names_its_zone() -> None:
    import datetime

    zone = datetime.datetime.fromtimestamp(1_794_232_800).astimezone().tzname()
    assert text.local_time(1_794_232_800).endswith(str(zone))


def _known_as(window: QuotaWindow, provenance: Provenance) -> QuotaWindow:
    from dataclasses import replace

    return replace(window, provenance=provenance)
