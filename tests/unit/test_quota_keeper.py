"""The keeper over a real pool, in virtual time; what it reads from is one function."""

import asyncio
import logging
import random
from dataclasses import replace
from itertools import pairwise

import pytest

from grokdesk.domain.account import Account, AccountState, Tier
from grokdesk.domain.errors import (
    ForbiddenError,
    GrokdeskError,
    LocalNetworkError,
    RateLimitedError,
    TokenRejectedError,
    UpstreamUnavailableError,
    VaultLockedError,
)
from grokdesk.domain.events import AccountChanged, SettingsChanged
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.tasks import TaskSupervisor
from grokdesk.pool.pool import AccountPool
from grokdesk.services.quota import QuotaKeeper
from grokdesk.settings.reaching import QuotaSettings
from tests.unit.virtual_time import VirtualClock, virtual_loop

MINUTE, HOUR, DAY, YEAR = 60.0, 3600.0, 86_400.0, 365 * 86_400.0
WINDOW_S = {Tier.BASIC: DAY, Tier.SUPER: 2 * HOUR, Tier.HEAVY: 2 * HOUR}
DOWN = UpstreamUnavailableError("grok.com is down.")
OFFLINE = LocalNetworkError("There is no network.")


class World:
    """The keeper and everything around it. `trouble` raises instead of a reading."""

    def __init__(self, loop):
        self.loop = loop
        self.clock = VirtualClock(loop)
        self.bus = EventBus()
        self.tasks = TaskSupervisor()
        self.pool = AccountPool(
            self.clock,
            on_change=lambda account_id, _stored: self.bus.publish(AccountChanged(account_id)),
        )
        self.settings = QuotaSettings()
        self.keeper = QuotaKeeper(
            self.pool,
            self.read,
            self.bus,
            self.tasks,
            self.clock,
            lambda: self.settings,
            rng=random.Random(1),
        )
        self.pool.on_exhausted = self.keeper.on_exhausted
        self.readings = []
        """When which account was asked, and what became of it."""
        self.running = self.most_running = self.largest_plan = 0
        self.trouble = lambda _account_id: None
        self.left = {}
        self.reading_takes_s = 0.5

    def add(self, *names, tier=Tier.BASIC, age=None, **changes):
        for name in names:
            account = Account(name, name, f"print-{name}", f"…{name}", tier=tier, **changes)
            windows = () if age is None else (self.window(account, self.clock.now() - age),)
            self.pool.put(account, windows)

    def window(self, account, measured_at, left=30):
        window_s = WINDOW_S[account.effective_tier]
        resets_at = None if left == 30 else measured_at + window_s
        return QuotaWindow(
            Mode.FAST, 30, left, window_s, resets_at, Provenance.MEASURED, measured_at
        )

    async def read(self, account_id):
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        self.largest_plan = max(self.largest_plan, self.keeper._plan.size)
        asked_at = self.loop.time()
        ticket = self.pool.ticket(account_id)
        try:
            await asyncio.sleep(self.reading_takes_s)
            error = self.trouble(account_id)
            self.readings.append((asked_at, account_id, error))
            if error is not None:
                raise error
            account = self.pool.view(account_id).account
            left = self.left.get(account_id, 30)
            self.pool.observe(ticket, [self.window(account, self.clock.now(), left)])
        finally:
            self.running -= 1

    def times(self, account_id=None):
        return [at for at, name, _ in self.readings if account_id in (None, name)]

    def read_accounts(self):
        return [name for _, name, _ in self.readings]

    def play(self, *script, lasting=0.0):
        """Run the keeper while the coroutine functions of `script` run, then `lasting` more."""

        async def main():
            self.tasks.run_soon(self.keeper.run(), name="keeper")
            await asyncio.sleep(0)
            for act in script:
                await act()
            await asyncio.sleep(lasting)
            await self.tasks.stop()
            assert self.running == 0
            assert len(self.tasks) == 0

        self.loop.run_until_complete(main())

    async def refuse(self, account_id, retry_after=None):
        """A call is answered with 429."""
        others = [v.account.id for v in self.pool.views() if v.account.id != account_id]
        lease = self.pool.lease(Mode.FAST, Tier.BASIC, exclude=others)
        lease.settle(RateLimitedError("Used up.", status=429, retry_after=retry_after))


