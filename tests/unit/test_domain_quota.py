from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokdesk.domain.quota import (
    CHAT_MODES,
    MEDIA_MODES,
    STALE_AFTER_S,
    Mode,
    Provenance,
    QuotaWindow,
)

NOW = 1_700_000_000.0
MINUTE, HOUR, DAY, YEAR = 60.0, 3600.0, 86_400.0, 365 * 86_400.0
FRESH = QuotaWindow(mode=Mode.FAST, total=30, remaining=30, window_s=2 * HOUR)
RUNNING = replace(
    FRESH,
    remaining=10,
    resets_at=NOW + HOUR,
    provenance=Provenance.MEASURED,
    measured_at=NOW - MINUTE,
)
NOTHING_KNOWN = QuotaWindow(Mode.AUTO, total=0, remaining=0, window_s=600.0)


def test_every_mode_is_one_of_chat_media_or_weekly():
    assert {*CHAT_MODES, *MEDIA_MODES, Mode.WEEKLY} == set(Mode)


@pytest.mark.parametrize("mode", list(Mode))
def test_modes_are_spelt_as_upstream_spells_them(mode):
    assert mode.value == mode.name.lower()


class TestTime:
    def test_a_window_is_full_again_once_its_reset_has_passed(self):
        assert RUNNING.at(NOW + HOUR - 1) is RUNNING
        renewed = RUNNING.at(NOW + HOUR)
        assert (renewed.remaining, renewed.resets_at) == (30, None)

    def test_what_is_full_by_the_clock_is_an_estimate_that_rests_on_no_reading(self):
        renewed = RUNNING.at(NOW + HOUR)
        assert renewed.provenance is Provenance.ESTIMATED
        assert (renewed.measured_at, renewed.age(NOW + HOUR)) == (None, None)

    @pytest.mark.parametrize(("window_s", "limit"), [(5 * HOUR, STALE_AFTER_S), (600.0, 600.0)])
    def test_a_reading_is_stale_after_a_while_or_after_one_window(self, window_s, limit):
        read = replace(RUNNING, window_s=window_s, resets_at=None, measured_at=NOW)
        assert read.at(NOW + limit - 1) is read
        stale = read.at(NOW + limit)
        assert (stale.provenance, stale.remaining) == (Provenance.STALE, 10)
        assert stale.age(NOW + 2 * limit) == 2 * limit

    def test_counting_on_from_an_old_reading_does_not_make_it_young(self):
        read = replace(RUNNING, window_s=DAY, resets_at=NOW + DAY, measured_at=NOW)
        counted = read.spend(NOW + HOUR)
        assert counted.provenance is Provenance.ESTIMATED
        assert counted.at(NOW + STALE_AFTER_S).provenance is Provenance.STALE
        assert counted.spend(NOW + 3 * HOUR).provenance is Provenance.STALE

    def test_an_assumed_window_never_grows_stale(self):
        assert FRESH.at(NOW + YEAR) is FRESH
        assert FRESH.changes_at(NOW) is None

    def test_it_tells_when_it_will_be_another(self):
        assert RUNNING.changes_at(NOW) == NOW + HOUR
        read = replace(RUNNING, window_s=DAY, resets_at=NOW + DAY)
        stale_at = NOW - MINUTE + STALE_AFTER_S
        assert read.changes_at(NOW) == stale_at
        assert read.changes_at(stale_at) == NOW + DAY
        assert read.changes_at(NOW + DAY) is None

    def test_a_reset_is_never_further_away_than_the_window_is_long(self):
        set_back = RUNNING.at(NOW - 10 * YEAR)
        assert set_back.resets_at == NOW - 10 * YEAR + 2 * HOUR
        assert set_back.at(NOW - 10 * YEAR + 2 * HOUR).remaining == 30

    def test_a_reading_from_the_future_was_taken_just_now(self):
        assert RUNNING.age(NOW - DAY) == 0.0
        set_back = RUNNING.at(NOW - 10 * YEAR)
        assert set_back.provenance is Provenance.MEASURED
        later = NOW - 10 * YEAR + 2 * HOUR
        assert replace(set_back, resets_at=None).at(later).provenance is Provenance.STALE

    def test_what_a_refusal_asked_for_may_be_longer_than_the_window(self):
        refused = RUNNING.exhaust(NOW, retry_after=5 * HOUR)
        assert refused.at(NOW + HOUR).resets_at == NOW + 5 * HOUR
        assert refused.at(NOW - YEAR).resets_at == NOW - YEAR + 5 * HOUR
        assert refused.at(NOW + 5 * HOUR).spend(NOW + 5 * HOUR).resets_at == NOW + 7 * HOUR

    def test_its_times_can_be_moved_along_with_the_clock(self):
        moved = RUNNING.shifted(-YEAR)
        assert (moved.resets_at, moved.measured_at) == (NOW + HOUR - YEAR, NOW - MINUTE - YEAR)
        assert moved.at(NOW - YEAR) is moved
        assert FRESH.shifted(YEAR) is FRESH


