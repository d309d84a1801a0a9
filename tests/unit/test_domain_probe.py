from dataclasses import replace

from grokdesk.domain.probe import ProbeReading, QuotaReading
from grokdesk.domain.quota import Mode, QuotaWindow


def test_a_reading_may_know_neither_tier_nor_windows():
    reading = ProbeReading(user_id="", email="", tier=None, windows=())
    assert (reading.tier, reading.absent) == (None, frozenset())
    assert QuotaReading(()) == QuotaReading((), frozenset(), None)


def test_readings_that_say_the_same_are_equal():
    window = QuotaWindow(mode=Mode.FAST, total=30, remaining=3, window_s=86_400.0)
    reading = ProbeReading("u", "e@example.org", None, (window,))
    assert reading == replace(reading)
    assert reading != replace(reading, windows=(window.spend(1.0),))