@pytest.fixture
def world():
    with virtual_loop() as loop:
        yield World(loop)


def busiest_minute(times):
    most = start = 0
    for end, moment in enumerate(times):
        while moment - times[start] >= MINUTE:
            start += 1
        most = max(most, end - start + 1)
    return most


class TestManyAccounts:
    def test_ten_thousand_are_read_at_the_rate_and_nobody_is_lost(self, world):
        names = [f"a{number}" for number in range(10_000)]
        world.add(*names)
        world.play(lasting=6 * HOUR)
        assert sorted(world.read_accounts()) == sorted(names)
        assert busiest_minute(world.times()) == 30
        assert world.most_running <= 2
        assert world.largest_plan <= 2 * 10_000 + 65
        assert world.loop.wakeups / (6 * HOUR) <= 3

    def test_more_than_the_rate_allows_is_shared_out_evenly(self, world):
        """Three times as many super accounts as can be read every two hours."""
        world.settings = replace(world.settings, readings_per_minute=2)
        names = [f"a{number}" for number in range(720)]
        world.add(*names, tier=Tier.SUPER)
        world.play(lasting=21 * HOUR)
        counts = [world.read_accounts().count(name) for name in names]
        assert sum(counts) == pytest.approx(2 * 60 * 21, abs=2)
        assert set(counts) == {3, 4}
        assert busiest_minute(world.times()) <= 2

    def test_idle_means_idle(self, world):
        world.add(*(f"a{number}" for number in range(100)), age=HOUR)
        world.play(lasting=HOUR)
        assert world.readings == []
        assert world.loop.wakeups <= HOUR / 60 + 2


class TestAge:
    @pytest.mark.parametrize(
        ("tier", "interval"), [(Tier.BASIC, DAY), (Tier.SUPER, 2 * HOUR), (Tier.HEAVY, 2 * HOUR)]
    )
    def test_figures_are_read_before_they_are_older_than_the_interval(self, world, tier, interval):
        world.add("a", tier=tier)
        world.play(lasting=10 * interval)
        gaps = [later - earlier for earlier, later in pairwise(world.times())]
        assert len(gaps) >= 9
        assert all(0.9 * interval <= gap <= interval + 1 for gap in gaps)

    def test_figures_of_an_earlier_run_count(self, world):
        world.add("old", age=23.9 * HOUR)
        world.add("young", age=HOUR)
        world.play(lasting=20 * HOUR)
        assert world.read_accounts() == ["old"]

    def test_a_figure_from_the_future_is_taken_for_new(self, world):
        world.add("a", age=-YEAR)
        world.play(lasting=25 * HOUR)
        assert len(world.readings) == 1

    def test_a_window_that_was_begun_is_measured_again_after_its_reset(self, world):
        world.add("a", tier=Tier.BASIC)
        world.left["a"] = 0
        world.settings = replace(world.settings, basic_interval_s=7 * DAY)
        world.play(lasting=25 * HOUR)
        first, second = world.times()
        assert DAY <= second - first <= DAY + 31

    def test_a_reset_known_from_an_earlier_run_counts(self, world):
        world.add("a")
        account = world.pool.view("a").account
        read_at = world.clock.now() - DAY + HOUR
        world.pool.put(account, [world.window(account, read_at, left=3)])
        world.settings = replace(world.settings, basic_interval_s=7 * DAY)
        world.play(lasting=2 * HOUR)
        (at,) = world.times()
        assert HOUR <= at <= HOUR + 31

    def test_an_account_that_a_probe_has_just_read_is_not_read_again(self, world):
        async def imported():
            world.add("a")
            await asyncio.sleep(2)
            account = world.pool.view("a").account
            window = world.window(account, world.clock.now())
            world.pool.observe(world.pool.ticket("a"), [window])

        world.play(imported, lasting=20 * HOUR)
        assert world.readings == []