class TestCounting:
    def test_the_first_call_starts_the_window(self):
        spent = FRESH.spend(NOW)
        assert (spent.remaining, spent.resets_at) == (29, NOW + 2 * HOUR)

    def test_a_later_call_does_not_move_the_reset(self):
        spent = RUNNING.spend(NOW)
        assert (spent.remaining, spent.resets_at) == (9, RUNNING.resets_at)

    def test_a_call_after_the_reset_starts_a_new_window(self):
        later = NOW + HOUR + 5
        spent = RUNNING.spend(later)
        assert (spent.remaining, spent.resets_at) == (29, later + 2 * HOUR)

    def test_spending_from_an_empty_window_leaves_it_empty(self):
        assert replace(RUNNING, remaining=0).spend(NOW).remaining == 0

    def test_a_refund_never_gives_more_than_the_total(self):
        assert RUNNING.refund().remaining == 11
        assert FRESH.refund() is FRESH

    @pytest.mark.parametrize("change", [lambda w: w.spend(NOW), QuotaWindow.refund])
    def test_a_number_that_we_changed_is_an_estimate_of_known_age(self, change):
        changed = change(RUNNING)
        assert changed.provenance is Provenance.ESTIMATED
        assert changed.age(NOW) == MINUTE

    def test_a_window_of_which_nothing_is_known_does_not_begin_to_count(self):
        assert NOTHING_KNOWN.spend(NOW) is NOTHING_KNOWN
        assert NOTHING_KNOWN.refund() is NOTHING_KNOWN

    def test_what_a_call_costs_in_weekly_credits_is_unknown(self):
        weekly = QuotaWindow(
            Mode.WEEKLY, 10_000, 9_000, 7 * DAY, NOW + DAY, Provenance.MEASURED, NOW
        )
        spent = weekly.spend(NOW)
        assert (spent.remaining, spent.provenance) == (9_000, Provenance.ESTIMATED)
        assert spent.refund() is spent


class TestRefusals:
    def test_an_exhausted_window_waits_for_the_reset_it_knows(self):
        exhausted = RUNNING.exhaust(NOW)
        assert (exhausted.remaining, exhausted.resets_at) == (0, RUNNING.resets_at)
        assert exhausted.provenance is Provenance.ESTIMATED

    def test_an_exhausted_window_that_never_started_waits_a_whole_one(self):
        assert FRESH.exhaust(NOW).resets_at == NOW + 2 * HOUR

    def test_what_upstream_says_about_waiting_wins(self):
        assert RUNNING.exhaust(NOW, retry_after=60).resets_at == NOW + 60

    @pytest.mark.parametrize(
        ("asked", "kept"), [(0, 1), (-5, 1), (float("nan"), 1), (1e12, DAY), (float("inf"), DAY)]
    )
    def test_absurd_waits_are_cut(self, asked, kept):
        assert RUNNING.exhaust(NOW, retry_after=asked).resets_at == NOW + kept

    def test_a_second_refusal_without_a_time_keeps_the_wait_of_the_first(self):
        twice = RUNNING.exhaust(NOW, retry_after=5 * HOUR).exhaust(NOW + 1)
        assert twice.at(NOW + 2).resets_at == NOW + 5 * HOUR

    def test_a_mode_known_from_a_refusal_alone_is_free_but_unknown_afterwards(self):
        refused = NOTHING_KNOWN.exhaust(NOW)
        assert (refused.remaining, refused.resets_at) == (0, NOW + 600)
        later = refused.at(NOW + 600)
        assert (later.resets_at, later.provenance) == (None, Provenance.UNKNOWN)


def reading(remaining, at=NOW, **changes):
    return replace(
        FRESH,
        **{
            "remaining": remaining,
            "provenance": Provenance.MEASURED,
            "measured_at": at,
            "resets_at": at + HOUR,
            **changes,
        },
    )


