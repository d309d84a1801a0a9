"""The running app without a face: everything started in order and stopped in reverse.

`open_core` gives the services over storage, for commands while nothing runs; `running_core` adds
the gateway, the control socket and, while there is no account, the demo.
"""

import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine
from functools import partial
from typing import Any

from grokdesk.app.appliers import appliers, policy_of, retry_of
from grokdesk.app.checkup import new_diagnostics
from grokdesk.app.commands import COMMANDS
from grokdesk.app.control import ControlServer
from grokdesk.app.control import Progress as ControlProgress
from grokdesk.app.demo import demo
from grokdesk.app.lazy_vault import LazyVault
from grokdesk.app.listener import Listener
from grokdesk.app.parts import Core, CoreOptions
from grokdesk.app.resources import resource_text
from grokdesk.app.upstreams import CurrentUpstream
from grokdesk.app.wake import LocalNetwork, WakeDetector
from grokdesk.app.web import new_web_client
from grokdesk.domain.errors import InvalidRequestError, VaultLockedError
from grokdesk.domain.events import GatewayChanged
from grokdesk.gateway.listen import PortTakenError
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import SystemClock
from grokdesk.kernel.tasks import TaskSupervisor
from grokdesk.pool.pool import AccountPool
from grokdesk.services.accounts import AccountService
from grokdesk.services.admission import AdmissionService
from grokdesk.services.apikeys import ApiKeyService
from grokdesk.services.attachments import AttachmentService
from grokdesk.services.bundle import Services
from grokdesk.services.chat import ChatService
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
from grokdesk.settings.model import Settings
from grokdesk.settings.service import SettingsService
from grokdesk.settings.tiers import load_tiers
from grokdesk.store import intents
from grokdesk.store.accounts import AccountStore
from grokdesk.store.apikeys import ApiKeyStore
from grokdesk.store.choose import VaultChooser
from grokdesk.store.db import Database
from grokdesk.store.limit_journal import LimitJournals
from grokdesk.store.os_keyring import OsKeyring
from grokdesk.store.responses import ResponseStore
from grokdesk.store.secrets import SecretStore
from grokdesk.store.usage import UsageStore

__all__ = ["Core", "CoreOptions", "open_core", "run_command", "running_core"]

_log = logging.getLogger(__name__)

FIRST_KEY_NAME = "default"


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
    file_notices = tuple(notices)

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
        plan = EgressPlan(settings, SecretService(vault, SecretStore(database, clock)))
        web = new_web_client(settings, clock, tiers, plan)
        stack.push_async_callback(web.aclose)
        upstream = CurrentUpstream(web)
        pool = AccountPool(clock, policy=policy_of(settings.current))
        usage_store = UsageStore(database)
        await usage_store.open()
        stack.push_async_callback(usage_store.close)
        usage = UsageService(usage_store, bus, clock)
        accounts = AccountService(
            AccountStore(database), pool, tokens, upstream, bus, tasks, clock, tiers
        )
        pool.on_change = accounts.on_pool_change
        keys = ApiKeyService(ApiKeyStore(database), bus, clock)
        limits = KeyLimits(
            keys, LimitJournals(database.path if database.saving else None), bus, clock
        )
        stack.callback(limits.close)
        quota = QuotaKeeper(
            pool, accounts.read_quota, bus, tasks, clock, lambda: settings.current.quota
        )
        pool.on_exhausted = quota.on_exhausted
        gateway = GatewayService(bus)
        health = UpstreamHealth(pool, bus)
        egress = EgressService(settings, plan, web, bus)
        attachments = AttachmentService(
            upstream,
            RemoteFiles(lambda: settings.current.attachments, proxy=plan.proxy_to),
            clock,
            lambda: settings.current.attachments,
        )
        chat = ChatService(
            catalog,
            pool,
            upstream,
            tokens,
            usage,
            attachments,
            bus,
            clock,
            retry=lambda: retry_of(settings.current),
        )
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
            importer=ImportService(
                accounts,
                tokens,
                bus,
                tasks,
                clock,
                make_room=lambda more: vault.make_room(len(pool) + more),
            ),
            keys=keys,
            admission=AdmissionService(
                catalog, gateway, keys, limits, lambda: settings.current.models
            ),
            usage=usage,
            gateway=gateway,
            health=health,
            egress=egress,
            diagnostics=new_diagnostics(
                settings=settings,
                database=database,
                data_dir=options.paths.data_dir,
                accounts=accounts,
                keys=keys,
                gateway=gateway,
                health=health,
                egress=egress,
                vault=vault,
                clock=clock,
                file_notices=file_notices,
                sandbox=sandbox,
            ),
            quota=quota,
            metrics=MetricsService(bus, pool, gateway, catalog),
            settings=settings,
            catalog=catalog,
            bus=bus,
            tasks=tasks,
            clock=clock,
        )
        await accounts.load()
        await keys.load()
        await limits.load()
        stack.push_async_callback(accounts.flush)
        for applier in appliers(services, pool, options.set_log_level):
            settings.add_applier(applier)

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
        await services.metrics.switch(settings.metrics.enabled)
        if not services.keys.list():
            await services.keys.create(FIRST_KEY_NAME)
        if _wants_demo(core, settings):
            await stack.enter_async_context(demo(core))
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
        for name, work in _background(core).items():
            services.tasks.run_soon(work, name=name)
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


def _background(core: Core) -> dict[str, Coroutine[Any, Any, None]]:
    """What goes on as long as the program runs."""
    services = core.services

    def wake() -> None:
        """Connections are dead, and what failed before says nothing about now."""
        core.upstream.wake()
        services.health.trust_again()
        services.quota.wake()

    detector = WakeDetector(
        services.clock, LocalNetwork(), on_wake=lambda _gap_s: wake(), on_network_change=wake
    )
    # Timers may stand still while the machine sleeps: a request that comes first notices, too.
    services.bus.subscribe(GatewayChanged, lambda _event: detector.check_time())
    work: dict[str, Coroutine[Any, Any, None]] = {
        "settings watch": services.settings.watch(),
        "usage folding": services.usage.keep_folding(),
        "usage retention": services.usage.keep_forgetting(),
        "key expiry": services.keys.keep_expiring(),
        "responses": services.responses.run(),
        "quota": services.quota.run(),
        "wake detection": detector.watch(),
    }
    if not core.sandbox:
        work["egress"] = services.egress.run()
        work["vault recovery"] = _recover(core)
    return work


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
