"""What settings and vault say together: which password goes to which proxy, and nothing else."""

import pytest

from grokdesk.domain.errors import LocalNetworkError, VaultLockedError
from grokdesk.kernel.bus import EventBus
from grokdesk.services.egress_plan import EgressPlan
from grokdesk.services.secrets import SecretName, SecretService
from grokdesk.settings.service import SettingsService
from grokdesk.store.db import Database
from grokdesk.store.secrets import SecretStore
from grokdesk.store.vault_memory import MemoryVault
from grokdesk.upstream.web.clearance import NO_CLEARANCE
from grokdesk.upstream.web.flaresolverr import Solver
from grokdesk.upstream.web.proxies import Proxy
from grokdesk.upstream.web.statsig import PastedStatsig, no_statsig
from grokdesk.upstream.web.watchdog import Timeouts

A, B, C = ("http://joe:word-a@a:1", "http://joe:word-b@b:1", "http://joe:word-c@c:1")


@pytest.fixture
async def secrets():
    db = Database(None)
    await db.open()
    yield SecretService(MemoryVault(), SecretStore(db))
    await db.close()


@pytest.fixture
def settings(tmp_path):
    settings = SettingsService(tmp_path / "settings.toml", {}, {}, EventBus())
    settings.load()
    return settings


@pytest.fixture
def plan(settings, secrets):
    return EgressPlan(settings, secrets)


async def set_proxy(settings, plan, url, key="upstream.proxy_url"):
    await settings.update({key: await plan.keep_password(url)})


async def test_without_any_setting_the_system_is_followed(plan):
    egress = await plan.load()
    assert (egress.proxy, egress.assets_proxy) == ("system", "system")
    assert egress.clearance == NO_CLEARANCE
    assert egress.statsig is no_statsig
    assert egress.timeouts == Timeouts(10.0, 30.0, 120.0)


@pytest.mark.parametrize(
    ("proxy", "assets", "expected"),
    [
        ("none", "", (None, None)),
        ("http://p:1", "", (Proxy("http://p:1"), Proxy("http://p:1"))),
        ("http://p:1", "none", (Proxy("http://p:1"), None)),
        ("none", "system", (None, "system")),
        ("system", "socks5h://q:1", ("system", Proxy("socks5h://q:1"))),
    ],
)
async def test_pictures_take_the_same_way_unless_told_otherwise(
    settings, plan, proxy, assets, expected
):
    await settings.update({"upstream.proxy_url": proxy, "upstream.assets_proxy_url": assets})
    egress = await plan.load()
    assert (egress.proxy, egress.assets_proxy) == expected


async def test_a_password_comes_back_to_its_own_address(settings, plan):
    await set_proxy(settings, plan, A)
    await set_proxy(settings, plan, B, "upstream.assets_proxy_url")
    assert settings.current.upstream.proxy_url == "http://joe@a:1"
    egress = await plan.load()
    assert egress.proxy == Proxy("http://a:1", "joe", "word-a")
    assert egress.assets_proxy == Proxy("http://b:1", "joe", "word-b")


async def test_a_password_is_of_no_use_to_another_address_or_user(settings, plan):
    await set_proxy(settings, plan, A)
    for url in ("http://joe@b:1", "http://jim@a:1", "socks5://joe@a:1", "http://joe@a:2"):
        await settings.update({"upstream.proxy_url": url})
        proxy = (await plan.load()).proxy
        assert isinstance(proxy, Proxy)
        assert proxy.password == ""


async def test_a_crash_between_password_and_setting_leaves_the_old_proxy_working(settings, plan):
    await set_proxy(settings, plan, A)
    await plan.keep_password(B)
    assert (await plan.load()).proxy == Proxy("http://a:1", "joe", "word-a")


async def test_passwords_of_addresses_out_of_use_are_forgotten(settings, plan, secrets):
    for url in (A, B, C):
        await set_proxy(settings, plan, url)
    kept = await secrets.get(SecretName.PROXY_PASSWORDS)
    assert "word-a" not in kept
    assert "word-c" in kept


@pytest.mark.parametrize("value", ["system", "none", "", "http://p:1", "http://joe@p:1"])
async def test_what_has_no_password_is_written_as_it_is(plan, secrets, value):
    assert await plan.keep_password(value) == value
    assert await secrets.get(SecretName.PROXY_PASSWORDS) == ""


async def test_a_solver_is_described_by_the_settings(settings, plan):
    await settings.update(
        {
            "upstream.clearance": "flaresolverr",
            "upstream.flaresolverr_interval_s": 0,
            "upstream.flaresolverr_timeout_s": 30,
        }
    )
    assert (await plan.load()).clearance == Solver("http://127.0.0.1:8191", 30.0, 0.0)


async def test_what_was_pasted_counts_only_while_the_setting_says_so(settings, plan):
    user_agent = "Mozilla/5.0 (X11; Linux x86_64) Chrome/145.0.0.0 Safari/537.36"
    await plan.keep_clearance("cf_clearance=value", user_agent)
    await plan.keep_statsig("cGFzdGVk")
    egress = await plan.load()
    assert (egress.clearance, egress.statsig) == (NO_CLEARANCE, no_statsig)
    await settings.update({"upstream.clearance": "manual", "upstream.statsig": "pasted"})
    egress = await plan.load()
    assert egress.clearance.cookies == "cf_clearance=value"
    assert egress.clearance.profile.user_agent == user_agent
    assert egress.statsig == PastedStatsig("cGFzdGVk")
    await plan.forget(SecretName.CLEARANCE)
    await plan.forget(SecretName.STATSIG)
    egress = await plan.load()
    assert (egress.clearance, egress.statsig) == (NO_CLEARANCE, no_statsig)


async def test_a_secret_that_cannot_be_read_is_our_own_trouble(settings, secrets, plan):
    class Locked(MemoryVault):
        async def get(self, account_id):
            raise VaultLockedError("The keyring is locked.")

    await plan.keep_statsig("cGFzdGVk")
    await settings.update({"upstream.statsig": "pasted"})
    locked = SecretService(Locked(), secrets._store)
    with pytest.raises(LocalNetworkError, match="The keyring is locked"):
        await EgressPlan(settings, locked).load()