class TestAccountsThatComeAndGo:
    def test_a_new_account_is_read_soon(self, world):
        async def add():
            await asyncio.sleep(HOUR)
            world.add("a")

        world.play(add, lasting=MINUTE)
        assert world.times() == [HOUR + 10]

    def test_only_accounts_that_can_be_used_are_read(self, world):
        world.add("disabled", enabled=False)
        world.add("expired", state=AccountState.EXPIRED)
        world.add("blocked", state=AccountState.BLOCKED)
        world.play(lasting=DAY)
        assert world.readings == []

    def test_one_that_is_disabled_meanwhile_is_left_alone_until_it_is_enabled(self, world):
        async def switch():
            await asyncio.sleep(5)
            account = world.pool.view("a").account
            world.pool.put(replace(account, enabled=False))
            await asyncio.sleep(2 * DAY)
            assert world.readings == []
            world.pool.put(account)

        world.add("a")
        world.play(switch, lasting=MINUTE)
        assert world.times() == [5 + 2 * DAY + 10]

    def test_one_that_turns_out_dead_is_not_read_again(self, world):
        def dead(account_id):
            account = world.pool.view(account_id).account
            world.pool.put(replace(account, state=AccountState.EXPIRED))
            return TokenRejectedError("The token is dead.", status=401)

        world.trouble = dead
        world.add("a")
        world.play(lasting=7 * DAY)
        assert len(world.readings) == 1

    def test_one_that_is_removed_is_forgotten(self, world):
        async def remove():
            await asyncio.sleep(10.2)
            world.pool.remove("a")
            world.pool.remove("b")
            await asyncio.sleep(DAY)
            assert (len(world.keeper._plan), world.keeper._begun) == (0, {})

        world.trouble = lambda name: None if name in world.pool else GrokdeskError("gone")
        world.add("a", "b")
        world.play(remove)
        assert world.read_accounts() == ["a"]


class TestRefusedCalls:
    def test_a_refusal_is_followed_by_a_reading(self, world):
        async def refuse():
            await asyncio.sleep(HOUR)
            await world.refuse("a")

        world.add("a", age=0)
        world.play(refuse, lasting=MINUTE)
        assert world.times() == [HOUR + 1]

    def test_many_refusals_are_followed_by_one_reading_a_minute(self, world):
        async def refuse():
            for _ in range(180):
                world.keeper.on_exhausted("a", Mode.FAST)
                await asyncio.sleep(1)

        world.add("a", age=0)
        world.play(refuse, lasting=0)
        assert world.times() == [1.0, 61.0, 121.0]

    def test_it_does_not_wait_behind_the_routine(self, world):
        async def refuse():
            await asyncio.sleep(HOUR)
            await world.refuse("refused")

        world.add(*(f"a{number}" for number in range(5_000)))
        world.add("refused", age=0)
        world.play(refuse, lasting=MINUTE)
        (at,) = world.times("refused")
        assert at <= HOUR + 4
        assert busiest_minute(world.times()) == 30

    def test_a_refusal_during_a_reading_causes_another_one(self, world):
        async def refuse():
            await asyncio.sleep(10.1)
            assert world.running == 1
            world.keeper.on_exhausted("a", Mode.FAST)

        world.add("a")
        world.play(refuse, lasting=2 * MINUTE)
        assert world.times() == [10.0, 70.0]


