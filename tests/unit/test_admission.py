"""What a name means, for whom, and whether the request may run."""

import time

import pytest

from grokdesk.domain.account import Tier
from grokdesk.domain.catalog import ModelCatalog, ModelKind, ModelSpec
from grokdesk.domain.errors import (
    GatewayPausedError,
    InvalidRequestError,
    KeyEndedError,
    KeyLimitError,
    ModelNotAllowedError,
    UnknownModelError,
)
from grokdesk.domain.quota import Mode
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import ManualClock
from grokdesk.services.admission import AdmissionService
from grokdesk.services.apikeys import ApiKeyService
from grokdesk.services.gateway import GatewayService, GatewayState
from grokdesk.services.key_limits import KeyLimits
from grokdesk.settings.serving import ModelsSettings
from grokdesk.store.apikeys import ApiKeyStore
from grokdesk.store.db import Database
from grokdesk.store.limit_journal import LimitJournals


def spec(id, *aliases, kind=ModelKind.CHAT):
    return ModelSpec(id, kind, Mode.FAST, Tier.BASIC, id, 1, 1000, 100, aliases=aliases)


CATALOG = ModelCatalog(
    (
        spec("grok-chat-fast", "grok-3"),
        spec("grok-chat-expert", "grok-4"),
        spec("grok-draw", kind=ModelKind.IMAGE),
    )
)


class Rig:
    def __init__(self):
        self.clock, bus = ManualClock(), EventBus()
        self.settings = ModelsSettings()
        self.database = Database(None)
        self.gateway = GatewayService(bus)
        self.gateway.change(state=GatewayState.RUNNING)
        self.keys = ApiKeyService(ApiKeyStore(self.database), bus, self.clock)
        limits = KeyLimits(self.keys, LimitJournals(None), bus, self.clock)
        self.admission = AdmissionService(
            CATALOG, self.gateway, self.keys, limits, lambda: self.settings
        )

    async def key(self, **wishes):
        return (await self.keys.create("laptop", **wishes))[0]

    def meaning(self, key, name):
        return self.admission.model(key, name).id

    def names(self, key, kind=ModelKind.CHAT):
        return [model.id for model in self.admission.models(key, kind)]


@pytest.fixture
async def rig():
    rig = Rig()
    await rig.database.open()
    yield rig
    await rig.database.close()


async def test_a_name_means_what_the_key_says_then_the_catalog_then_the_settings(rig):
    rig.settings = ModelsSettings(aliases="gpt-*=grok-chat-fast, grok-4=grok-chat-fast")
    key = await rig.key(aliases="gpt-4o=grok-chat-expert, grok-3=grok-chat-expert")
    assert rig.meaning(None, "gpt-4o") == "grok-chat-fast"
    assert rig.meaning(key, "gpt-4o") == "grok-chat-expert"
    assert rig.meaning(key, "gpt-5") == "grok-chat-fast"
    assert rig.meaning(None, "grok-4") == "grok-chat-expert", "no setting hides a real model"
    assert rig.meaning(key, "grok-3") == "grok-chat-expert", "but a key may"


@pytest.mark.parametrize("name", ["GPT-4o", " gpt-4o ", "openai/gpt-4o"])
async def test_aliases_are_as_forgiving_as_the_names_of_models(rig, name):
    rig.settings = ModelsSettings(aliases="gpt-*=grok-4")
    assert rig.meaning(None, name) == "grok-chat-expert"


async def test_a_changed_setting_counts_from_the_next_name_on(rig):
    rig.settings = ModelsSettings(aliases="gpt-*=grok-chat-fast")
    assert rig.meaning(None, "gpt-4o") == "grok-chat-fast"
    rig.settings = ModelsSettings(aliases="gpt-*=grok-chat-expert")
    assert rig.meaning(None, "gpt-4o") == "grok-chat-expert"
    rig.settings = ModelsSettings()
    with pytest.raises(UnknownModelError):
        rig.meaning(None, "gpt-4o")


@pytest.mark.parametrize("name", ["gpt-4o", "claude-sonnet-4-5", "openai/o3-mini", "GEMINI-3"])
async def test_a_name_of_another_maker_is_told_where_to_map_it(rig, name):
    with pytest.raises(UnknownModelError, match="Settings > Models > aliases") as caught:
        rig.meaning(None, name)
    assert caught.value.suggestion is None


async def test_a_slip_of_the_pen_gets_the_nearest_name(rig):
    with pytest.raises(UnknownModelError, match="Did you mean 'grok-chat-fast'"):
        rig.meaning(None, "grok-chat-fasst")


async def test_a_name_that_leads_nowhere_is_an_error_that_says_where_to_mend_it(rig):
    rig.settings = ModelsSettings(aliases="gpt-*=grok-99")
    with pytest.raises(UnknownModelError) as caught:
        rig.meaning(None, "gpt-4o")
    assert str(caught.value) == (
        "The model 'gpt-4o' stands for 'grok-99', which does not exist. "
        "Correct it under Settings > Models > aliases."
    )
    key = await rig.key(aliases="o3=grok-98")
    with pytest.raises(UnknownModelError, match="in the aliases of the API key 'laptop'"):
        rig.meaning(key, "o3")


async def test_an_alias_of_an_alias_is_not_followed(rig):
    rig.settings = ModelsSettings(aliases="a=b, b=grok-chat-fast")
    with pytest.raises(UnknownModelError, match="stands for 'b'"):
        rig.meaning(None, "a")


