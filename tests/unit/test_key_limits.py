"""How often a key may be used: over any minute, any day, at once, and across restarts."""

import contextlib
import random

import pytest

from grokdesk.domain.errors import KeyLimitError
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import ManualClock
from grokdesk.services.apikeys import ApiKeyService
from grokdesk.services.key_limits import KeyLimits, duration
from grokdesk.store.apikeys import ApiKeyStore
from grokdesk.store.db import Database
from grokdesk.store.limit_journal import DAY_S, MINUTE_S, LimitJournals


class Rig:
    """Keys and their limits over real files; `restart` is a new process after a crash."""

    def __init__(self, folder):
        self.folder = folder
        self.clock = ManualClock()
        self.database = Database(folder / "grokdesk.db")

    async def start(self, *, at=None):
        if at is not None:
            self.clock = ManualClock(at)
        bus = EventBus()
        self.keys = ApiKeyService(ApiKeyStore(self.database), bus, self.clock)
        await self.keys.load()
        journals = LimitJournals(self.database.path)
        self.limits = KeyLimits(self.keys, journals, bus, self.clock)
        await self.limits.load()

    async def restart(self, *, after=0.0, clock_off_by=0.0):
        """`after` seconds; meanwhile the clock may have been set."""
        await self.start(at=self.clock.now() + after + clock_off_by)

    async def key(self, name="laptop", **wishes):
        key, _ = await self.keys.create(name, **wishes)
        return key

    def ask(self, key, times=1):
        """How many of so many requests are accepted; each ends at once."""
        accepted = 0
        for _ in range(times):
            with contextlib.suppress(KeyLimitError):
                self.limits.take(key)
                self.limits.give_back(key)
                accepted += 1
        return accepted

    def refusal(self, key):
        with pytest.raises(KeyLimitError) as caught:
            self.limits.take(key)
        return caught.value


@pytest.fixture
async def rig(tmp_path):
    rig = Rig(tmp_path)
    await rig.database.open()
    await rig.start()
    yield rig
    await rig.database.close()


async def test_as_many_as_the_limit_are_accepted_in_any_minute(rig):
    key = await rig.key(requests_per_minute=100)
    assert rig.ask(key, 60) == 60
    rig.clock.advance(30)
    assert rig.ask(key, 200) == 40
    rig.clock.advance(29.9)
    assert rig.ask(key, 10) == 0
    rig.clock.advance(0.1)
    assert rig.ask(key, 200) == 60, "the first 60 are a minute ago"
    rig.clock.advance(30)
    assert rig.ask(key, 200) == 40


async def test_as_many_as_the_limit_are_accepted_in_any_day(rig):
    key = await rig.key(requests_per_day=10)
    assert rig.ask(key, 4) == 4
    rig.clock.advance(DAY_S / 2)
    assert rig.ask(key, 10) == 6
    rig.clock.advance(DAY_S / 2)
    assert rig.ask(key, 10) == 4


async def test_what_is_refused_does_not_count(rig):
    key = await rig.key(requests_per_minute=2)
    rig.ask(key, 2)
    for _ in range(60):
        rig.clock.advance(0.999)
        assert rig.ask(key) == 0
    rig.clock.advance(0.1)
    assert rig.ask(key, 5) == 2


async def test_a_refusal_says_which_limit_and_when_to_come_back(rig):
    key = await rig.key(requests_per_minute=2, requests_per_day=3)
    rig.ask(key)
    rig.clock.advance(20.5)
    rig.ask(key)
    error = rig.refusal(key)
    assert str(error) == (
        "The API key 'laptop' is limited to 2 requests per minute; it is free again in 40s."
    )
    assert error.retry_after == 40
    rig.clock.advance(error.retry_after)
    assert rig.ask(key, 2) == 1
    error = rig.refusal(key)
    assert "3 requests per day" in str(error)
    assert error.retry_after == DAY_S - 60
    rig.clock.advance(error.retry_after - 1)
    assert rig.ask(key) == 0
    rig.clock.advance(1)
    assert rig.ask(key, 3) == 1


