"""The check-up over real storage and services; only grok.com and the network are played."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grokdesk.domain.account import Account, AccountState, Evidence, Tier, Token
from grokdesk.domain.errors import (
    AccountBlockedError,
    ChallengedError,
    CircuitOpenError,
    GrokdeskError,
    LocalNetworkError,
    RateLimitedError,
    TokenRejectedError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
    VaultLockedError,
)
from grokdesk.domain.probe import ProbeReading, QuotaReading
from grokdesk.domain.quota import Mode, QuotaWindow
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.tasks import TaskSupervisor
from grokdesk.pool.pool import AccountPool
from grokdesk.services import checks_accounts, checks_computer, checks_upstream
from grokdesk.services.accounts import AccountService
from grokdesk.services.apikeys import ApiKeyService
from grokdesk.services.checking import CheckResult, Status
from grokdesk.services.checks_accounts import duration
from grokdesk.services.checks_computer import Computer
from grokdesk.services.checks_upstream import Outside, Reach
from grokdesk.services.diagnostics import DiagnosticsService
from grokdesk.services.gateway import GatewayService, GatewayState
from grokdesk.services.health import UpstreamHealth
from grokdesk.services.tokens import TokenKeeper
from grokdesk.settings.service import SettingsService
from grokdesk.store.accounts import AccountStore
from grokdesk.store.apikeys import ApiKeyStore
from grokdesk.store.db import Database
from grokdesk.store.vault_memory import MemoryVault

NOW = 1_800_000_000.0
SECRET = "canary-of-a-token-that-nobody-may-see"


class EvenClock:
    """Starts at NOW and runs as time does; `drift` is how wrong it is."""

    def __init__(self) -> None:
        self.drift = 0.0
        self._started = time.monotonic()

    def now(self) -> float:
        return NOW + self.monotonic() - self._started + self.drift

    def monotonic(self) -> float:
        return time.monotonic()


class Grok:
    """What grok.com says about each account, by the account's id."""

    def __init__(self) -> None:
        self.errors: dict[str, Exception] = {}
        self.asked: list[str] = []

    async def probe(self, account: Account, _token: Token) -> ProbeReading:
        self.asked.append(account.id)
        await asyncio.sleep(0)
        if (error := self.errors.get(account.id)) is not None:
            raise error
        window = QuotaWindow(Mode.FAST, 30, 28, 7200.0)
        return ProbeReading("u", "", Tier.SUPER, (window,))

    async def quota(self, _account: Account, _token: Token) -> QuotaReading:
        raise AssertionError("nobody asks for this here")

    async def chat(self, *_: object) -> None:
        raise AssertionError("a check-up spends no request")

    async def renew_session(self, _after: UpstreamError) -> bool:
        return False

    def wake(self) -> None: ...


@dataclass
class Rig:
    folder: Path
    clock: EvenClock = field(default_factory=EvenClock)
    grok: Grok = field(default_factory=Grok)
    reach: Reach = field(default_factory=Reach)
    reached: int = 0
    online: bool = True
    holder: str | None = None
    health_answer: bool | None = True
    vault_kind: Callable[[], Awaitable[str]] | None = None
    web_url: str = "http://127.0.0.1:1"

    async def open(self) -> None:
        bus, tasks = EventBus(), TaskSupervisor()
        self.settings = SettingsService(self.folder / "settings.toml", {}, {}, bus)
        self.settings.load()
        self.database = Database(self.folder / "grokdesk.db")
        await self.database.open()
        self.pool = AccountPool(self.clock)
        self.vault = MemoryVault()
        self.accounts = AccountService(
            AccountStore(self.database),
            self.pool,
            TokenKeeper(self.vault),
            self.grok,  # type: ignore[arg-type]
            bus,
            tasks,
            self.clock,
        )
        self.keys = ApiKeyService(ApiKeyStore(self.database), bus, self.clock)
        self.gateway = GatewayService(bus)
        self.computer = Computer(
            settings=self.settings,
            database=self.database,
            data_dir=self.folder,
            accounts=self.accounts,
            keys=self.keys,
            gateway=self.gateway,
            clock=self.clock,
            vault=self.vault,
            vault_kind=self._vault_kind,
            file_notices=(),
            find_port_holder=lambda _port: self.holder,
            ask_health=self._ask_health,
        )
        self.outside = Outside(
            web_url=lambda: self.web_url,
            reach=self._reach,
            is_online=lambda: self.online,
            health=UpstreamHealth(self.pool, bus),
            clock=self.clock,
        )

    @property
    def service(self) -> DiagnosticsService:
        return DiagnosticsService(self.computer, self.outside)

    async def check_up(self, *, probe: bool = False) -> dict[str, CheckResult]:
        self.checkup = await self.service.check_up(probe=probe)
        return {result.id: result for result in self.checkup.results}

    async def add(self, id: str, **changes: Any) -> Account:
        token = Token(f"{SECRET}-{id}")
        values = {"label": id, "fingerprint": token.fingerprint, "token_hint": token.hint}
        account = Account(id, **(values | changes))
        await self.vault.put(id, token)
        await self.accounts.add(account)
        return account

    async def _vault_kind(self) -> str:
        return await self.vault_kind() if self.vault_kind else "sealed"

    async def _ask_health(self, _host: str, _port: int) -> bool | None:
        return self.health_answer

    async def _reach(self) -> Reach:
        self.reached += 1
        await asyncio.sleep(0)
        return self.reach


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    rig = Rig(tmp_path)
    await rig.open()
    yield rig
    if rig.database.is_open:
        await rig.database.close()