@pytest.mark.parametrize("name", ["grok-chat-expert", "grok-4", "XAI/Grok-4", "gpt-4o"])
async def test_a_model_that_is_not_allowed_is_refused_under_each_of_its_names(rig, name):
    rig.settings = ModelsSettings(aliases="gpt-*=grok-chat-expert")
    key = await rig.key(models="grok-chat-fast, grok-draw*")
    with pytest.raises(ModelNotAllowedError) as caught:
        rig.meaning(key, name)
    assert str(caught.value) == (
        "The API key 'laptop' may not use the model 'grok-chat-expert', "
        "only: grok-chat-fast, grok-draw*."
    )
    assert rig.meaning(key, "grok-3") == "grok-chat-fast"


async def test_an_unknown_model_is_unknown_to_a_restricted_key_too(rig):
    key = await rig.key(models="grok-chat-fast")
    with pytest.raises(UnknownModelError):
        rig.meaning(key, "nonsense")


async def test_a_list_shows_what_the_key_may_use(rig):
    key = await rig.key(models="*-fast, grok-draw")
    assert rig.names(None) == ["grok-chat-fast", "grok-chat-expert"]
    assert rig.names(key) == ["grok-chat-fast"]
    assert rig.names(key, ModelKind.IMAGE) == ["grok-draw"]


async def test_aliases_are_listed_only_where_wanted_and_only_where_they_are_names(rig):
    aliases = "gpt-4o=grok-chat-expert, gpt-*=grok-chat-fast, paint=grok-draw, dead=grok-99"
    rig.settings = ModelsSettings(aliases=aliases)
    key = await rig.key(models="grok-chat-fast", aliases="claude-sonnet=grok-3, grok-3=grok-3")
    assert rig.names(None) == ["grok-chat-fast", "grok-chat-expert"]
    rig.settings = ModelsSettings(aliases=aliases, list_aliases=True)
    assert rig.names(None) == ["grok-chat-fast", "grok-chat-expert", "gpt-4o"]
    assert rig.names(key) == ["grok-chat-fast", "claude-sonnet", "grok-3"]
    assert rig.names(None, ModelKind.IMAGE) == ["grok-draw", "paint"]


async def test_a_request_counts_while_it_runs(rig):
    key = await rig.key(max_concurrent=1)
    with rig.admission.admit(key, "grok-4") as admission:
        assert admission.model.id == "grok-chat-expert"
        assert rig.gateway.snapshot().running_requests == 1
        with pytest.raises(KeyLimitError), rig.admission.admit(key, "grok-4"):
            pass
        assert rig.gateway.snapshot().running_requests == 1
    assert rig.gateway.snapshot().running_requests == 0
    with pytest.raises(ZeroDivisionError), rig.admission.admit(key, "grok-4"):
        _ = 1 / 0
    with rig.admission.admit(key, "grok-4"):
        pass


async def test_what_never_runs_does_not_count(rig):
    key = await rig.key(requests_per_minute=1, models="grok-chat-fast, grok-draw")
    rig.admission.admit(key, "grok-3")
    for name, error in (
        ("grok-4", ModelNotAllowedError),
        ("gpt-4", UnknownModelError),
        ("grok-draw", InvalidRequestError),
    ):
        with pytest.raises(error):
            rig.admission.admit(key, name)
    rig.gateway.pause()
    with pytest.raises(GatewayPausedError):
        rig.admission.admit(key, "grok-3")
    rig.gateway.resume()
    with rig.admission.admit(key, "grok-3"):
        pass
    with pytest.raises(KeyLimitError), rig.admission.admit(key, "grok-3"):
        pass


async def test_a_key_is_taken_as_it_is_by_now_not_as_it_was_when_it_was_presented(rig):
    presented = await rig.key()
    await rig.keys.configure("laptop", models="grok-chat-fast")
    with pytest.raises(ModelNotAllowedError):
        rig.admission.admit(presented, "grok-4")
    await rig.keys.configure("laptop", models="", enabled=False)
    with pytest.raises(KeyEndedError, match="is switched off"):
        rig.admission.admit(presented, "grok-4")
    await rig.keys.configure("laptop", enabled=True, expires_at=rig.clock.now() + 10)
    rig.clock.advance(10)
    with pytest.raises(KeyEndedError, match="has expired"):
        rig.admission.admit(presented, "grok-4")
    await rig.keys.revoke("laptop")
    with pytest.raises(KeyEndedError, match="was revoked"):
        rig.admission.admit(presented, "grok-4")


@pytest.mark.alone
async def test_ten_thousand_names_a_second_are_no_burden(rig):
    rig.settings = ModelsSettings(aliases=", ".join(f"m{n}-*-x=grok-4" for n in range(50)))
    key = await rig.key(models="grok-chat-*", aliases=", ".join(f"k{n}=grok-4" for n in range(50)))
    started = time.perf_counter()
    for number in range(5_000):
        assert rig.admission.model(key, f"m49-{number}-x").id == "grok-chat-expert"
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    "name", ["", "a\r\nSet-Cookie: x", "\x1b[31m", "\u202egrok", "\ud800", "x" * 100_000]
)
async def test_no_name_can_do_harm(rig, name):
    rig.settings = ModelsSettings(aliases="*-x=grok-4")
    with pytest.raises(UnknownModelError) as caught:
        rig.meaning(await rig.key(aliases="k=grok-4"), name)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400