async def test_the_time_to_come_back_is_right_after_the_limit_was_lowered(rig):
    key = await rig.key(requests_per_minute=10)
    for _ in range(10):
        rig.ask(key)
        rig.clock.advance(1)
    lowered = await rig.keys.configure(key.id, requests_per_minute=3)
    error = rig.refusal(lowered)
    assert error.retry_after == 57, "seven of the ten must have gone, which came in seconds 0 to 7"
    rig.clock.advance(57)
    assert rig.ask(lowered, 5) == 1


async def test_a_changed_limit_is_in_force_at_once_and_knows_what_was_used(rig):
    key = await rig.key(requests_per_minute=5)
    assert rig.ask(key, 10) == 5
    key = await rig.keys.configure(key.id, requests_per_minute=8)
    assert rig.ask(key, 10) == 3
    key = await rig.keys.configure(key.id, requests_per_minute=0)
    assert not key.has_limits


async def test_so_many_run_at_once_and_no_more(rig):
    key = await rig.key(max_concurrent=3)
    for _ in range(3):
        rig.limits.take(key)
    error = rig.refusal(key)
    assert str(error) == "The API key 'laptop' may run 3 requests at once."
    assert error.retry_after == 1
    rig.limits.give_back(key)
    rig.limits.take(key)
    rig.refusal(key)


async def test_what_is_refused_for_one_limit_counts_for_no_other(rig):
    key = await rig.key(max_concurrent=1, requests_per_minute=2)
    rig.limits.take(key)
    for _ in range(5):
        rig.refusal(key)
    rig.limits.give_back(key)
    assert rig.ask(key, 5) == 1


async def test_each_key_has_limits_of_its_own(rig):
    one, other = [await rig.key(name, requests_per_minute=3) for name in ("one", "other")]
    assert (rig.ask(one, 5), rig.ask(other, 5)) == (3, 3)


@pytest.mark.parametrize("limit", ["requests_per_minute", "requests_per_day"])
async def test_a_restart_forgets_nothing(rig, limit):
    key = await rig.key(**{limit: 100})
    assert rig.ask(key, 70) == 70
    await rig.restart(after=5)
    assert rig.ask(key, 200) == 30
    await rig.restart(after=5)
    assert rig.ask(key, 200) == 0
    span = MINUTE_S if limit == "requests_per_minute" else DAY_S
    await rig.restart(after=span - 10)
    assert rig.ask(key, 200) == 70
    await rig.restart(after=span)
    assert rig.ask(key, 200) == 100


async def test_a_key_with_both_limits_keeps_both_across_a_restart(rig):
    key = await rig.key(requests_per_minute=5, requests_per_day=8)
    assert rig.ask(key, 9) == 5
    await rig.restart(after=30)
    assert "per minute" in str(rig.refusal(key))
    await rig.restart(after=30)
    assert rig.ask(key, 9) == 3
    assert "per day" in str(rig.refusal(key))


async def test_uses_of_a_revoked_key_are_not_taken_over(rig):
    key = await rig.key(requests_per_minute=5)
    await rig.key("other", requests_per_minute=5)
    rig.ask(key, 5)
    await rig.keys.revoke(key.id)
    await rig.restart()
    assert len(rig.limits._counts) == 0


async def test_a_clock_set_back_frees_nothing_and_holds_nothing_up(rig):
    key = await rig.key(requests_per_minute=5)
    rig.ask(key, 5)
    rig.clock.jump(-7200)
    assert rig.ask(key) == 0
    rig.clock.advance(60)
    assert rig.ask(key, 9) == 5


async def test_a_clock_set_back_is_known_after_a_restart(rig):
    key = await rig.key(requests_per_day=5)
    rig.ask(key, 3)
    rig.clock.jump(-7200)
    rig.clock.advance(1)
    rig.ask(key, 2)
    await rig.restart(after=DAY_S - 2)
    assert rig.ask(key, 9) == 0
    await rig.restart(after=1)
    assert rig.ask(key, 9) == 3, "the first three were used a day and two seconds ago"