def sound(rig: Rig, seconds: float = 0.0) -> Reach:
    """grok.com answers and its clock is `seconds` behind ours."""
    return Reach(server_time=NOW - seconds)


async def test_a_sound_computer_passes_every_check(rig: Rig) -> None:
    rig.reach = sound(rig)
    rig.gateway.change(state=GatewayState.RUNNING, port=18_787)
    await rig.keys.create("default")
    await rig.add("a", tier=Tier.SUPER)
    checks = await rig.check_up()
    assert {id: check.status for id, check in checks.items()} == dict.fromkeys(
        (
            "version",
            "settings",
            "vault",
            "database",
            "port",
            "keys",
            "network",
            "clock",
            "upstream",
            "accounts",
            "account:a",
        ),
        Status.OK,
    )
    assert list(checks) == [result.id for result in rig.checkup.results]
    assert rig.checkup.status is Status.OK
    assert not any(check.action for check in checks.values())
    assert rig.grok.asked == [], "accounts are asked only if they are to be probed"


async def test_no_check_shows_a_token(rig: Rig) -> None:
    await rig.add("a", label="work")
    rig.grok.errors["a"] = TokenRejectedError("Dead.", status=401, excerpt=f"sso={SECRET}")
    rig.reach = Reach(LocalNetworkError(f"Failed at http://ann:{SECRET}@127.0.0.1:9."))
    checks = await rig.check_up(probe=True)
    assert SECRET not in repr(checks)
    assert checks["account:a"].status is Status.FAIL


async def test_settings_that_could_not_be_used_are_told(rig: Rig) -> None:
    notice = "In settings.toml gateway.port is not a number."
    rig.computer = replace(rig.computer, file_notices=(notice,))
    found = (await rig.check_up())["settings"]
    assert (found.status, found.sentence) == (Status.WARN, notice)


async def test_settings_that_wait_for_a_restart_are_told(rig: Rig) -> None:
    await rig.settings.update({"accounts.vault": "sealed"})
    found = (await rig.check_up())["settings"]
    assert found.status is Status.WARN
    assert "accounts.vault" in found.sentence


async def test_without_an_account_the_keyring_is_left_alone(rig: Rig) -> None:
    async def untouchable() -> str:
        raise AssertionError("the keyring was opened")

    rig.vault_kind = untouchable
    assert (await rig.check_up())["vault"].status is Status.SKIPPED


async def test_a_locked_vault_is_told_with_what_to_do(rig: Rig) -> None:
    async def locked() -> str:
        raise VaultLockedError("The OS keyring is locked; unlock it and try again.")

    rig.vault_kind = locked
    await rig.add("a")
    found = (await rig.check_up())["vault"]
    assert found.status is Status.FAIL
    assert "locked" in found.sentence
    assert "keyring" in found.action


async def test_a_token_that_is_gone_is_told(rig: Rig) -> None:
    await rig.add("a", label="work")
    await rig.add("b")
    await rig.vault.delete("a")
    found = (await rig.check_up())["vault"]
    assert found.status is Status.FAIL
    assert "work" in found.sentence
    assert "Import it again" in found.action


