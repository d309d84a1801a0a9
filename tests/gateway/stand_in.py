"""A gateway on a real port whose grok.com is a script; everything of ours is real."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from grokdesk.app.web import new_web_client
from grokdesk.domain.account import Account, Tier, Token
from grokdesk.domain.attachment import UploadFile
from grokdesk.domain.catalog import ModelCatalog, ModelKind, ModelSpec
from grokdesk.domain.chat import Chunk, Emit, Finish, Prompt, ReasoningDelta, TextDelta
from grokdesk.domain.errors import UpstreamError
from grokdesk.domain.probe import ProbeReading, QuotaReading
from grokdesk.domain.quota import Mode
from grokdesk.domain.tiers import TierTable
from grokdesk.gateway.limits import Limits
from grokdesk.gateway.server import GatewayServer
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import SystemClock
from grokdesk.kernel.tasks import TaskSupervisor
from grokdesk.pool.pool import AccountPool, PoolPolicy
from grokdesk.services.accounts import AccountService
from grokdesk.services.admission import AdmissionService
from grokdesk.services.apikeys import ApiKeyService
from grokdesk.services.attachments import AttachmentService
from grokdesk.services.bundle import Services
from grokdesk.services.chat import ChatService
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
from grokdesk.settings.service import SettingsService
from grokdesk.settings.serving import AttachmentSettings
from grokdesk.store.accounts import AccountStore
from grokdesk.store.apikeys import ApiKeyStore
from grokdesk.store.db import Database
from grokdesk.store.limit_journal import LimitJournals
from grokdesk.store.responses import ResponseStore
from grokdesk.store.secrets import SecretStore
from grokdesk.store.usage import UsageStore

Script = Callable[[Prompt, Emit], Awaitable[None]]


def _model(id: str, kind: ModelKind = ModelKind.CHAT, floor: Tier = Tier.BASIC) -> ModelSpec:
    return ModelSpec(
        id=id,
        kind=kind,
        mode=Mode.FAST,
        floor=floor,
        display_name=id.title(),
        created=1_700_000_000,
        context_window=131_072,
        max_output_tokens=16_384,
        reasoning=True,
        aliases=(f"{id}-alias",),
    )


CATALOG = ModelCatalog(
    (
        _model("grok-fast"),
        _model("vendor/grok-slash"),
        _model("grok-heavy", floor=Tier.HEAVY),
        _model("grok-picture", ModelKind.IMAGE),
    )
)


def says(*chunks: str | Chunk) -> Script:
    """Text and other chunks, one after the other, then the end."""

    async def play(_request: Prompt, emit: Emit) -> None:
        for chunk in chunks:
            await emit(TextDelta(chunk) if isinstance(chunk, str) else chunk)
        await emit(Finish())

    return play


def fails(error: BaseException, *first: str) -> Script:
    async def play(_request: Prompt, emit: Emit) -> None:
        for text in first:
            await emit(TextDelta(text))
        raise error

    return play


def hangs(*first: str) -> Script:
    """Says something, then nothing any more."""

    async def play(_request: Prompt, emit: Emit) -> None:
        for text in first:
            await emit(TextDelta(text))
        await asyncio.Event().wait()

    return play


def thinks(thought: str, text: str) -> Script:
    return says(ReasoningDelta(thought), text)


class ScriptedUpstream:
    """grok.com as the test wants it: `play` is what each call does."""

    def __init__(self) -> None:
        self.play: Script = says("Hello", ", world.")
        self.requests: list[Prompt] = []
        self.uploads: list[tuple[str, UploadFile]] = []
        self.running = 0
        self.cancelled = 0

    async def chat(
        self, account: Account, token: Token, spec: ModelSpec, request: Prompt, emit: Emit
    ) -> None:
        self.requests.append(request)
        self.running += 1
        try:
            await self.play(request, emit)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1

    async def upload(self, account: Account, token: Token, file: UploadFile) -> str:
        self.uploads.append((account.id, file))
        return f"file-{len(self.uploads)}"

    async def probe(self, account: Account, token: Token) -> ProbeReading:
        return ProbeReading("", "", None, ())

    async def quota(self, account: Account, token: Token) -> QuotaReading:
        return QuotaReading(())

    async def renew_session(self, after: UpstreamError) -> bool:
        return True

    def wake(self) -> None: ...


class NoVault:
    """Tokens live in the keeper's memory; nothing is ever read from here."""

    async def put(self, account_id: str, token: Token) -> None: ...

    async def get(self, account_id: str) -> Token | None:
        return None

    async def delete(self, account_id: str) -> None: ...


