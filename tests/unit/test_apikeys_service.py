"""Keys over their life: made, changed, expired, revoked."""

import asyncio

import pytest

from grokdesk.domain.errors import InvalidRequestError, KeyEndedError, UnauthorizedError
from grokdesk.domain.events import ApiKeyEnded, ApiKeysChanged, Event
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import ManualClock, SystemClock
from grokdesk.services.apikeys import ApiKeyService
from grokdesk.store.apikeys import ApiKeyStore
from grokdesk.store.db import Database
from grokdesk.store.errors import StoreError


class Rig:
    def __init__(self):
        self.clock, self.bus = ManualClock(), EventBus()
        self.events = []
        self.bus.subscribe(Event, self.events.append)
        self.database = Database(None)
        self.keys = self.service()

    def service(self):
        return ApiKeyService(ApiKeyStore(self.database), self.bus, self.clock)

    def endings(self):
        return [event.reason for event in self.events if isinstance(event, ApiKeyEnded)]


@pytest.fixture
async def rig():
    rig = Rig()
    await rig.database.open()
    yield rig
    await rig.database.close()


@pytest.fixture
def expiring(rig):
    """Watch for expiry in the background."""
    rig.clock = SystemClock()
    rig.keys = rig.service()
    tasks = []

    def watch():
        tasks.append(asyncio.get_running_loop().create_task(rig.keys.keep_expiring()))

    yield watch
    for task in tasks:
        task.cancel()


async def test_two_profiles_get_different_keys_and_both_work_at_once(rig):
    texts = [(await rig.keys.create(name))[1] for name in ("one", "two")]
    assert len(set(texts)) == 2
    assert [rig.keys.authenticate(text).name for text in texts] == ["one", "two"]


async def test_a_key_is_made_with_what_it_may_do_and_keeps_it(rig):
    made, text = await rig.keys.create("laptop", models="grok-*", requests_per_day=5)
    assert rig.keys.authenticate(text).requests_per_day == 5
    again = rig.service()
    await again.load()
    assert again.authenticate(text) == made


async def test_a_change_is_in_force_when_it_returns_and_survives(rig):
    _, text = await rig.keys.create("laptop")
    await rig.keys.configure("laptop", name="desk", requests_per_minute=9, reasoning_format="think")
    key = rig.keys.authenticate(text)
    assert (key.name, key.requests_per_minute, key.reasoning_format) == ("desk", 9, "think")
    again = rig.service()
    await again.load()
    assert again.list() == (key,)
    assert ApiKeysChanged() in rig.events


async def test_a_wish_that_cannot_be_changes_nothing(rig):
    before, _ = await rig.keys.create("laptop")
    with pytest.raises(InvalidRequestError):
        await rig.keys.configure("laptop", requests_per_minute=9, models="a b")
    assert rig.keys.list() == (before,)
    with pytest.raises(InvalidRequestError, match="requests per day"):
        await rig.keys.create("other", requests_per_day=-1)
    assert rig.keys.list() == (before,)


async def test_a_name_belongs_to_one_key(rig):
    await rig.keys.create("Laptop")
    await rig.keys.create("desk")
    for attempt in (rig.keys.create("laptop"), rig.keys.configure("desk", name="LAPTOP")):
        with pytest.raises(InvalidRequestError, match="already a key named"):
            await attempt
    await rig.keys.configure("Laptop", name="LAPTOP")


async def test_of_two_at_the_same_time_one_gets_the_name(rig):
    results = await asyncio.gather(
        *(rig.keys.create("laptop") for _ in range(5)), return_exceptions=True
    )
    assert [isinstance(result, InvalidRequestError) for result in results].count(False) == 1


async def test_a_key_is_found_by_name_id_or_the_beginning_of_its_id(rig):
    key, _ = await rig.keys.create("laptop")
    for name in ("laptop", key.id, key.id[:8]):
        assert rig.keys.find(name) == key
    for name in ("", "lap", key.id[:7], key.id + "0"):
        with pytest.raises(InvalidRequestError, match="no key named"):
            rig.keys.find(name)