async def test_tokens_in_memory_are_a_warning(rig: Rig) -> None:
    async def memory() -> str:
        return "memory"

    rig.vault_kind = memory
    await rig.add("a")
    assert (await rig.check_up())["vault"].status is Status.WARN


async def test_a_damaged_database_is_found_while_it_is_in_use(rig: Rig) -> None:
    await rig.add("a")
    await rig.database.close()
    path = rig.folder / "grokdesk.db"
    data = bytearray(path.read_bytes())
    for page in range(2, len(data) // 4096):
        data[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(data)
    rig.database.saving = True
    found = (await rig.check_up())["database"]
    assert found.status is Status.FAIL
    assert "damaged" in found.sentence
    assert "Restart" in found.action


async def test_a_database_that_cannot_save_says_why(rig: Rig) -> None:
    rig.database.trouble = "The disk is full, so nothing can be saved."
    found = (await rig.check_up())["database"]
    assert (found.status, found.sentence) == (Status.FAIL, rig.database.trouble)


@pytest.mark.parametrize(
    ("free_mb", "status"), [(10, Status.FAIL), (200, Status.WARN), (5000, Status.OK)]
)
async def test_a_disk_that_fills_up_is_told_in_time(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, free_mb: int, status: Status
) -> None:
    usage = SimpleNamespace(free=free_mb * 1_000_000)
    monkeypatch.setattr(checks_computer.shutil, "disk_usage", lambda _folder: usage)
    found = (await rig.check_up())["database"]
    assert found.status is status
    assert found.details["free_mb"] == free_mb


async def test_what_was_found_at_the_start_is_told(rig: Rig) -> None:
    rig.database.notice = "The database was damaged; 99 % of it was saved."
    found = (await rig.check_up())["database"]
    assert (found.status, found.sentence) == (Status.WARN, rig.database.notice)


async def test_a_large_database_is_read_only_as_long_as_there_is_time(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks_computer, "_READ_FOR_S", -1.0)
    for number in range(300):
        await rig.add(f"account-{number}", note="a long note " * 100)
    found = (await rig.check_up())["database"]
    assert found.status is Status.OK
    assert "too large to be read whole" in found.sentence


async def test_a_database_that_cannot_be_read_at_all_is_told(rig: Rig) -> None:
    (rig.folder / "grokdesk.db").rename(rig.folder / "gone.db")
    found = (await rig.check_up())["database"]
    assert found.status is Status.FAIL
    assert "cannot be opened" in found.sentence


async def test_a_demo_has_no_database_to_look_at(rig: Rig) -> None:
    memory = Database(None)
    await memory.open()
    rig.computer = replace(rig.computer, database=memory)
    assert (await rig.check_up())["database"].status is Status.SKIPPED
    await memory.close()


async def test_examining_the_database_leaves_its_writer_alone(rig: Rig) -> None:
    await rig.add("a")
    assert (await rig.check_up())["database"].status is Status.OK
    await rig.add("b")
    with sqlite3.connect(rig.folder / "grokdesk.db") as reader:
        assert reader.execute("SELECT count(*) FROM account").fetchone()[0] == 2
    reader.close()


GATEWAYS: list[tuple[dict[str, Any], bool | None, str | None, Status, str]] = [
    ({"state": GatewayState.RUNNING, "port": 5}, True, None, Status.OK, "127.0.0.1:5/v1 answers"),
    ({"state": GatewayState.RUNNING, "port": 5}, None, None, Status.FAIL, "does not answer"),
    ({"state": GatewayState.PAUSED, "port": 5}, True, None, Status.WARN, "paused"),
    ({"state": GatewayState.FAILED, "error": "Port 5 is taken."}, None, None, Status.FAIL, "taken"),
    ({}, None, None, Status.OK, "port 18787 is free"),
    ({}, False, "nginx (77)", Status.FAIL, "used by nginx (77)"),
    ({}, False, None, Status.FAIL, "another program"),
    ({}, True, "grokdesk (78)", Status.WARN, "Another Grokdesk"),
]


@pytest.mark.parametrize(("gateway", "answers", "holder", "status", "words"), GATEWAYS)
async def test_the_port_is_looked_at_from_outside(
    rig: Rig,
    gateway: dict[str, Any],
    answers: bool | None,
    holder: str | None,
    status: Status,
    words: str,
) -> None:
    rig.gateway.change(**gateway)
    rig.health_answer, rig.holder = answers, holder
    found = (await rig.check_up())["port"]
    assert found.status is status
    assert words in found.sentence
    assert bool(found.action) is (status is not Status.OK)


async def test_any_port_is_always_free(rig: Rig) -> None:
    await rig.settings.update({"gateway.port": 0})
    assert (await rig.check_up())["port"].status is Status.OK


async def test_a_gateway_without_a_key_answers_nobody(rig: Rig) -> None:
    assert (await rig.check_up())["keys"].status is Status.WARN
    await rig.keys.create("default")
    assert (await rig.check_up())["keys"].status is Status.OK


REACHES = [
    (ChallengedError("Cloudflare asked. Paste a cookie.", status=403), "challenge", "Paste"),
    (LocalNetworkError("The proxy could not be reached. Check it."), "local_network", "Check"),
    (UpstreamUnavailableError("grok.com is down.", status=502), "overloaded", "moment"),
    (UpstreamTimeoutError("grok.com took too long."), "overloaded", ""),
]


@pytest.mark.parametrize(("error", "verdict", "action"), REACHES)
async def test_what_keeps_grok_out_of_reach_is_diagnosed(
    rig: Rig, error: UpstreamError, verdict: str, action: str
) -> None:
    rig.reach = Reach(error)
    found = (await rig.check_up())["network"]
    assert found.status is Status.FAIL
    assert found.details["verdict"] == verdict
    assert action in found.action


@pytest.mark.parametrize(
    ("error", "verdict"),
    [(LocalNetworkError("No proxy."), "local_network"), (VaultLockedError("Locked."), "unknown")],
)
async def test_an_attempt_that_does_not_even_begin_is_told(
    rig: Rig, error: GrokdeskError, verdict: str
) -> None:
    async def broken() -> Reach:
        raise error

    rig.outside = replace(rig.outside, reach=broken)
    found = (await rig.check_up())["network"]
    assert (found.details["verdict"], found.sentence) == (verdict, str(error))


async def test_without_a_route_the_network_is_what_is_missing(rig: Rig) -> None:
    rig.reach = Reach(UpstreamTimeoutError("grok.com took too long."))
    rig.online, rig.web_url = False, "https://grok.invalid"
    found = (await rig.check_up())["network"]
    assert found.details["verdict"] == "local_network"
    assert "no connection to the internet" in found.sentence
    assert found.details["name_found"] is False


async def test_the_way_within_this_computer_needs_no_network(rig: Rig) -> None:
    rig.reach = Reach(UpstreamTimeoutError("grok.com took too long."))
    rig.online = False
    assert (await rig.check_up())["network"].details["verdict"] == "overloaded"


async def test_the_proxy_is_named(rig: Rig) -> None:
    rig.reach = Reach(through="socks5h://ann:pa55word@127.0.0.1:1080")
    found = (await rig.check_up())["network"]
    assert "socks5h://***@127.0.0.1:1080" in found.sentence
    assert "pa55word" not in repr(found)


async def test_grok_is_asked_once_whoever_needs_the_answer(rig: Rig) -> None:
    await rig.add("a")
    rig.grok.errors["a"] = UpstreamTimeoutError("Slow.")
    await rig.check_up(probe=True)
    assert rig.reached == 1


@pytest.mark.parametrize(
    ("behind", "status", "words"),
    [
        (0.0, Status.OK, "agrees"),
        (110.0, Status.OK, "agrees"),
        (600.0, Status.FAIL, "10 minutes fast"),
        (-7300.0, Status.FAIL, "2 hours slow"),
    ],
)
async def test_the_clock_is_compared_with_groks(
    rig: Rig, behind: float, status: Status, words: str
) -> None:
    rig.reach = sound(rig, behind)
    found = (await rig.check_up())["clock"]
    assert found.status is status
    assert words in found.sentence


async def test_a_refusal_tells_the_time_too(rig: Rig) -> None:
    rig.reach = Reach(ChallengedError("Asked.", status=403), server_time=NOW - 3600)
    assert (await rig.check_up())["clock"].status is Status.FAIL


async def test_without_an_answer_the_clock_is_not_judged_unless_it_is_absurd(rig: Rig) -> None:
    rig.reach = Reach(LocalNetworkError("No network."))
    assert (await rig.check_up())["clock"].status is Status.SKIPPED
    rig.clock.drift = -10 * 365 * 86_400
    assert (await rig.check_up())["clock"].status is Status.FAIL


async def test_a_clock_that_is_set_meanwhile_is_told(rig: Rig) -> None:
    asyncio.get_running_loop().call_later(0.05, setattr, rig.clock, "drift", 90.0)
    assert (await rig.check_up())["clock"].status is Status.WARN


async def test_a_wrong_clock_explains_a_token_that_is_refused(rig: Rig) -> None:
    await rig.add("a")
    rig.grok.errors["a"] = TokenRejectedError("Dead.", status=401)
    rig.reach = sound(rig, 600.0)
    found = (await rig.check_up(probe=True))["account:a"]
    assert found.details["verdict"] == "clock_skew"
    assert found.details["state"] == "expired"


async def test_an_offline_demo_sends_nothing(rig: Rig) -> None:
    rig.outside = replace(rig.outside, is_offline_demo=True)
    checks = await rig.check_up()
    assert rig.reached == 0
    assert checks["network"].status is Status.SKIPPED


async def test_requests_that_are_held_back_are_told_with_the_reason(rig: Rig) -> None:
    for id in ("a", "b", "c"):
        await rig.add(id)
    for _ in range(6):
        with contextlib.suppress(UpstreamUnavailableError, CircuitOpenError):
            async with rig.pool.lease(Mode.FAST, Tier.BASIC):
                raise UpstreamUnavailableError("grok.com is down.", status=502)
    found = (await rig.check_up())["upstream"]
    assert found.status is Status.WARN
    assert "grok.com is down." in found.sentence
    assert found.details["state"] == "open"
    assert "by itself" in found.action


EVIDENCE = Evidence(NOW - 60, "It was signed out.", 401, "{}", "req", "session_expired", "Sign in.")
STATES: list[tuple[dict[str, Any], Status, str, str]] = [
    ({"tier": Tier.HEAVY}, Status.OK, "Ready (heavy).", ""),
    ({}, Status.OK, "tier not known", ""),
    ({"enabled": False}, Status.SKIPPED, "Switched off", ""),
    (
        {"state": AccountState.EXPIRED, "evidence": EVIDENCE},
        Status.FAIL,
        "It was signed out.",
        "Sign in.",
    ),
    ({"state": AccountState.EXPIRED}, Status.FAIL, "no longer accepts the token", "import the new"),
    ({"state": AccountState.BLOCKED}, Status.FAIL, "has blocked", "Sign in at grok.com"),
]


@pytest.mark.parametrize(("changes", "status", "sentence", "action"), STATES)
async def test_each_account_tells_its_state_and_the_next_step(
    rig: Rig, changes: dict[str, Any], status: Status, sentence: str, action: str
) -> None:
    await rig.add("a", **changes)
    found = (await rig.check_up())["account:a"]
    assert found.status is status
    assert sentence in found.sentence
    assert action in found.action


async def test_an_account_that_rests_tells_for_how_long_and_why(rig: Rig) -> None:
    await rig.add("a")
    for _ in range(3):
        with pytest.raises(GrokdeskError):
            async with rig.pool.lease(Mode.FAST, Tier.BASIC):
                raise UpstreamTimeoutError("grok.com took too long. Try again.")
    checks = await rig.check_up()
    found = checks["account:a"]
    assert found.status is Status.WARN
    assert "Rests for 5 s. grok.com took too long." in found.sentence
    assert checks["accounts"].status is Status.WARN


async def test_a_used_account_tells_when_it_is_back(rig: Rig) -> None:
    await rig.add("a")
    with pytest.raises(GrokdeskError):
        async with rig.pool.lease(Mode.FAST, Tier.BASIC):
            raise RateLimitedError("Used.", status=429, retry_after=3600)
    found = (await rig.check_up())["account:a"]
    assert found.status is Status.WARN
    assert "quota is used for 60 min" in found.sentence
    assert "Nothing needs to be done" in found.action


async def test_no_account_at_all_is_a_warning_and_none_usable_a_failure(rig: Rig) -> None:
    assert (await rig.check_up())["accounts"].status is Status.WARN
    await rig.add("a", state=AccountState.EXPIRED)
    found = (await rig.check_up())["accounts"]
    assert found.status is Status.FAIL
    assert found.details["expired"] == 1
    await rig.add("b")
    assert (await rig.check_up())["accounts"].sentence.startswith("1 of 2")


async def test_a_probe_brings_an_account_back_and_spends_nothing(rig: Rig) -> None:
    await rig.add("a", state=AccountState.EXPIRED, evidence=EVIDENCE)
    checks = await rig.check_up(probe=True)
    assert checks["account:a"].status is Status.OK
    assert checks["account:a"].details["verdict"] == "ok"
    assert checks["accounts"].status is Status.OK
    assert rig.grok.asked == ["a"]


PROBES = [
    (TokenRejectedError("Dead.", status=401), "session_expired", "expired", Status.FAIL),
    (AccountBlockedError("Blocked.", status=403), "account_blocked", "blocked", Status.FAIL),
    (ChallengedError("Asked.", status=403), "challenge", "ready", Status.FAIL),
    (RateLimitedError("Used.", status=429), "quota_used", "ready", Status.WARN),
    (LocalNetworkError("No way."), "local_network", "ready", Status.FAIL),
    (VaultLockedError("Locked."), "vault_locked", "ready", Status.FAIL),
]


@pytest.mark.parametrize(("error", "verdict", "state", "status"), PROBES)
async def test_a_probe_that_fails_is_diagnosed(
    rig: Rig, error: GrokdeskError, verdict: str, state: str, status: Status
) -> None:
    await rig.add("a")
    rig.grok.errors["a"] = error
    rig.reach = sound(rig)
    (tested,) = await rig.service.test_accounts(["a"])
    assert tested.finding.details["verdict"] == verdict
    assert tested.finding.details["state"] == state
    assert tested.finding.status is status
    assert tested.finding.action


async def test_what_other_accounts_met_changes_the_words(rig: Rig) -> None:
    for id in ("a", "b", "c"):
        await rig.add(id)
        rig.grok.errors[id] = UpstreamUnavailableError("grok.com is down.", status=502)
    all_fail = await rig.service.test_accounts(["a", "b", "c"])
    assert all("same for all accounts" in one.finding.action for one in all_fail)
    del rig.grok.errors["c"]
    some = await rig.service.test_accounts(["a", "b", "c"])
    assert not any("same for all accounts" in one.finding.action for one in some)


async def test_tests_are_told_one_by_one_and_no_more_than_a_few_at_once(rig: Rig) -> None:
    ids = [(await rig.add(f"account-{number:02}")).id for number in range(20)]
    running = most = 0
    probe = rig.grok.probe

    async def counted(account: Account, token: Token) -> ProbeReading:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1
        return await probe(account, token)

    rig.grok.probe = counted  # type: ignore[method-assign]
    heard: list[str] = []
    tested = await rig.service.test_accounts(ids, lambda account: heard.append(account.id))
    assert [one.account.id for one in tested] == ids
    assert sorted(heard) == ids
    assert 1 < most <= checks_accounts._AT_ONCE


async def test_an_account_that_nobody_tells_about_is_given_up(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(_account: Account, _token: Token) -> ProbeReading:
        await asyncio.Event().wait()
        raise AssertionError("never")

    monkeypatch.setattr(checks_accounts, "_LIMIT_S", 0.05)
    await rig.add("a")
    rig.grok.probe = silent  # type: ignore[method-assign]
    (tested,) = await rig.service.test_accounts(["a"])
    assert "took too long" in tested.finding.sentence
    assert tested.finding.details["verdict"] == "overloaded"


async def test_an_account_that_is_removed_meanwhile_is_left_out(rig: Rig) -> None:
    await rig.add("a")
    await rig.add("b")

    async def removed(account: Account, _token: Token) -> ProbeReading:
        await rig.accounts.remove(["a"])
        raise UpstreamTimeoutError("Slow.")

    rig.grok.probe = removed  # type: ignore[method-assign]
    assert [one.account.id for one in await rig.service.test_accounts(["b"])] == ["b"]
    assert await rig.service.test_accounts([]) == ()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (99, "99 s"),
        (300, "5 min"),
        (5940, "99 min"),
        (7200, "2 h"),
        (12_000, "3 h 20 min"),
        (200_000, "2 days"),
    ],
)
def test_times_are_rounded_for_people(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_earliest_clock_is_before_this_programs_users() -> None:
    assert checks_upstream._EARLIEST < NOW
