"""The running app without a face: everything started in order and stopped in reverse.

`open_core` gives the services over storage, for commands while nothing runs; `running_core` adds
the gateway, the control socket and, while there is no account, the demo.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from grokdesk.app.commands import COMMANDS
from grokdesk.app.control import ControlServer
from grokdesk.app.control import Progress as ControlProgress
from grokdesk.app.demo import demo_account
from grokdesk.app.lazy_vault import LazyVault
from grokdesk.app.listener import Listener
from grokdesk.app.resources import resource_text
from grokdesk.app.upstreams import CurrentUpstream
from grokdesk.app.web import new_web_client
from grokdesk.domain.errors import InvalidRequestError, VaultLockedError
from grokdesk.domain.events import AccountsChanged
from grokdesk.domain.tiers import TierTable
from grokdesk.gateway.listen import PortTakenError
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import SystemClock
from grokdesk.kernel.paths import Paths
from grokdesk.kernel.tasks import TaskSupervisor
from grokdesk.pool.pool import AccountPool, PoolPolicy
from grokdesk.pool.ranking import Selection
from grokdesk.pool.retry import RetryPolicy
from grokdesk.services.accounts import AccountService
from grokdesk.services.apikeys import ApiKeyService
from grokdesk.services.bundle import Services
from grokdesk.services.chat import ChatService
from grokdesk.services.gateway import GatewayService, GatewayState
from grokdesk.services.importer import ImportService
from grokdesk.services.tokens import TokenKeeper
from grokdesk.services.usage import UsageService
from grokdesk.settings.catalog import load_catalog
from grokdesk.settings.model import Settings
from grokdesk.settings.service import SettingsService
from grokdesk.settings.tiers import load_tiers
from grokdesk.simulator.server import Simulator
from grokdesk.store import intents
from grokdesk.store.accounts import AccountStore
from grokdesk.store.apikeys import ApiKeyStore
from grokdesk.store.choose import VaultChooser
from grokdesk.store.db import Database
from grokdesk.store.os_keyring import OsKeyring
from grokdesk.store.usage import UsageStore
from grokdesk.upstream.web.client import GrokWebClient

_log = logging.getLogger(__name__)

FIRST_KEY_NAME = "default"


@dataclass(frozen=True, slots=True)
class CoreOptions:
    """What the command line decides. None leaves a value to the settings."""

    paths: Paths
    profile: str | None = None
    host: str | None = None
    port: int | None = None
    demo: bool = False
    storage_only: bool = False
    """For a command while nothing runs: what it saves must last, whatever the demo setting is."""
    allow_key_file: bool = False
    """Without an OS keyring a master key may be kept in a private file (servers)."""
    set_log_level: Callable[[str], None] = lambda _level: None
    survive_taken_port: bool = False
    """Go on without a gateway, for a window that offers another port."""
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def overrides(self) -> dict[str, object]:
        demo = "never" if self.storage_only else "always" if self.demo else None
        given = {
            "gateway.host": self.host,
            "gateway.port": self.port,
            "gateway.demo": demo,
        }
        return {key: value for key, value in given.items() if value is not None}


@dataclass(slots=True)
class Core:
    """`notices` are sentences that a person should read."""

    services: Services
    pool: AccountPool
    upstream: CurrentUpstream
    tokens: TokenKeeper
    vault: LazyVault
    web: GrokWebClient
    tiers: TierTable
    sandbox: bool
    notices: list[str]
    has_intents: Callable[[], Awaitable[bool]]
    """Whether a crash left vault entries without an account."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by whoever wants the program to end."""
    raise_window: Callable[[], bool] = lambda: False
    """Set by the desktop app; False where there is no window."""


@contextlib.asynccontextmanager
async def open_core(options: CoreOptions) -> AsyncIterator[Core]:
    """Storage and services. The caller holds the profile (see `app.instance`)."""
    clock, bus, tasks = SystemClock(), EventBus(), TaskSupervisor()
    settings = SettingsService(options.paths.settings_file, options.environ, options.overrides, bus)
    settings.load()
    options.set_log_level(settings.current.logs.level)
    notices = list(settings.notices)
    sandbox = settings.current.gateway.demo == "always"
    catalog, catalog_notices = load_catalog(resource_text("models.toml"), options.paths.models_file)
    notices.extend(catalog_notices)
    tiers, tier_notices = load_tiers(
        resource_text("quota.toml"), options.paths.config_dir / "quota.toml"
    )
    notices.extend(tier_notices)

    async with contextlib.AsyncExitStack() as stack:
        database = Database(None if sandbox else options.paths.database_file)
        await database.open()
        stack.push_async_callback(database.close)
        if database.notice:
            notices.append(database.notice)
        stack.push_async_callback(tasks.stop)

        def tell(notice: str) -> None:
            if not sandbox:
                notices.append(notice)
                _log.info("%s", notice)

        vault = LazyVault(
            VaultChooser(
                database,
                data_dir=options.paths.data_dir,
                allow_key_file=options.allow_key_file,
                keyring=OsKeyring(_keyring_service(options.profile)),
                environ=options.environ,
            ),
            "memory" if sandbox else settings.current.accounts.vault,
            tell,
        )
        tokens = TokenKeeper(vault)
        web = new_web_client(settings, clock, tiers)
        stack.push_async_callback(web.aclose)
        upstream = CurrentUpstream(web)
        pool = AccountPool(clock, policy=_policy(settings.current))
        usage_store = UsageStore(database)
        await usage_store.open()
        stack.push_async_callback(usage_store.close)
        usage = UsageService(usage_store, bus, clock)
        accounts = AccountService(AccountStore(database), pool, tokens, upstream, bus, tasks, clock)
        pool.on_change = accounts.on_pool_change
        keys = ApiKeyService(ApiKeyStore(database), bus, clock)
        services = Services(
            chat=ChatService(
                catalog,
                pool,
                upstream,
                tokens,
                usage,
                bus,
                clock,
                retry=lambda: _retry(settings.current),
            ),
            accounts=accounts,
            importer=ImportService(
                accounts,
                tokens,
                bus,
                tasks,
                clock,
                make_room=lambda more: vault.make_room(len(pool) + more),
            ),
            keys=keys,
            usage=usage,
            gateway=GatewayService(bus),
            settings=settings,
            catalog=catalog,
            bus=bus,
            tasks=tasks,
            clock=clock,
        )
        await accounts.load()
        await keys.load()
        stack.push_async_callback(accounts.flush)
        settings.add_applier(_pool_applier(pool))
        settings.add_applier(_log_applier(options.set_log_level))

        async def has_intents() -> bool:
            return await database.call(lambda: intents.any_pending(database.sql))

        yield Core(
            services, pool, upstream, tokens, vault, web, tiers, sandbox, notices, has_intents
        )