async def test_a_clock_set_back_while_nothing_runs_holds_up_for_one_window_at_most(rig):
    key = await rig.key(requests_per_minute=5)
    rig.ask(key, 5)
    await rig.restart(after=10, clock_off_by=-86_400 * 400)
    assert rig.ask(key) == 0
    rig.clock.advance(60)
    assert rig.ask(key, 9) == 5


async def test_time_that_the_machine_slept_counts(rig):
    """The monotonic clock stands still then; the wall clock does not."""
    key = await rig.key(requests_per_minute=5)
    rig.ask(key, 5)
    rig.clock.jump(61)
    assert rig.ask(key, 9) == 5


async def test_what_is_left_is_told_of_the_tighter_window(rig):
    key = await rig.key(requests_per_minute=10, requests_per_day=12)
    allowance = rig.limits.allowance(key)
    assert (allowance.limit, allowance.remaining, allowance.reset_s) == (10, 10, 0)
    rig.ask(key, 4)
    rig.clock.advance(15)
    allowance = rig.limits.allowance(key)
    assert (allowance.limit, allowance.remaining, allowance.reset_s) == (10, 6, 45)
    rig.clock.advance(60)
    rig.ask(key, 6)
    allowance = rig.limits.allowance(key)
    assert (allowance.limit, allowance.remaining, allowance.reset_s) == (12, 2, DAY_S)


async def test_memory_is_bounded_by_the_limits(rig):
    key = await rig.key(requests_per_minute=50, requests_per_day=200)
    for _ in range(100):
        rig.ask(key, 100)
        rig.clock.advance(1_800)
    counts = rig.limits._counts[key.id]
    assert len(counts._minute._uses) <= 50
    assert len(counts._day._uses) <= 200


async def test_a_key_without_limits_any_more_is_forgotten(rig):
    key = await rig.key(requests_per_minute=50)
    rig.ask(key, 50)
    await rig.keys.configure(key.id, requests_per_minute=0)
    assert rig.limits._counts == {}
    key = await rig.keys.configure(key.id, requests_per_minute=50, max_concurrent=1)
    rig.limits.take(key)
    await rig.keys.configure(key.id, requests_per_minute=0, max_concurrent=0)
    rig.limits.give_back(key)
    key = await rig.keys.configure(key.id, max_concurrent=1)
    rig.limits.take(key)


@pytest.mark.parametrize("seed", range(12))
async def test_it_agrees_with_a_plain_model_on_random_days(rig, seed):
    """Requests, pauses, sleep, clocks set back and crashes in any order."""
    rng = random.Random(seed)
    per_minute, per_day = rng.randint(1, 20), rng.randint(20, 200)
    key = await rig.key(requests_per_minute=per_minute, requests_per_day=per_day)
    passed, used = 0.0, []
    for _ in range(3_000):
        step = rng.random()
        if step < 0.8:
            allowed = (
                sum(at > passed - MINUTE_S for at in used) < per_minute
                and sum(at > passed - DAY_S for at in used) < per_day
            )
            assert rig.ask(key) == allowed, passed
            if allowed:
                used.append(passed)
        elif step < 0.97:
            seconds = rng.choice((0.5, 7.0, 61.0, 4_000.0)) * rng.uniform(0.9, 1.1)
            rig.clock.advance(seconds)
            passed += seconds
        elif step < 0.99:
            seconds = rng.choice((5.0, 7_200.0, -5.0, -3_600.0))
            rig.clock.jump(seconds)
            rig.limits.allowance(key)  # somebody must look before the next change
            passed += max(seconds, 0.0)
        else:
            seconds = rng.choice((0.0, 30.0))
            await rig.restart(after=seconds)
            passed += seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.2, "1s"),
        (12, "12s"),
        (60, "1m0s"),
        (125.5, "2m6s"),
        (3_600, "1h0m0s"),
        (86_398, "23h59m58s"),
    ],
)
def test_durations_are_told_as_openai_tells_them(seconds, text):
    assert duration(seconds) == text