class TestClicks:
    def test_a_click_is_answered_at_once_whatever_the_rate_is(self, world):
        names = [f"a{number}" for number in range(100)]
        progress = []

        async def click():
            result = await world.keeper.refresh(names, lambda *done: progress.append(done))
            assert (result.read, result.failed) == (100, ())
            assert world.loop.time() == 100 * 0.5 / 2

        world.add(*names, age=HOUR)
        world.play(click)
        assert progress == [(number, 100) for number in range(1, 101)]
        assert world.most_running == 2

    def test_a_click_goes_before_everything_else(self, world):
        async def click():
            await asyncio.sleep(HOUR)
            await world.keeper.refresh(["a4999"])
            assert world.loop.time() <= HOUR + 1.5

        world.add(*(f"a{number}" for number in range(5_000)))
        world.play(click)

    def test_what_could_not_be_read_is_told(self, world):
        async def click():
            result = await world.keeper.refresh(["a", "b", "unknown", "a"])
            assert (result.read, result.failed) == (1, (("b", "grok.com is down."),))

        world.trouble = lambda name: DOWN if name == "b" else None
        world.add("a", "b")
        world.play(click)

    def test_even_an_expired_account_is_read_on_a_click(self, world):
        async def click():
            assert (await world.keeper.refresh(["a"])).read == 1

        world.add("a", state=AccountState.EXPIRED)
        world.play(click)

    def test_clicking_again_and_again_reads_once(self, world):
        async def click():
            both = (world.keeper.refresh(["a"]), world.keeper.refresh(["a", "b"]))
            assert [result.read for result in await asyncio.gather(*both)] == [1, 2]
            assert (await world.keeper.refresh(["a"])).read == 1
            assert sorted(world.read_accounts()) == ["a", "b"]
            await asyncio.sleep(11)
            await world.keeper.refresh(["a"])

        world.add("a", "b")
        world.play(click)
        assert world.read_accounts().count("a") == 2

    def test_cancelling_keeps_what_is_read_and_leaves_out_the_rest(self, world):
        names = [f"a{number}" for number in range(100)]

        async def click():
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(10.2):
                    await world.keeper.refresh(names)
            await asyncio.sleep(HOUR)
            assert len(world.readings) == 2 * 21
            assert len(world.keeper._plan) == 100

        world.add(*names, age=HOUR)
        world.play(click)

    def test_another_ones_click_survives_a_cancelled_one(self, world):
        async def click():
            first = asyncio.ensure_future(world.keeper.refresh([f"a{n}" for n in range(20)]))
            second = asyncio.ensure_future(world.keeper.refresh(["a18", "a19"]))
            await asyncio.sleep(0.1)
            first.cancel()
            assert (await second).read == 2
            with pytest.raises(asyncio.CancelledError):
                await first
            assert len(world.readings) == 4

        world.add(*(f"a{n}" for n in range(20)), age=HOUR)
        world.play(click)

    def test_nothing_to_read_is_done_at_once(self, world):
        async def click():
            assert (await world.keeper.refresh(["unknown"])).read == 0

        world.play(click)

    def test_it_works_without_the_running_task_too(self, world):
        """Commands run while the rest of the program does not."""

        async def main():
            assert (await world.keeper.refresh(["a", "b", "c"])).read == 3
            await world.tasks.stop()

        world.add("a", "b", "c")
        world.loop.run_until_complete(main())

    def test_an_account_removed_meanwhile_is_not_waited_for(self, world):
        async def click():
            asked = asyncio.ensure_future(world.keeper.refresh(["a", "b", "c", "d"]))
            await asyncio.sleep(0.1)
            world.pool.remove("d")
            assert (await asked).read == 3

        world.add("a", "b", "c", "d")
        world.play(click)


