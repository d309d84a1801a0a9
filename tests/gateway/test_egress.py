"""The way to grok.com through the whole core: what is set counts at once and stays secret."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from grokdesk.app.core import Core, CoreOptions, running_core
from grokdesk.domain.errors import (
    ChallengedError,
    InvalidRequestError,
    LocalNetworkError,
    SettingsError,
    VaultLockedError,
)
from grokdesk.domain.events import SessionRenewed
from grokdesk.kernel.paths import Paths
from grokdesk.services.egress import Reachability
from grokdesk.simulator.flaresolverr import USER_AGENT, FakeFlareSolverr
from grokdesk.upstream.web.wire.facts import CHAT
from tests.fake_proxy import FakeProxy, fake_proxy
from tests.gateway.live_core import LiveCore, live_core

SECRET = "Canary-Passw0rd-of-the-proxy"
CLEARANCE = "CanaryClearance-of-a-browser-1786500000"
STATSIG = "Q2FuYXJ5U3RhdHNpZ09mQVJlcXVlc3Q="
CHROME = USER_AGENT.replace("Chrome/142", "Chrome/145")
TOKENS = [f"account-{number:02d}-of-the-egress-super" for number in range(20)]
REST = "/rest/app-chat/conversations/new"
SESSION = "/api/auth/session"


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[LiveCore]:
    async with live_core(tmp_path) as live:
        yield live


@pytest.fixture
async def solver(live: LiveCore) -> AsyncIterator[FakeFlareSolverr]:
    async with FakeFlareSolverr(live.simulator.script) as solver:
        yield solver


async def use_solver(live: LiveCore, solver: FakeFlareSolverr) -> None:
    await live.core.services.settings.update(
        {
            "upstream.clearance": "flaresolverr",
            "upstream.flaresolverr_url": solver.origin,
            "upstream.flaresolverr_interval_s": 0,
        }
    )


async def complete(live: LiveCore, session: aiohttp.ClientSession) -> int:
    services = live.core.services
    url = f"http://127.0.0.1:{services.gateway.snapshot().port}/v1/chat/completions"
    body = {"model": "grok-chat-fast", "messages": [{"role": "user", "content": "Hello"}]}
    headers = {"Authorization": f"Bearer {services.keys.fresh}"}
    async with session.post(url, json=body, headers=headers) as response:
        await response.read()
        return response.status


def sent(live: LiveCore, path: str) -> dict[str, str]:
    return {name.lower(): value for name, value in live.simulator.stats.headers(path)}


def settings_path(core: Core) -> Path:
    return core.services.settings._file._path


def settings_files(core: Core) -> str:
    """With every copy beside it."""
    folder = settings_path(core).parent
    return "".join(path.read_text() for path in folder.glob("settings.toml*"))


@pytest.mark.parametrize("transport", ["mgw", "rest"])
async def test_twenty_challenged_requests_to_the_gateway_cause_one_solve(
    live: LiveCore, solver: FakeFlareSolverr, http: aiohttp.ClientSession, transport: str
) -> None:
    settings = live.core.services.settings
    await settings.update({"upstream.chat_transport": transport, "pool.max_in_flight": 20})
    await live.add(*TOKENS)
    await use_solver(live, solver)
    heard: list[SessionRenewed] = []
    live.core.services.bus.subscribe(SessionRenewed, heard.append)
    live.simulator.script.clearances = {}
    solver.delay_s = 0.3
    statuses = await asyncio.gather(*(complete(live, http) for _ in range(20)))
    assert statuses == [200] * 20
    assert solver.solves == 1
    assert set(live.states().values()) == {"ready"}
    live.simulator.script.clearances = {}
    assert await complete(live, http) == 200
    assert solver.solves == 2
    assert heard == [SessionRenewed(True)] * 2


async def test_what_is_pasted_is_what_upstream_sees_from_the_next_request_on(
    live: LiveCore,
) -> None:
    await live.add(TOKENS[0])
    egress = live.core.services.egress
    live.simulator.script.clearances = {CLEARANCE: CHROME}
    with pytest.raises(ChallengedError):
        await live.ask()
    await egress.set_clearance(f"Cookie: cf_clearance={CLEARANCE}; _ga=1", CHROME)
    await live.ask()
    cookies = live.simulator.stats.cookies("/ws/mgw/")
    assert cookies["cf_clearance"] == CLEARANCE
    assert sent(live, "/ws/mgw/")["user-agent"] == CHROME
    snapshot = egress.snapshot()
    assert (snapshot.has_clearance, snapshot.user_agent) == (True, CHROME)
    await live.core.services.settings.update({"upstream.chat_transport": "rest"})
    await egress.set_statsig(f"x-statsig-id: {STATSIG}")
    await live.ask()
    assert sent(live, REST)["x-statsig-id"] == STATSIG
    assert '"145"' in sent(live, REST)["sec-ch-ua"]
    await egress.set_statsig("")
    await egress.set_clearance("", "")
    settings = live.core.services.settings.current.upstream
    assert (settings.clearance, settings.statsig) == ("none", "none")
    with pytest.raises(ChallengedError):
        await live.ask()
    assert "x-statsig-id" not in sent(live, REST)
    assert "cf_clearance" not in live.simulator.stats.cookies(REST)


async def test_a_paste_that_cannot_be_used_changes_nothing(live: LiveCore) -> None:
    egress = live.core.services.egress
    with pytest.raises(InvalidRequestError):
        await egress.set_clearance("nothing of use", CHROME)
    with pytest.raises(SettingsError):
        await egress.set_clearance(f"cf_clearance={CLEARANCE}", "Lynx")
    with pytest.raises(InvalidRequestError):
        await egress.set_statsig("two words")
    upstream = live.core.services.settings.current.upstream
    assert (upstream.clearance, upstream.statsig) == ("none", "none")


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_a_proxy_counts_at_once_and_running_calls_end_without_it(
    live: LiveCore, scheme: str
) -> None:
    await live.add(TOKENS[0])
    live.simulator.script.chunk_delay_s = 0.05
    slow = asyncio.ensure_future(live.ask())
    while not live.simulator.stats.open_chats:
        await asyncio.sleep(0.01)
    live.simulator.script.chunk_delay_s = 0.0
    async with fake_proxy(password=f"joe:{SECRET}") as proxy:
        await live.core.services.egress.set_proxy(f"{scheme}://joe:{SECRET}@{proxy.place}")
        await live.ask()
        assert proxy.targets
        assert set(proxy.credentials) == {f"joe:{SECRET}"}
        checked = await live.core.services.egress.test()
        assert (checked.result, checked.proxy) == (
            Reachability.REACHABLE,
            f"{scheme}://{proxy.place}",
        )
        assert checked.server_time is not None
        await slow
        seen = len(proxy.targets)
        await live.core.services.egress.set_proxy("none")
        await live.ask()
        assert len(proxy.targets) == seen


async def test_the_password_is_in_no_settings_file_whoever_sets_it(live: LiveCore) -> None:
    settings = live.core.services.settings
    async with fake_proxy(password=f"joe:{SECRET}") as proxy:
        url = f"http://joe:{SECRET}@{proxy.place}"
        public = f"http://joe@{proxy.place}"
        await settings.update({"upstream.proxy_url": url})
        assert settings.current.upstream.proxy_url == public
        assert SECRET not in settings_files(live.core)
        assert (await live.core.services.egress.test()).result is Reachability.REACHABLE
        await settings.update({"upstream.proxy_url": "none"})
        path = settings_path(live.core)
        path.write_text(f'[upstream]\nproxy_url = "{url}"  # typed by hand\n')
        async with asyncio.timeout(10):
            while settings.current.upstream.proxy_url != public:
                await asyncio.sleep(0.1)
        assert SECRET not in settings_files(live.core)
        assert f'proxy_url = "{public}"  # typed by hand' in path.read_text()
        assert (await live.core.services.egress.test()).result is Reachability.REACHABLE


async def test_a_password_is_never_sent_to_another_address(live: LiveCore) -> None:
    settings = live.core.services.settings
    async with fake_proxy(password="joe:x") as first, fake_proxy(password="joe:x") as second:
        await settings.update({"upstream.proxy_url": f"http://joe:{SECRET}@{first.place}"})
        await settings.update({"upstream.proxy_url": f"http://joe@{second.place}"})
        checked = await live.core.services.egress.test()
        assert checked.result is Reachability.LOCAL_TROUBLE
        assert "wants to be signed in to" in checked.sentence
        assert SECRET not in str(second.credentials)
        await settings.update({"upstream.proxy_url": f"http://joe@{first.place}"})
        await live.core.services.egress.test()
        assert first.credentials[-1] == f"joe:{SECRET}"


async def test_pictures_may_take_another_way(live: LiveCore) -> None:
    async with fake_proxy() as api, fake_proxy() as assets:
        egress = live.core.services.egress
        await egress.set_proxy(f"http://{api.place}")
        await egress.set_proxy(f"http://joe:{SECRET}@{assets.place}", assets=True)
        await egress.test()
        snapshot = egress.snapshot()
        assert (snapshot.proxy, snapshot.assets_proxy) == (
            f"http://{api.place}",
            f"http://{assets.place}",
        )
        assert SECRET not in settings_files(live.core)
        session = live.core.web.sessions.current
        assert session is not None
        url = f"{live.simulator.origin}{SESSION}"
        await session.assets.fetch("GET", url, [], timeout_s=5)
        assert assets.targets == [url]
        assert assets.credentials == [f"joe:{SECRET}"]
        await egress.set_proxy("", assets=True)
        await egress.test()
        assert egress.snapshot().assets_proxy == f"http://{api.place}"


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_a_dead_proxy_and_a_thousand_unknown_names_never_punish_an_account(
    live: LiveCore,
) -> None:
    await live.add(*TOKENS[:5])
    egress = live.core.services.egress
    await egress.set_proxy(f"http://127.0.0.1:{closed_port()}")
    for _ in range(40):
        with pytest.raises(LocalNetworkError, match="proxy could not be reached"):
            await live.ask()
    assert (await egress.test()).result is Reachability.LOCAL_TROUBLE
    await egress.set_proxy("http://no-such-proxy.invalid:3128")
    for _ in range(10):
        results = await asyncio.gather(*(live.ask() for _ in range(10)), return_exceptions=True)
        assert {type(result) for result in results} == {LocalNetworkError}
    # A proxy that knows no such name answers 502 to HTTP and "host unreachable" over SOCKS.
    async with fake_proxy(answer=4) as proxy:
        await egress.set_proxy(f"socks5h://{proxy.place}")
        for _ in range(50):
            asked = [live.ask() for _ in range(20)]
            results = await asyncio.gather(*asked, return_exceptions=True)
            assert {type(result) for result in results} == {LocalNetworkError}
        assert len(proxy.targets) >= 1000
    assert set(live.states().values()) == {"ready"}
    assert all(view.trouble is None for view in live.core.pool.views())
    await egress.set_proxy("none")
    assert (await live.ask()).attempts == 1


async def test_the_check_tells_a_challenge_and_a_refusal(live: LiveCore) -> None:
    egress = live.core.services.egress
    assert (await egress.test()).result is Reachability.REACHABLE
    live.simulator.script.clearances = {}
    checked = await egress.test()
    assert checked.result is Reachability.CHALLENGED
    assert isinstance(checked.error, ChallengedError)
    live.simulator.script.clearances = None
    live.simulator.script.patch(
        {"overrides": {SESSION: {"status": 503, "body": "{}"}}},
    )
    assert (await egress.test()).result is Reachability.UNAVAILABLE
    live.simulator.script.patch({"overrides": {SESSION: {"status": 200, "body": "[]"}}})
    assert (await egress.test()).result is Reachability.NOT_GROK
    body = '{"error":{"code":7,"message":"Request rejected by anti-bot rules.","details":[]}}'
    live.simulator.script.patch({"overrides": {SESSION: {"status": 403, "body": body}}})
    assert (await egress.test()).result is Reachability.REFUSED


async def test_the_check_solves_a_challenge_as_a_chat_would(
    live: LiveCore, solver: FakeFlareSolverr
) -> None:
    await use_solver(live, solver)
    live.simulator.script.clearances = {}
    assert (await live.core.services.egress.test()).result is Reachability.REACHABLE
    assert solver.solves == 1
    live.simulator.script.clearances = {}
    solver.failure = "error"
    checked = await live.core.services.egress.test()
    assert checked.result is Reachability.CHALLENGED


async def test_a_solver_set_while_running_is_asked_at_once(
    live: LiveCore, solver: FakeFlareSolverr
) -> None:
    live.simulator.script.clearances = {}
    await live.core.services.settings.update(
        {"upstream.clearance": "flaresolverr", "upstream.flaresolverr_url": solver.origin}
    )
    async with asyncio.timeout(5):
        while not live.core.services.egress.snapshot().has_clearance:
            await asyncio.sleep(0.02)
    assert solver.solves == 1
    assert live.core.services.egress.snapshot().user_agent == USER_AGENT


@contextlib.asynccontextmanager
async def core_at(folder: Path, origin: str, **more: str) -> AsyncIterator[Core]:
    """A core whose vault lasts, under a key file."""
    environ = {
        "GROKDESK_HOME": str(folder),
        "GROKDESK_UPSTREAM_WEB_URL": origin,
        "GROKDESK_GATEWAY_DEMO": "never",
        "GROKDESK_ACCOUNTS_VAULT": "sealed",
        "GROKDESK_MASTER_KEY_FILE": str(folder / "named.key"),
        **more,
    }
    paths = Paths.for_profile(None, environ)
    paths.ensure()
    async with running_core(CoreOptions(paths, port=0, environ=environ)) as core:
        yield core


def assert_nowhere(folder: Path, *secrets: str) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 2
    for path in files:
        data = path.read_bytes()
        for secret in secrets:
            assert secret.encode() not in data, path


async def test_all_secrets_outlast_a_restart_and_are_nowhere_in_plain_text(
    live: LiveCore, tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path_factory.mktemp("lasting")
    origin = live.simulator.origin
    caplog.set_level(logging.DEBUG)
    async with fake_proxy(password=f"joe:{SECRET}") as proxy:
        async with core_at(folder, origin) as core:
            egress = core.services.egress
            await egress.set_proxy(f"http://joe:{SECRET}@{proxy.place}")
            await egress.set_clearance(f"cf_clearance={CLEARANCE}", CHROME)
            await egress.set_statsig(STATSIG)
            assert (await egress.test()).result is Reachability.REACHABLE
            assert_nowhere(folder, SECRET, CLEARANCE, STATSIG)
        async with core_at(folder, origin) as core:
            assert (await core.services.egress.test()).result is Reachability.REACHABLE
            assert live.simulator.stats.cookies(SESSION) == {"cf_clearance": CLEARANCE}
            loaded = await core.web.sessions.opened()
            assert loaded.is_signed(CHAT)
        assert set(proxy.credentials) == {f"joe:{SECRET}"}
        await try_to_leak(folder, origin, proxy)
    assert_nowhere(folder, SECRET, CLEARANCE, STATSIG)
    for secret in (SECRET, CLEARANCE, STATSIG):
        assert secret not in caplog.text


async def try_to_leak(folder: Path, origin: str, proxy: FakeProxy) -> None:
    """Through every failure on the way."""
    proxy.password = "joe:another"
    async with core_at(folder, origin) as core:
        assert SECRET not in (await core.services.egress.test()).sentence
        proxy.closes = True
        assert SECRET not in (await core.services.egress.test()).sentence
        for info in core.services.settings.describe():
            assert SECRET not in str(info)


async def test_a_password_from_the_environment_is_used_and_stored_nowhere(
    live: LiveCore, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("environment")
    async with fake_proxy(password=f"joe:{SECRET}") as proxy:
        url = f"http://joe:{SECRET}@{proxy.place}"
        origin = live.simulator.origin
        async with core_at(folder, origin, GROKDESK_UPSTREAM_PROXY_URL=url) as core:
            checked = await core.services.egress.test()
            assert checked.result is Reachability.REACHABLE
            assert SECRET not in checked.proxy
            await core.services.settings.update({"ui.theme": "dark"})
            with pytest.raises(SettingsError, match="GROKDESK_UPSTREAM_PROXY_URL") as pinned:
                await core.services.egress.set_proxy(f"http://joe:{SECRET}2@{proxy.place}")
            assert SECRET not in str(pinned.value)
        assert_nowhere(folder, SECRET)


@pytest.mark.skipif(os.name == "nt", reason="file modes")
async def test_a_locked_vault_is_told_and_blames_no_account(
    live: LiveCore, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("locked")
    origin = live.simulator.origin
    async with core_at(folder, origin) as core:
        await core.services.egress.set_clearance(f"cf_clearance={CLEARANCE}", CHROME)
    key = folder / "named.key"
    text = key.read_bytes()
    key.write_bytes(os.urandom(32))
    key.chmod(0o600)
    async with core_at(folder, origin) as core:
        checked = await core.services.egress.test()
        assert checked.result is Reachability.LOCAL_TROUBLE
        assert "cannot be read" in checked.sentence
        with pytest.raises(VaultLockedError):
            await core.services.egress.set_proxy(f"http://joe:{SECRET}@127.0.0.1:1")
        assert core.services.settings.current.upstream.proxy_url == "system"
    key.write_bytes(text)
    key.chmod(0o600)
    async with core_at(folder, origin) as core:
        assert (await core.services.egress.test()).result is Reachability.REACHABLE
