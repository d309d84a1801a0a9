"""The real services over storage in memory; only grok.com and the clock are acted.

`desk_services` holds an account in each state a person may see.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from grokdesk.app.web import new_web_client
from grokdesk.domain.account import Account, AccountState, Evidence, Tier, Token
from grokdesk.domain.attachment import UploadFile
from grokdesk.domain.catalog import ModelSpec
from grokdesk.domain.chat import Chunk, Emit, Finish, Prompt, TextDelta
from grokdesk.domain.errors import (
    AccountBlockedError,
    TokenRejectedError,
    UpstreamError,
    UpstreamUnavailableError,
    VaultLockedError,
)
from grokdesk.domain.probe import ProbeReading, QuotaReading
from grokdesk.domain.quota import CHAT_MODES, Mode, Provenance, QuotaWindow
from grokdesk.domain.tiers import TierTable
from grokdesk.domain.usage import TokenCount, UsageRow
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import ManualClock
from grokdesk.kernel.tasks import TaskSupervisor
from grokdesk.pool.evidence import evidence_of
from grokdesk.pool.lease import Lease
from grokdesk.pool.pool import AccountPool
from grokdesk.services.accounts import AccountService
from grokdesk.services.admission import AdmissionService
from grokdesk.services.apikeys import ApiKeyService
from grokdesk.services.attachments import AttachmentService
from grokdesk.services.bundle import Services
from grokdesk.services.chat import ChatService
from grokdesk.services.checks_computer import Computer
from grokdesk.services.checks_upstream import Outside, Reach
from grokdesk.services.diagnostics import DiagnosticsService
from grokdesk.services.egress import EgressService
from grokdesk.services.egress_plan import EgressPlan
from grokdesk.services.gateway import GatewayService, GatewayState
from grokdesk.services.health import UpstreamHealth
from grokdesk.services.importer import ImportService
from grokdesk.services.key_limits import KeyLimits
from grokdesk.services.metrics import MetricsService
from grokdesk.services.quota import QuotaKeeper
from grokdesk.services.remote_files import RemoteFiles
from grokdesk.services.responses import ResponseService
from grokdesk.services.secrets import SecretService
from grokdesk.services.tokens import TokenKeeper
from grokdesk.services.usage import UsageService
from grokdesk.settings.catalog import load_catalog
from grokdesk.settings.service import SettingsService
from grokdesk.settings.serving import AttachmentSettings
from grokdesk.simulator.server import Simulator
from grokdesk.store.accounts import AccountStore
from grokdesk.store.apikeys import ApiKeyStore
from grokdesk.store.db import Database
from grokdesk.store.limit_journal import LimitJournals
from grokdesk.store.responses import ResponseStore
from grokdesk.store.secrets import SecretStore
from grokdesk.store.usage import UsageStore
from grokdesk.store.vault_memory import MemoryVault

ROOT = Path(__file__).parents[2]
ICONS = ROOT / "resources" / "icons"
NOW = 1_794_232_800.0
"""A morning in November 2026."""

NOBODY = "http://127.0.0.1:9"
"""Where no grok.com answers."""

HOUR = 3600.0
TOTALS = {Mode.FAST: 30, Mode.AUTO: 15, Mode.EXPERT: 10, Mode.HEAVY: 5}

Script = Callable[[Prompt, Emit], Awaitable[None]]


async def greet(request: Prompt, emit: Emit) -> None:
    await emit(TextDelta(f"You said: {request.messages[-1].text}"))
    await emit(Finish())


def playing(*chunks: Chunk, pause: float = 0.0) -> Script:
    """A script that emits the chunks and ends well."""

    async def script(request: Prompt, emit: Emit) -> None:
        for chunk in chunks:
            await asyncio.sleep(pause)
            await emit(chunk)
        await emit(Finish())

    return script


@dataclass
class ScriptedUpstream:
    """grok.com, acted: `script` answers chats, `refusals` are raised by account id when one is
    asked about."""

    script: Script = greet
    refusals: dict[str, UpstreamError] = field(default_factory=dict)
    probe_pause: float = 0.0
    probed: list[str] = field(default_factory=list)
    quotas_read: list[str] = field(default_factory=list)
    requests: list[Prompt] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """The models of the requests."""
    running: int = 0

    async def chat(
        self, account: Account, token: Token, spec: ModelSpec, request: Prompt, emit: Emit
    ) -> None:
        self.requests.append(request)
        self.asked.append(spec.id)
        self.running += 1
        try:
            await self.script(request, emit)
        finally:
            self.running -= 1

    async def upload(self, account: Account, token: Token, file: UploadFile) -> str:
        raise NotImplementedError

    async def probe(self, account: Account, token: Token) -> ProbeReading:
        await asyncio.sleep(self.probe_pause)
        self.probed.append(account.id)
        if account.id in self.refusals:
            raise self.refusals[account.id]
        return ProbeReading("u-1", account.email, Tier.SUPER, windows(Tier.SUPER))

    async def quota(self, account: Account, token: Token) -> QuotaReading:
        self.quotas_read.append(account.id)
        if account.id in self.refusals:
            raise self.refusals[account.id]
        return QuotaReading(())

    async def renew_session(self, after: UpstreamError) -> bool:
        return True

    def wake(self) -> None: ...


@dataclass
class Stage:
    """The services and what is behind them, for tests that pull the strings."""

    services: Services
    upstream: ScriptedUpstream
    pool: AccountPool
    tokens: TokenKeeper
    store: AccountStore
    usage: UsageStore
    clock: ManualClock
    secrets: SecretService
    simulator: Simulator | None = None
    """What answers where the connection leads to, in tests of the connection."""

    async def add(self, account: Account, *quota: QuotaWindow, sealed: bool = False) -> None:
        await self.tokens.put(account.id, Token(f"token-of-{account.id}-0123456789"))
        await self.services.accounts.add(account)
        if quota:
            self.pool.observe(self.pool.ticket(account.id), quota)
        if sealed:
            await self.fail(account.id, VaultLockedError("The keyring is locked."))

    async def fail(self, account_id: str, error: BaseException) -> None:
        """Let one call with this account end in an error."""
        with contextlib.suppress(type(error)):
            async with self.lease(account_id):
                raise error

    def lease(self, account_id: str) -> Lease:
        """Begin a call with this account."""
        return self.pool.lease(Mode.FAST, Tier.BASIC, among=[account_id], request_id="req-7f3a91c2")

    async def silence(self) -> None:
        """Let so many calls fail that grok.com is left alone for a while."""
        error = UpstreamUnavailableError("grok.com is overloaded.", status=503)
        while self.services.health.snapshot().is_well:
            self.clock.advance(30)
            for view in self.pool.views():
                if view.state == "ready" and self.services.health.snapshot().is_well:
                    await self.fail(view.account.id, error)


def account(name: str, tier: Tier | None = Tier.BASIC, **changes: object) -> Account:
    base = Account(
        id=f"id-{name}",
        label=name,
        fingerprint=f"print-{name}",
        token_hint=f"…{name[-2:]}9f"[:5],
        tier=tier,
        created_at=NOW - 20 * 24 * HOUR,
        probed_at=NOW - 600,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def windows(
    tier: Tier,
    *,
    left: float = 1.0,
    resets_in: float | None = None,
    provenance: Provenance = Provenance.MEASURED,
) -> tuple[QuotaWindow, ...]:
    """One window per mode that the tier may use, with `left` (0-1) of it remaining."""
    modes = {Tier.BASIC: CHAT_MODES[:1], Tier.SUPER: CHAT_MODES[:3]}
    factor = 1 if tier is Tier.BASIC else 4
    return tuple(
        QuotaWindow(
            mode,
            total=TOTALS[mode] * factor,
            remaining=round(TOTALS[mode] * factor * left),
            window_s=2 * HOUR,
            resets_at=None if resets_in is None else NOW + resets_in,
            provenance=provenance,
            measured_at=NOW - 90,
        )
        for mode in modes.get(tier, CHAT_MODES)
    )


def evidence(error: UpstreamError, ago: float) -> Evidence:
    return evidence_of(error, NOW - ago, "req-7f3a91c2")


async def _in_memory() -> str:
    return "memory"


async def _nobody_listens(_host: str, _port: int) -> bool | None:
    return None


async def _have_room(_accounts: int) -> None:
    return


@contextlib.asynccontextmanager
async def bare_stage(folder: Path, web_url: str = NOBODY) -> AsyncIterator[Stage]:
    """Services without accounts or keys; the gateway says that it runs.

    Tests of the connection give the address of a simulator.
    """
    clock, bus, tasks = ManualClock(NOW), EventBus(), TaskSupervisor()
    settings = SettingsService(folder / "settings.toml", {}, {}, bus)
    settings.load()
    catalog, _ = load_catalog((ROOT / "resources" / "models.toml").read_text(), None)
    database = Database(None, clock=clock)
    await database.open()
    upstream, pool = ScriptedUpstream(), AccountPool(clock)
    vault = MemoryVault()
    tokens, secrets = TokenKeeper(vault), SecretService(vault, SecretStore(database, clock))
    account_store, usage_store = AccountStore(database), UsageStore(database)
    usage = UsageService(usage_store, bus, clock)
    accounts = AccountService(account_store, pool, tokens, upstream, bus, tasks, clock)
    pool.on_change = accounts.on_pool_change
    gateway, keys = GatewayService(bus), ApiKeyService(ApiKeyStore(database), bus, clock)
    health = UpstreamHealth(pool, bus)
    plan = EgressPlan(settings, secrets)
    web = new_web_client(settings, clock, TierTable(), plan, web_url=web_url)
    egress = EgressService(settings, plan, web, bus)
    computer = Computer(
        settings=settings,
        database=database,
        data_dir=folder,
        accounts=accounts,
        keys=keys,
        gateway=gateway,
        clock=clock,
        vault=vault,
        vault_kind=_in_memory,
        file_notices=(),
        find_port_holder=lambda _port: None,
        ask_health=_nobody_listens,
    )

    async def reach() -> Reach:
        checked = await egress.test()
        return Reach(checked.error, checked.server_time, checked.proxy)

    outside = Outside(lambda: web_url, reach, lambda: True, health, clock)
    attachments = AttachmentService(
        upstream, RemoteFiles(AttachmentSettings), clock, AttachmentSettings
    )
    chat = ChatService(catalog, pool, upstream, tokens, usage, attachments, bus, clock)
    services = Services(
        chat=chat,
        responses=ResponseService(
            ResponseStore(database),
            chat,
            gateway,
            keys,
            bus,
            tasks,
            clock,
            lambda: settings.current.responses.retention_days,
        ),
        accounts=accounts,
        importer=ImportService(accounts, tokens, bus, tasks, clock, make_room=_have_room),
        keys=keys,
        admission=AdmissionService(
            catalog,
            gateway,
            keys,
            KeyLimits(keys, LimitJournals(None), bus, clock),
            lambda: settings.current.models,
        ),
        usage=usage,
        gateway=gateway,
        health=health,
        egress=egress,
        diagnostics=DiagnosticsService(computer, outside),
        quota=QuotaKeeper(
            pool, accounts.read_quota, bus, tasks, clock, lambda: settings.current.quota
        ),
        metrics=MetricsService(bus, pool, gateway, catalog),
        settings=settings,
        catalog=catalog,
        bus=bus,
        tasks=tasks,
        clock=clock,
    )
    services.gateway.change(state=GatewayState.RUNNING, port=18787)
    try:
        yield Stage(services, upstream, pool, tokens, account_store, usage_store, clock, secrets)
    finally:
        await tasks.stop()
        await web.aclose()
        await database.close()


@contextlib.asynccontextmanager
async def full_stage(folder: Path) -> AsyncIterator[Stage]:
    """An account in every state, a key, and a day's usage."""
    async with bare_stage(folder) as stage, contextlib.AsyncExitStack() as leases:
        await _wear_out(stage)
        for member in _cast():
            await stage.add(*member)
        await stage.fail("id-Archive", VaultLockedError("The keyring is locked."))
        await leases.enter_async_context(stage.lease("id-Lab 01"))
        await stage.services.accounts.flush()
        await stage.services.keys.create("Key 1")
        stage.services.keys.fresh = None
        for number in range(48):
            stage.usage.record(usage_row(number))
        yield stage