class TestFailures:
    def test_the_account_is_left_alone_longer_and_longer(self, world, caplog):
        caplog.set_level(logging.INFO)
        world.trouble = lambda _name: ForbiddenError("No.", status=403)
        world.add("a")
        world.play(lasting=6 * HOUR)
        gaps = [later - earlier - 0.5 for earlier, later in pairwise(world.times())]
        for number, gap in enumerate(gaps):
            whole = min(1800.0, 30.0 * 2**number)
            assert 0.8 * whole <= gap <= whole + 0.1
        assert len(gaps) > 10
        assert messages(caplog) == ["The quota of account …a cannot be read: No."]

    def test_a_change_of_the_account_meanwhile_does_not_cut_the_back_off_short(self, world):
        def trouble(name):
            world.bus.publish(AccountChanged(name))
            return ForbiddenError("No.")

        world.trouble = trouble
        world.add("a")
        world.play(lasting=HOUR)
        assert len(world.readings) <= 8

    def test_a_recovery_is_logged_once_and_ends_the_back_off(self, world, caplog):
        caplog.set_level(logging.INFO)
        world.trouble = lambda _name: ForbiddenError("No.") if len(world.readings) < 5 else None
        world.add("a", tier=Tier.SUPER)
        world.play(lasting=12 * HOUR)
        assert [text.split(" be ")[1] for text in messages(caplog)] == [
            "read: No.",
            "read again.",
        ]
        gaps = [later - earlier for earlier, later in pairwise(world.times()[5:])]
        assert all(gap >= 1.7 * HOUR for gap in gaps)

    def test_upstreams_own_wait_is_kept_within_reason(self, world):
        waits = iter([600.0, 10_000_000.0])
        world.trouble = lambda _name: RateLimitedError("Slower.", retry_after=next(waits, None))
        world.add("a")
        world.play(lasting=HOUR)
        first, second, third = world.times()[:3]
        assert second - first == pytest.approx(600.5)
        assert third - second == pytest.approx(1800.5)

    def test_others_are_read_while_one_fails(self, world):
        world.trouble = lambda name: ForbiddenError("No.") if name == "bad" else None
        world.add("bad", *(f"a{number}" for number in range(20)))
        world.play(lasting=2 * MINUTE)
        assert set(world.read_accounts()) == {"bad", *(f"a{number}" for number in range(20))}

    def test_a_bug_in_one_reading_does_not_stop_the_others(self, world, caplog):
        world.trouble = lambda name: ZeroDivisionError("oops") if name == "a" else None
        world.add("a", "b", "c", "d")
        world.play(lasting=MINUTE)
        assert set(world.read_accounts()) == {"a", "b", "c", "d"}
        assert "the task quota reading crashed" in caplog.text


