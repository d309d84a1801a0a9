"""Sleep and network changes: noticed at once, and not where there was none."""

import asyncio

import pytest

from grokdesk.app import wake
from grokdesk.app.wake import PERIOD_S, LocalNetwork, WakeDetector
from grokdesk.kernel.clock import ManualClock

HOME, CAFE = "192.168.1.5", "10.0.0.7"
HOME_6, HOME_6_TOMORROW = "2001:db8:0:1::aaaa", "2001:db8:0:1::bbbb"
CAFE_6 = "2001:db8:0:2::aaaa"


class FakeNetwork:
    """`addresses` are what the machine has; packets leave from those in `through`."""

    def __init__(self, *addresses):
        self.addresses = set(addresses)
        self.through = addresses

    def move(self, *addresses, through=None):
        self.addresses = set(addresses)
        self.through = addresses if through is None else through

    def routes(self):
        return self.through

    def has(self, address):
        return address in self.addresses


class SleepyClock(ManualClock):
    """A machine's: the monotonic clock stands still while it sleeps, as on Linux."""

    def sleep(self, seconds):
        self.jump(seconds)


class Rig:
    def __init__(self):
        self.clock = SleepyClock()
        self.network = FakeNetwork(HOME, HOME_6)
        self.gaps = []
        self.changes = 0
        self.detector = WakeDetector(
            self.clock,
            self.network,
            on_wake=self.gaps.append,
            on_network_change=self.count_change,
        )

    def count_change(self):
        self.changes += 1

    def tick(self, seconds=PERIOD_S):
        self.clock.advance(seconds)
        self.detector.look()


@pytest.fixture
def rig():
    return Rig()


def test_time_that_passes_as_it_should_is_no_wake(rig):
    for _ in range(1_000):
        rig.tick()
    assert rig.gaps == []
    assert rig.changes == 0


def test_a_stopped_process_notices_the_gap_in_both_clocks(rig):
    rig.tick(60.0)
    assert rig.gaps == [58.0]


def test_sleep_is_noticed_where_the_monotonic_clock_stood_still(rig):
    rig.clock.sleep(600.0)
    rig.tick()
    assert rig.gaps == [600.0]


def test_one_gap_is_told_once(rig):
    rig.tick(60.0)
    rig.tick()
    rig.tick()
    assert len(rig.gaps) == 1


def test_a_busy_loop_is_not_asleep(rig):
    rig.tick(PERIOD_S + 3.9)
    assert rig.gaps == []
    rig.tick(PERIOD_S + 4.1)
    assert rig.gaps == [pytest.approx(4.1)]


@pytest.mark.parametrize("seconds", [-3600.0, -86_400.0, -315_360_000.0])
def test_a_clock_that_is_set_back_is_no_wake_and_hides_none(rig, seconds):
    rig.clock.jump(seconds)
    rig.tick()
    assert rig.gaps == []
    rig.clock.jump(seconds)
    rig.tick(60.0)
    assert rig.gaps == [58.0]


def test_a_request_notices_the_sleep_before_the_next_tick_does(rig):
    rig.clock.advance(0.5)
    rig.clock.sleep(30.0)
    rig.detector.check_time()
    assert rig.gaps == [28.5]
    rig.tick(1.5)
    assert rig.gaps == [28.5]


def test_requests_between_two_ticks_hide_no_sleep(rig):
    for _ in range(100):
        rig.clock.advance(0.1)
        rig.detector.check_time()
    assert rig.gaps == []
    rig.clock.sleep(10.0)
    rig.detector.check_time()
    assert len(rig.gaps) == 1


def test_another_network_is_a_change_told_once(rig):
    rig.network.move(CAFE, CAFE_6)
    rig.tick()
    assert rig.changes == 1
    rig.tick()
    assert rig.changes == 1


@pytest.mark.parametrize(
    "through", [(CAFE, HOME_6), (HOME, CAFE_6), (HOME,), (HOME_6,), ()], ids=str
)
def test_one_family_that_goes_another_way_is_a_change(rig, through):
    rig.network.move(HOME, HOME_6, CAFE, CAFE_6, through=through)
    rig.tick()
    assert rig.changes == 1


def test_losing_the_network_and_finding_it_again_are_two_changes(rig):
    rig.network.move()
    rig.tick()
    rig.network.move(HOME, HOME_6)
    rig.tick()
    rig.tick()
    assert rig.changes == 2


def test_an_interface_beside_the_others_is_no_change(rig):
    rig.network.move(HOME, HOME_6, "172.17.0.1", through=(HOME, HOME_6))
    rig.tick()
    rig.network.move(HOME, HOME_6, through=(HOME, HOME_6))
    rig.tick()
    assert rig.changes == 0


def test_a_new_address_for_privacy_is_no_change(rig):
    rig.network.move(HOME, HOME_6, HOME_6_TOMORROW, through=(HOME, HOME_6_TOMORROW))
    rig.tick()
    assert rig.changes == 0


def test_an_address_that_older_connections_use_is_missed_when_it_goes(rig):
    rig.network.move(HOME, HOME_6, CAFE, through=(CAFE, HOME_6))
    rig.tick()
    assert rig.changes == 1
    rig.network.move(HOME_6, CAFE, through=(CAFE, HOME_6))
    rig.tick()
    assert rig.changes == 2
    rig.tick()
    assert rig.changes == 2


def test_a_machine_without_a_network_is_left_alone():
    rig = Rig()
    rig.network.move()
    rig.tick()
    before = rig.changes
    for _ in range(10):
        rig.tick()
    assert rig.changes == before


async def test_it_looks_by_itself_until_it_is_cancelled(rig, monkeypatch):
    monkeypatch.setattr(wake, "PERIOD_S", 0.01)
    task = asyncio.get_running_loop().create_task(rig.detector.watch())
    rig.clock.advance(60.0)
    async with asyncio.timeout(5):
        while not rig.gaps:
            await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_this_machine_has_the_addresses_that_it_sends_from():
    network = LocalNetwork()
    for address in network.routes():
        assert network.has(address)
    assert network.has("127.0.0.1")
    assert not network.has("198.51.100.77")
    assert not network.has("2001:db8:dead::1")
