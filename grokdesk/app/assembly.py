"""The one place where services are made and joined, in the order in which they need each other."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from grokdesk.app.appliers import appliers, policy_of, retry_of
from grokdesk.app.checkup import new_diagnostics
from grokdesk.app.foundation import Foundation
from grokdesk.app.parts import Core, CoreOptions
from grokdesk.app.upstreams import CurrentUpstream
from grokdesk.app.web import new_web_client
from grokdesk.pool.pool import AccountPool
from grokdesk.services.accounts import AccountService
from grokdesk.services.admission import AdmissionService
from grokdesk.services.apikeys import ApiKeyService
from grokdesk.services.attachments import AttachmentService
from grokdesk.services.bundle import Services
from grokdesk.services.chat import ChatService
from grokdesk.services.egress import EgressService
from grokdesk.services.egress_plan import EgressPlan
from grokdesk.services.gateway import GatewayService
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
from grokdesk.store import intents
from grokdesk.store.accounts import AccountStore
from grokdesk.store.apikeys import ApiKeyStore
from grokdesk.store.limit_journal import LimitJournals
from grokdesk.store.responses import ResponseStore
from grokdesk.store.secrets import SecretStore
from grokdesk.store.usage import UsageStore
from grokdesk.upstream.web.client import GrokWebClient


@contextlib.asynccontextmanager
async def assembled(base: Foundation, options: CoreOptions) -> AsyncIterator[Core]:
    """All services, loaded; nothing runs in the background yet."""
    async with contextlib.AsyncExitStack() as stack:
        maker = _Maker(base)
        stack.push_async_callback(maker.web.aclose)
        await maker.usage_store.open()
        stack.push_async_callback(maker.usage_store.close)
        stack.callback(maker.limits.close)
        services = maker.services(options.paths.data_dir)
        await maker.accounts.load()
        await maker.keys.load()
        await maker.limits.load()
        stack.push_async_callback(maker.accounts.flush)
        for applier in appliers(services, maker.pool, options.set_log_level):
            base.settings.add_applier(applier)

        async def has_intents() -> bool:
            return await base.database.call(lambda: intents.any_pending(base.database.sql))

        yield Core(
            services,
            maker.pool,
            maker.upstream,
            maker.tokens,
            base.vault,
            maker.web,
            base.tiers,
            base.sandbox,
            base.notices,
            has_intents,
        )


class _Maker:
    """The parts that several services share, made once."""

    def __init__(self, base: Foundation) -> None:
        self._base = base
        settings, clock, bus, database = base.settings, base.clock, base.bus, base.database
        self.tokens = TokenKeeper(base.vault)
        self._plan = EgressPlan(settings, SecretService(base.vault, SecretStore(database, clock)))
        self.web: GrokWebClient = new_web_client(settings, clock, base.tiers, self._plan)
        self.upstream = CurrentUpstream(self.web)
        self.pool = AccountPool(clock, policy=policy_of(settings.current))
        self.usage_store = UsageStore(database)
        self._usage = UsageService(self.usage_store, bus, clock)
        self.accounts = AccountService(
            AccountStore(database),
            self.pool,
            self.tokens,
            self.upstream,
            bus,
            base.tasks,
            clock,
            base.tiers,
        )
        self.pool.on_change = self.accounts.on_pool_change
        self.keys = ApiKeyService(ApiKeyStore(database), bus, clock)
        journals = LimitJournals(database.path if database.saving else None)
        self.limits = KeyLimits(self.keys, journals, bus, clock)
        self._gateway = GatewayService(bus)
        self._health = UpstreamHealth(self.pool, bus)
        self._egress = EgressService(settings, self._plan, self.web, bus)

    def services(self, data_dir: Path) -> Services:
        base, settings = self._base, self._base.settings
        chat = self._chat()
        return Services(
            chat=chat,
            responses=ResponseService(
                ResponseStore(base.database),
                chat,
                self._gateway,
                self.keys,
                base.bus,
                base.tasks,
                base.clock,
                lambda: settings.current.responses.retention_days,
            ),
            accounts=self.accounts,
            importer=ImportService(
                self.accounts,
                self.tokens,
                base.bus,
                base.tasks,
                base.clock,
                make_room=lambda more: base.vault.make_room(len(self.pool) + more),
            ),
            keys=self.keys,
            admission=AdmissionService(
                base.catalog,
                self._gateway,
                self.keys,
                self.limits,
                lambda: settings.current.models,
            ),
            usage=self._usage,
            gateway=self._gateway,
            health=self._health,
            egress=self._egress,
            diagnostics=new_diagnostics(
                settings=settings,
                database=base.database,
                data_dir=data_dir,
                accounts=self.accounts,
                keys=self.keys,
                gateway=self._gateway,
                health=self._health,
                egress=self._egress,
                vault=base.vault,
                clock=base.clock,
                file_notices=base.file_notices,
                sandbox=base.sandbox,
            ),
            quota=self._quota(),
            metrics=MetricsService(base.bus, self.pool, self._gateway, base.catalog),
            settings=settings,
            catalog=base.catalog,
            bus=base.bus,
            tasks=base.tasks,
            clock=base.clock,
        )

    def _chat(self) -> ChatService:
        base, settings = self._base, self._base.settings
        attachments = AttachmentService(
            self.upstream,
            RemoteFiles(lambda: settings.current.attachments, proxy=self._plan.proxy_to),
            base.clock,
            lambda: settings.current.attachments,
        )
        return ChatService(
            base.catalog,
            self.pool,
            self.upstream,
            self.tokens,
            self._usage,
            attachments,
            base.bus,
            base.clock,
            retry=lambda: retry_of(settings.current),
        )

    def _quota(self) -> QuotaKeeper:
        base, settings = self._base, self._base.settings
        quota = QuotaKeeper(
            self.pool,
            self.accounts.read_quota,
            base.bus,
            base.tasks,
            base.clock,
            lambda: settings.current.quota,
        )
        self.pool.on_exhausted = quota.on_exhausted
        return quota