class TestOutages:
    @pytest.mark.parametrize("error", [OFFLINE, VaultLockedError("The keyring is locked.")])
    def test_what_is_not_the_accounts_fault_pauses_everything(self, world, caplog, error):
        caplog.set_level(logging.INFO)
        over_at = HOUR
        world.trouble = lambda _name: error if world.loop.time() < over_at else None
        names = [f"a{number}" for number in range(100)]
        world.add(*names)
        world.play(lasting=HOUR + 15 * MINUTE)
        failed = [at for at, _, outcome in world.readings if outcome is not None]
        assert len(failed) <= 25
        assert max(later - earlier for earlier, later in pairwise(failed)) <= 5 * MINUTE + 1
        assert set(world.read_accounts()) == set(names)
        assert world.keeper._failures == {}
        assert messages(caplog) == [
            f"Quotas cannot be read for now: {error}",
            "Quotas can be read again.",
        ]

    def test_after_a_pause_one_reading_goes_ahead(self, world):
        together = []

        def offline(_name):
            together.append(world.running)
            return OFFLINE if world.loop.time() < HOUR else None

        world.settings = replace(world.settings, readings_per_minute=600)
        world.trouble = offline
        world.reading_takes_s = 5.0
        world.add(*(f"a{number}" for number in range(20)))
        world.play(lasting=2 * HOUR)
        assert together[0] == 2
        during = [at for at in world.times() if at < HOUR]
        assert set(together[2 : len(during)]) == {1}
        assert max(together[len(during) :]) == 2

    def test_a_site_that_is_down_is_tried_now_and_then_with_one_account(self, world, caplog):
        caplog.set_level(logging.INFO)
        over_at = 6 * HOUR
        world.trouble = lambda _name: DOWN if world.loop.time() < over_at else None
        names = [f"a{number}" for number in range(1_000)]
        world.add(*names)
        world.play(lasting=8 * HOUR)
        failed = [at for at, _, outcome in world.readings if outcome is not None]
        assert len(failed) <= 25
        assert set(world.read_accounts()) == set(names)
        assert messages(caplog).count("Quotas cannot be read for now: grok.com is down.") == 1
        assert messages(caplog).count("Quotas can be read again.") == 1

    def test_one_account_that_always_times_out_does_not_stop_the_others(self, world):
        world.trouble = lambda name: DOWN if name == "a0" else None
        world.add(*(f"a{number}" for number in range(200)), tier=Tier.SUPER)
        world.play(lasting=6 * HOUR)
        counts = [world.read_accounts().count(f"a{number}") for number in range(1, 200)]
        assert min(counts) >= 3

    def test_an_answer_about_an_account_ends_the_outage(self, world):
        world.trouble = lambda name: OFFLINE if world.loop.time() < 30 else ForbiddenError("No.")
        world.add("a")
        world.play(lasting=5 * MINUTE)
        assert not world.keeper._trouble.is_on

    def test_after_waking_up_it_is_tried_at_once(self, world):
        async def wake():
            await asyncio.sleep(HOUR)
            world.trouble = lambda _name: None
            world.keeper.wake()

        world.trouble = lambda _name: OFFLINE
        world.add("a", "b")
        world.play(wake, lasting=10)
        assert {name for at, name, _ in world.readings if at >= HOUR} == {"a", "b"}
        assert min(at for at in world.times() if at >= HOUR) == HOUR

    def test_a_click_is_tried_during_an_outage_and_does_not_prolong_it(self, world):
        async def click():
            await asyncio.sleep(11)
            until = world.keeper._trouble.until
            for _ in range(20):
                result = await world.keeper.refresh(["b"])
                assert result.failed == (("b", "There is no network."),)
                if world.loop.time() < until:
                    assert world.keeper._trouble.until == until

        world.reading_takes_s = 0.1
        world.trouble = lambda _name: OFFLINE
        world.add("a", "b")
        world.play(click)


class TestClock:
    @pytest.mark.parametrize("jump", [DAY, -DAY, 10 * YEAR, -10 * YEAR])
    def test_a_clock_that_jumps_neither_floods_nor_stops_the_readings(self, world, jump):
        async def jump_then_wait():
            await asyncio.sleep(3 * HOUR)
            world.clock.jump(jump)
            world.keeper.wake()

        names = [f"a{number}" for number in range(100)]
        world.add(*names, tier=Tier.SUPER)
        world.play(jump_then_wait, lasting=3 * HOUR)
        assert busiest_minute(world.times()) <= 30
        later = [name for at, name, _ in world.readings if at > 3 * HOUR]
        assert set(later) == set(names)
        assert len(later) <= 300


class TestSettings:
    def test_a_new_rate_is_in_force_at_once(self, world):
        async def change():
            await asyncio.sleep(10 * MINUTE)
            world.settings = replace(world.settings, readings_per_minute=120)
            world.bus.publish(SettingsChanged(frozenset({"quota.readings_per_minute"})))

        world.add(*(f"a{number}" for number in range(2_000)))
        world.play(change, lasting=2 * MINUTE)
        assert busiest_minute([at for at in world.times() if at < 10 * MINUTE]) == 30
        assert busiest_minute([at for at in world.times() if at > 10 * MINUTE]) == 120

    def test_a_shorter_interval_is_in_force_at_once(self, world):
        async def change():
            await asyncio.sleep(HOUR)
            world.bus.publish(SettingsChanged(frozenset({"ui.theme"})))
            world.settings = replace(world.settings, basic_interval_s=2 * HOUR)
            world.bus.publish(SettingsChanged(frozenset({"quota.basic_interval_s"})))

        world.add("a", age=0)
        world.play(change, lasting=1.5 * HOUR)
        assert len(world.readings) == 1


def messages(caplog):
    return [record.getMessage() for record in caplog.records if "quota" in record.name]
