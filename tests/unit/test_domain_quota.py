from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokdesk.domain.quota import Mode, Provenance, QuotaWindow

NOW = 1_700_000_000.0
HOUR = 3600.0
FRESH = QuotaWindow(mode=Mode.FAST, total=30, remaining=30, window_s=2 * HOUR)
RUNNING = replace(FRESH, remaining=10, resets_at=NOW + HOUR, provenance=Provenance.MEASURED)


def test_the_first_call_starts_the_window():
    spent = FRESH.spend(NOW)
    assert spent.remaining == 29
    assert spent.resets_at == NOW + 2 * HOUR


def test_a_later_call_does_not_move_the_reset():
    spent = RUNNING.spend(NOW)
    assert (spent.remaining, spent.resets_at) == (9, RUNNING.resets_at)


def test_a_window_is_full_again_once_its_reset_has_passed():
    assert RUNNING.at(NOW + HOUR - 1) is RUNNING
    renewed = RUNNING.at(NOW + HOUR)
    assert (renewed.remaining, renewed.resets_at) == (30, None)
    assert renewed.provenance is Provenance.ESTIMATED


def test_a_call_after_the_reset_starts_a_new_window():
    later = NOW + HOUR + 5
    spent = RUNNING.spend(later)
    assert (spent.remaining, spent.resets_at) == (29, later + 2 * HOUR)


def test_spending_from_an_empty_window_leaves_it_empty():
    assert replace(RUNNING, remaining=0).spend(NOW).remaining == 0


def test_a_refund_never_gives_more_than_the_total():
    assert RUNNING.refund().remaining == 11
    assert FRESH.refund().remaining == 30


def test_an_exhausted_window_waits_for_the_reset_it_knows():
    exhausted = RUNNING.exhaust(NOW)
    assert (exhausted.remaining, exhausted.resets_at) == (0, RUNNING.resets_at)


def test_an_exhausted_window_that_never_started_waits_a_whole_one():
    assert FRESH.exhaust(NOW).resets_at == NOW + 2 * HOUR


def test_what_upstream_says_about_waiting_wins():
    assert RUNNING.exhaust(NOW, retry_after=60).resets_at == NOW + 60


def test_a_reading_loses_the_calls_leased_since_it_was_asked_for():
    reading = replace(FRESH, remaining=20, provenance=Provenance.MEASURED)
    merged = RUNNING.merge(reading, spent_since=3)
    assert (merged.remaining, merged.provenance) == (17, Provenance.MEASURED)


def test_a_reading_of_more_than_the_total_is_cut_to_it():
    assert RUNNING.merge(replace(FRESH, remaining=99), 0).remaining == 30


windows = st.builds(
    QuotaWindow,
    mode=st.sampled_from(Mode),
    total=st.integers(0, 500),
    remaining=st.just(0),
    window_s=st.floats(1, 100_000),
    resets_at=st.none() | st.floats(NOW - 1e6, NOW + 1e6),
).flatmap(
    lambda window: st.integers(0, window.total).map(
        lambda remaining: replace(window, remaining=remaining)
    )
)
steps = st.lists(
    st.sampled_from(
        [
            lambda window, now: window.spend(now),
            lambda window, _: window.refund(),
            lambda window, now: window.exhaust(now),
            lambda window, now: window.at(now),
            lambda window, _: window.merge(window, 1),
        ]
    ),
    max_size=20,
)


@given(window=windows, steps=steps, hours=st.floats(0, 10))
def test_no_sequence_of_steps_leaves_less_than_nothing_or_more_than_all(window, steps, hours):
    now = NOW
    for step in steps:
        now += hours * HOUR / 4
        window = step(window, now)
        assert 0 <= window.remaining <= window.total


@pytest.mark.parametrize("mode", list(Mode))
def test_modes_are_spelt_as_upstream_spells_them(mode):
    assert mode.value == mode.name.lower()
