import time

from grokdesk.kernel.clock import ManualClock, SystemClock


def test_the_system_clock_is_the_machines():
    clock = SystemClock()
    assert abs(clock.now() - time.time()) < 5
    assert clock.monotonic() <= time.monotonic()


def test_a_manual_clock_stands_still():
    clock = ManualClock(now=100.0)
    assert (clock.now(), clock.monotonic()) == (100.0, 0.0)
    assert (clock.now(), clock.monotonic()) == (100.0, 0.0)


def test_advancing_moves_both_clocks():
    clock = ManualClock(now=100.0)
    clock.advance(5)
    assert (clock.now(), clock.monotonic()) == (105.0, 5.0)


def test_a_jump_moves_the_wall_clock_alone():
    clock = ManualClock(now=100.0)
    clock.jump(-50)
    assert (clock.now(), clock.monotonic()) == (50.0, 0.0)