@contextlib.asynccontextmanager
async def running_core(options: CoreOptions) -> AsyncIterator[Core]:
    """Everything: when this yields, the endpoint answers.

    Raise PortTakenError when the port is taken, SettingsError for a bad setting.
    """
    async with contextlib.AsyncExitStack() as stack:
        core = await stack.enter_async_context(open_core(options))
        services = core.services
        settings = services.settings.current
        if not services.keys.list():
            await services.keys.create(FIRST_KEY_NAME)
        if _wants_demo(core, settings):
            await stack.enter_async_context(_demo(core))
        listener = Listener(services)
        stack.push_async_callback(listener.stop)
        try:
            await listener.listen(settings.gateway.port)
        except PortTakenError as error:
            if not options.survive_taken_port:
                raise
            services.gateway.change(
                state=GatewayState.FAILED, error=str(error), free_port=error.next_free
            )
        services.settings.add_applier(listener.apply)
        services.gateway.listen = listener.listen
        control = ControlServer(options.paths, partial(run_command, core), services.tasks)
        await control.start()
        stack.push_async_callback(control.stop)
        services.tasks.run_soon(services.settings.watch(), name="settings watch")
        services.tasks.run_soon(services.usage.keep_folding(), name="usage folding")
        services.tasks.run_soon(services.usage.keep_forgetting(), name="usage retention")
        if not core.sandbox:
            services.tasks.run_soon(_recover(core), name="vault recovery")
        yield core


async def run_command(
    core: Core, name: str, arguments: dict[str, Any], progress: ControlProgress
) -> dict[str, Any]:
    """One command, whether it came over the control socket or nothing runs."""
    if name == "window.raise":
        return {"raised": core.raise_window()}
    command = COMMANDS.get(name)
    if command is None:
        raise InvalidRequestError(f"This version does not know the command '{name}'.")
    return await command(core.services, arguments, progress)


@contextlib.asynccontextmanager
async def _demo(core: Core) -> AsyncIterator[None]:
    """The simulator serves until the first real account comes in."""
    simulator = Simulator(demo=True)
    origin = await simulator.start()
    services = core.services
    demo_client = new_web_client(services.settings, services.clock, core.tiers, web_url=origin)
    account, token, windows = demo_account(services.clock)
    core.tokens.remember(account.id, token)
    core.pool.put(account, windows)
    core.upstream.exchange(demo_client)
    services.gateway.change(demo=True)

    def leave(_event: AccountsChanged) -> None:
        real = any(not snapshot.demo for snapshot in services.accounts.snapshot())
        if real and services.gateway.snapshot().demo and not core.sandbox:
            core.upstream.exchange(core.web)
            core.pool.remove(account.id)
            services.gateway.change(demo=False)
            _log.info("Left demo mode: the first account was imported.")

    unsubscribe = services.bus.subscribe(AccountsChanged, leave)
    try:
        yield
    finally:
        unsubscribe()
        await demo_client.aclose()
        await simulator.stop()


async def _recover(core: Core) -> None:
    """Undo what a crash left half done. A first start leaves the keyring alone."""
    known = any(not view.account.demo for view in core.pool.views())
    if known or await core.has_intents():
        with contextlib.suppress(VaultLockedError):  # told when a token is needed
            await core.vault.opened()


def _wants_demo(core: Core, settings: Settings) -> bool:
    return core.sandbox or (settings.gateway.demo == "auto" and not len(core.pool))


def _keyring_service(profile: str | None) -> str:
    return f"Grokdesk ({profile})" if profile else "Grokdesk"


def _policy(settings: Settings) -> PoolPolicy:
    return PoolPolicy(settings.pool.max_in_flight, Selection(settings.pool.selection))


def _retry(settings: Settings) -> RetryPolicy:
    pool = settings.pool
    return RetryPolicy(
        accounts=pool.max_accounts_per_request,
        tries=pool.tries_per_account,
        base_s=pool.retry_pause_s,
        longest_s=pool.longest_retry_pause_s,
        budget_s=pool.retry_budget_s,
    )


def _pool_applier(pool: AccountPool) -> Callable[[Settings, Settings], Awaitable[None]]:
    async def apply(_old: Settings, new: Settings) -> None:
        pool.policy = _policy(new)

    return apply


def _log_applier(
    set_level: Callable[[str], None],
) -> Callable[[Settings, Settings], Awaitable[None]]:
    async def apply(_old: Settings, new: Settings) -> None:
        set_level(new.logs.level)

    return apply