class TestReadings:
    def test_a_reading_is_taken_as_it_is_when_nothing_was_leased_meanwhile(self):
        assert RUNNING.merge(reading(20), spent_since=0) == reading(20)

    def test_a_reading_loses_the_calls_leased_since_it_was_asked_for(self):
        merged = RUNNING.merge(reading(20), spent_since=3)
        assert (merged.remaining, merged.provenance) == (17, Provenance.ESTIMATED)
        assert merged.measured_at == NOW

    def test_calls_leased_meanwhile_start_a_window_that_was_read_as_full(self):
        merged = RUNNING.merge(reading(30, resets_at=None), spent_since=1)
        assert (merged.remaining, merged.resets_at) == (29, NOW + 2 * HOUR)

    @pytest.mark.parametrize(("told", "kept"), [(99, 30), (-1, 0)])
    def test_a_reading_stays_between_nothing_and_all(self, told, kept):
        assert RUNNING.merge(reading(told), 0).remaining == kept

    def test_more_calls_than_were_left_leave_nothing(self):
        assert RUNNING.merge(reading(2), spent_since=5).remaining == 0

    def test_the_most_that_was_ever_left_stands_for_a_total_that_is_not_told(self):
        def media(left):
            return QuotaWindow(Mode.VIDEO, left, left, DAY, NOW + DAY, Provenance.MEASURED, NOW)

        known = media(12).merge(media(5), 0)
        assert (known.total, known.remaining, known.total_known) == (12, 5, False)
        more = known.merge(media(40), 0)
        assert (more.total, more.remaining) == (40, 40)
        assert more.at(NOW + DAY).remaining == 40

    def test_a_total_that_is_told_replaces_the_one_before(self):
        assert RUNNING.merge(reading(7, total=7), 0).total == 7
        assert RUNNING.total_known

    def test_weekly_credits_are_not_reduced_by_calls(self):
        weekly = QuotaWindow(
            Mode.WEEKLY, 10_000, 9_000, 7 * DAY, NOW + DAY, Provenance.MEASURED, NOW
        )
        assert weekly.merge(weekly, spent_since=50) == weekly

    def test_a_reading_brings_nothing_back_before_a_refusals_wait_is_over(self):
        """grok.com reports calls left while it throttles an account."""
        refused = RUNNING.exhaust(NOW, retry_after=10 * MINUTE)
        held = refused.merge(reading(12, at=NOW + MINUTE), 0)
        assert (held.remaining, held.resets_at) == (0, NOW + 10 * MINUTE)
        later = held.merge(reading(12, at=NOW + 10 * MINUTE), 0)
        assert (later.remaining, later.provenance) == (12, Provenance.MEASURED)

    def test_a_reading_that_says_used_up_for_longer_is_believed(self):
        refused = RUNNING.exhaust(NOW, retry_after=MINUTE)
        used_up = reading(0, at=NOW + 1)
        assert refused.merge(used_up, 0) == used_up

    def test_a_reading_that_says_used_up_for_shorter_does_not_end_the_wait(self):
        refused = RUNNING.exhaust(NOW, retry_after=5 * HOUR)
        assert refused.merge(reading(0, at=NOW + 1), 0).resets_at == NOW + 5 * HOUR

    def test_a_refusal_that_named_no_time_yields_to_a_reading(self):
        assert RUNNING.exhaust(NOW).merge(reading(12, at=NOW + 1), 0).remaining == 12


times = st.none() | st.floats(NOW - 10 * YEAR, NOW + 10 * YEAR)
windows = st.builds(
    QuotaWindow,
    mode=st.sampled_from(Mode),
    total=st.integers(0, 500),
    remaining=st.just(0),
    window_s=st.floats(1, 31 * DAY),
    resets_at=times,
    provenance=st.sampled_from(Provenance),
    measured_at=times,
    wait_s=st.just(0.0) | st.floats(1, DAY),
).flatmap(
    lambda window: st.integers(0, window.total).map(
        lambda remaining: replace(window, remaining=remaining)
    )
)
moments = st.floats(NOW - 11 * YEAR, NOW + 11 * YEAR)
steps = st.lists(
    st.sampled_from(
        [
            lambda window, now, _: window.spend(now),
            lambda window, _, __: window.refund(),
            lambda window, now, _: window.exhaust(now),
            lambda window, now, number: window.exhaust(now, number),
            lambda window, now, _: window.at(now),
            lambda window, _, number: window.merge(window, int(number)),
            lambda window, now, number: window.merge(
                replace(window, remaining=int(number), measured_at=now, wait_s=0.0), 1
            ),
            lambda window, _, number: window.shifted(number * YEAR),
        ]
    ).flatmap(lambda step: st.tuples(st.just(step), moments, st.floats(-10, 10))),
    max_size=20,
)


@given(window=windows, steps=steps)
def test_no_sequence_of_steps_leaves_less_than_nothing_or_more_than_all(window, steps):
    for step, now, number in steps:
        window = step(window, now, number)
        assert 0 <= window.remaining <= window.total


@given(window=windows, now=moments, later=st.floats(0, YEAR))
def test_looking_twice_changes_nothing(window, now, later):
    once = window.at(now)
    assert once.at(now) is once
    assert once.at(now + later).at(now + later) == once.at(now + later)


@given(window=windows, now=moments, share=st.floats(0, 1, exclude_max=True))
def test_nothing_changes_before_the_moment_that_is_named(window, now, share):
    current = window.at(now)
    moment = window.changes_at(now)
    if moment is None:
        assert current.at(now + YEAR) is current
        return
    assert moment > now
    assert current.at(moment) != current
    before = now + (moment - now) * share
    if before < moment:
        assert current.at(before) is current


@given(window=windows, now=moments)
def test_whatever_the_clock_did_a_window_is_full_again_after_its_length(window, now):
    current = window.at(now)
    if current.resets_at is None:
        assert current.remaining == window.remaining or window.resets_at is not None
        return
    longest = max(window.window_s, window.wait_s)
    assert current.resets_at <= now + longest
    assert current.at(now + longest).remaining == window.total


@given(window=windows, now=moments)
def test_a_call_that_is_given_back_leaves_no_trace_but_the_doubt(window, now):
    current = window.at(now)
    again = current.spend(now).refund()
    if current.remaining > 0:
        assert again.remaining == current.remaining
    if current is not again:
        assert again.provenance is not Provenance.MEASURED