async def test_a_key_that_was_switched_off_says_so_until_it_is_switched_on(rig):
    _, text = await rig.keys.create("laptop")
    await rig.keys.configure("laptop", enabled=False)
    with pytest.raises(KeyEndedError, match=r"The API key 'laptop' is switched off\."):
        rig.keys.authenticate(text)
    assert rig.endings() == ["The API key 'laptop' is switched off."]
    await rig.keys.configure("laptop", enabled=True)
    rig.keys.authenticate(text)


async def test_a_key_expires_at_its_moment_and_may_be_given_more_time(rig):
    _, text = await rig.keys.create("laptop", expires_at=rig.clock.now() + 60)
    rig.clock.advance(59.9)
    rig.keys.authenticate(text)
    rig.clock.advance(0.1)
    with pytest.raises(KeyEndedError, match=r"The API key 'laptop' has expired\."):
        rig.keys.authenticate(text)
    await rig.keys.configure("laptop", expires_at=0)
    rig.keys.authenticate(text)


async def test_a_revoked_key_is_as_unknown_as_one_that_never_was(rig):
    key, text = await rig.keys.create("laptop")
    await rig.keys.revoke("laptop")
    with pytest.raises(UnauthorizedError, match="not known") as caught:
        rig.keys.authenticate(text)
    assert type(caught.value) is UnauthorizedError
    assert rig.endings() == ["The API key 'laptop' was revoked."]
    assert rig.keys.fresh is None
    with pytest.raises(KeyEndedError):
        rig.keys.current(key)


async def test_a_change_that_comes_after_the_end_does_not_bring_a_key_back(rig):
    _, text = await rig.keys.create("laptop")
    results = await asyncio.gather(
        rig.keys.revoke("laptop"),
        rig.keys.configure("laptop", requests_per_minute=5),
        return_exceptions=True,
    )
    assert isinstance(results[1], InvalidRequestError)
    with pytest.raises(UnauthorizedError):
        rig.keys.authenticate(text)


async def test_what_cannot_be_saved_is_not_in_force(rig, tmp_path):
    key, text = await rig.keys.create("laptop")
    await rig.database.close()
    for attempt in (
        rig.keys.revoke("laptop"),
        rig.keys.configure("laptop", enabled=False),
        rig.keys.create("other"),
    ):
        with pytest.raises(StoreError):
            await attempt
    assert rig.keys.list() == (key,)
    assert rig.keys.authenticate(text) == key


async def test_an_end_does_not_wait_for_the_disk_nor_for_who_asked_for_it(rig):
    _, text = await rig.keys.create("laptop")
    task = asyncio.get_running_loop().create_task(rig.keys.revoke("laptop"))
    await asyncio.sleep(0)
    with pytest.raises(UnauthorizedError):
        rig.keys.authenticate(text)
    task.cancel()
    await asyncio.wait([task])
    assert rig.endings() == ["The API key 'laptop' was revoked."]
    again = rig.service()
    await again.load()
    assert again.list() == ()


async def test_expiry_is_announced_when_it_comes(rig, expiring):
    expiring()
    now = rig.clock.now()
    await rig.keys.create("late", expires_at=now + 600)
    await rig.keys.create("soon", expires_at=now + 0.15)
    await asyncio.sleep(0.1)
    assert rig.endings() == []
    await asyncio.sleep(0.2)
    assert rig.endings() == ["The API key 'soon' has expired."]
    await rig.keys.configure("soon", expires_at=rig.clock.now() + 0.1)
    await asyncio.sleep(0.25)
    assert rig.endings() == ["The API key 'soon' has expired."] * 2


async def test_what_expired_while_nothing_ran_is_no_news(rig, expiring):
    await rig.keys.create("soon", expires_at=rig.clock.now() + 0.05)
    await asyncio.sleep(0.1)
    rig.keys = rig.service()
    await rig.keys.load()
    expiring()
    await asyncio.sleep(0.05)
    assert rig.endings() == []


async def test_a_lent_key_works_and_is_stored_nowhere(rig):
    text = rig.keys.lend("demo")
    key = rig.keys.authenticate(text)
    assert rig.keys.current(key) is key
    assert rig.keys.list() == ()