def _cast() -> Sequence[tuple[Account, *tuple[QuotaWindow, ...]]]:
    said = '{"error":{"code":16,"message":"Invalid credentials","details":[]}}'
    rejected = TokenRejectedError("grok.com rejected the token.", status=401, excerpt=said)
    refused = AccountBlockedError("grok.com has blocked the account.", status=403)
    signed_out, blocked = evidence(rejected, 2 * HOUR), evidence(refused, 26 * HOUR)
    estimated = Provenance.ESTIMATED
    return (
        (account("Work", Tier.SUPER), *windows(Tier.SUPER, left=0.62, resets_in=80 * 60)),
        (account("Studio", Tier.HEAVY), *windows(Tier.HEAVY, left=0.9, resets_in=25 * 60)),
        (
            account("maria.gonzalez@example.org", Tier.BASIC, email="maria.gonzalez@example.org"),
            *windows(Tier.BASIC, left=0.4, resets_in=41 * 60, provenance=estimated),
        ),
        (
            account("Lab 01", Tier.BASIC, max_in_flight=1),
            *windows(Tier.BASIC, left=0.1, resets_in=12 * 60),
        ),
        (account("Lab 02", Tier.BASIC), *windows(Tier.BASIC, left=0.0, resets_in=64 * 60)),
        (account("Old phone", Tier.BASIC, state=AccountState.EXPIRED, evidence=signed_out),),
        (account("Trial", None, state=AccountState.BLOCKED, evidence=blocked),),
        (account("Spare", Tier.SUPER, enabled=False), *windows(Tier.SUPER)),
        (account("New one", None),),
        (account("Archive", Tier.BASIC), *windows(Tier.BASIC)),
    )


async def _wear_out(stage: Stage) -> None:
    """An account that fails again and again, before there are others whose windows would end."""
    await stage.add(
        account("Lab 03", Tier.BASIC), *windows(Tier.BASIC, left=0.8, resets_in=95 * 60)
    )
    stage.clock.jump(-8 * 200)
    for _ in range(8):
        stage.clock.advance(200)  # past the pause that the last failure earned
        stage.services.health.trust_again()
        overloaded = UpstreamUnavailableError(
            "grok.com is overloaded.", status=503, excerpt='{"error":"heavy usage, try again soon"}'
        )
        await stage.fail("id-Lab 03", overloaded)
    stage.services.health.trust_again()


def usage_row(number: int) -> UsageRow:
    return UsageRow(
        request_id=f"req-{number:04}",
        started_at=NOW - 60 * number,
        route="openai.chat",
        model="grok-chat-fast",
        key_id="key-1",
        account_id="id-Work",
        outcome="ok" if number % 16 else "RateLimitedError",
        first_chunk_s=0.380 + 0.004 * number if number % 16 else None,
        total_s=4.2,
        tokens=TokenCount(prompt=380, completion=610),
        attempts=1,
        streamed=True,
    )