@dataclass
class RunningGateway:
    """A started gateway and how to reach it."""

    services: Services
    server: GatewayServer
    upstream: ScriptedUpstream
    port: int
    key: str

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    async def raw(self, data: bytes, *, timeout: float = 5.0) -> bytes:
        """Send bytes, read until the server closes (so ask for `Connection: close`)."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            async with asyncio.timeout(timeout):
                return await reader.read()
        finally:
            writer.close()

    def chat_bytes(self, **fields: object) -> bytes:
        """A whole chat request, for a raw socket."""
        body = json.dumps(chat_body(**fields)).encode()
        return (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Authorization: Bearer {self.key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


def chat_body(text: str = "Hi", **fields: object) -> dict[str, object]:
    return {"model": "grok-fast", "messages": [{"role": "user", "content": text}], **fields}


@contextlib.asynccontextmanager
async def open_gateway(
    folder: Path,
    *,
    hosts: tuple[str, ...] = ("127.0.0.1",),
    port: int = 0,
    limits: Limits | None = None,
    origins: frozenset[str] = frozenset(),
    host_names: frozenset[str] = frozenset(),
    accounts: int = 1,
    settings: dict[str, object] | None = None,
) -> AsyncIterator[RunningGateway]:
    clock, bus, tasks = SystemClock(), EventBus(), TaskSupervisor()
    upstream = ScriptedUpstream()
    configuration = SettingsService(folder / "settings.toml", {}, settings or {}, bus)
    configuration.load()
    database = Database(None)
    await database.open()
    pool = AccountPool(clock, policy=PoolPolicy(max_in_flight=10_000))
    tokens = TokenKeeper(NoVault())
    usage = UsageService(UsageStore(database), bus, clock)
    account_service = AccountService(
        AccountStore(database), pool, tokens, upstream, bus, tasks, clock
    )
    gateway = GatewayService(bus)
    keys = ApiKeyService(ApiKeyStore(database), bus, clock)
    plan = EgressPlan(configuration, SecretService(NoVault(), SecretStore(database)))
    web = new_web_client(configuration, clock, TierTable(), plan)
    attachments = AttachmentService(
        upstream, RemoteFiles(AttachmentSettings), clock, lambda: configuration.current.attachments
    )
    chat = ChatService(CATALOG, pool, upstream, tokens, usage, attachments, bus, clock)
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
            lambda: configuration.current.responses.retention_days,
        ),
        accounts=account_service,
        importer=ImportService(account_service, tokens, bus, tasks, clock),
        keys=keys,
        admission=AdmissionService(
            CATALOG,
            gateway,
            keys,
            KeyLimits(keys, LimitJournals(None), bus, clock),
            lambda: configuration.current.models,
        ),
        usage=usage,
        gateway=gateway,
        health=UpstreamHealth(pool, bus),
        egress=EgressService(configuration, plan, web, bus),
        diagnostics=cast("DiagnosticsService", None),  # the gateway asks for no check-up
        quota=QuotaKeeper(
            pool, account_service.read_quota, bus, tasks, clock, lambda: configuration.current.quota
        ),
        metrics=MetricsService(bus, pool, gateway, CATALOG),
        settings=configuration,
        catalog=CATALOG,
        bus=bus,
        tasks=tasks,
        clock=clock,
    )
    for number in range(accounts):
        account = Account(f"account-{number}", f"Account {number}", f"print-{number}", "…abcd")
        tokens.remember(account.id, Token(f"token-of-account-{number}"))
        pool.put(account, ())
    _, key = await services.keys.create("Tests")
    server = GatewayServer(services, host_names=host_names, origins=origins, limits=limits)
    bound = await server.start(hosts, port)
    services.gateway.change(state=GatewayState.RUNNING, port=bound)
    try:
        yield RunningGateway(services, server, upstream, bound, key)
    finally:
        await server.stop(grace_s=0.2)
        await asyncio.sleep(0)
        await tasks.stop()
        await database.close()
