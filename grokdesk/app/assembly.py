"""The one place where services are joined to a core, in the order in which they need each other."""

import contextlib
from collections.abc import AsyncIterator

from grokdesk.app.appliers import appliers
from grokdesk.app.foundation import Foundation
from grokdesk.app.options import CoreOptions
from grokdesk.app.parts import Core
from grokdesk.app.policies import retry_of
from grokdesk.app.reaching import Reaching, reaching_over
from grokdesk.services.admission import AdmissionService
from grokdesk.services.attachments import AttachmentService
from grokdesk.services.bundle import Services
from grokdesk.services.chat import ChatService
from grokdesk.services.metrics import MetricsService
from grokdesk.services.quota import QuotaKeeper
from grokdesk.services.remote_files import RemoteFiles
from grokdesk.services.responses import ResponseService
from grokdesk.store import intents
from grokdesk.store.responses import ResponseStore


@contextlib.asynccontextmanager
async def assembled(base: Foundation, options: CoreOptions) -> AsyncIterator[Core]:
    """All services, loaded; nothing runs in the background yet."""
    reaching = reaching_over(base, options)
    services = _services(base, reaching)
    async with reaching.opened():
        for applier in appliers(services, reaching.stored.pool, options.set_log_level):
            base.settings.add_applier(applier)

        async def has_intents() -> bool:
            return await base.database.call(lambda: intents.any_pending(base.database.sql))

        yield Core(
            services,
            reaching,
            base.tiers,
            base.vault,
            base.sandbox,
            base.notices,
            has_intents,
        )


def _services(base: Foundation, reaching: Reaching) -> Services:
    stored, settings = reaching.stored, base.settings
    chat = _chat(base, reaching)
    return Services(
        chat=chat,
        responses=ResponseService(
            ResponseStore(base.database),
            chat,
            reaching.gateway,
            stored.keys,
            base.bus,
            base.tasks,
            base.clock,
            lambda: settings.current.responses.retention_days,
        ),
        accounts=stored.accounts,
        importer=reaching.importer,
        keys=stored.keys,
        admission=AdmissionService(
            base.catalog,
            reaching.gateway,
            stored.keys,
            stored.limits,
            lambda: settings.current.models,
        ),
        usage=stored.usage,
        gateway=reaching.gateway,
        health=reaching.health,
        egress=reaching.egress,
        diagnostics=reaching.diagnostics,
        quota=_quota(base, reaching),
        metrics=MetricsService(base.bus, stored.pool, reaching.gateway, base.catalog),
        settings=settings,
        catalog=base.catalog,
        bus=base.bus,
        tasks=base.tasks,
        clock=base.clock,
    )


def _chat(base: Foundation, reaching: Reaching) -> ChatService:
    stored, settings = reaching.stored, base.settings
    attachments = AttachmentService(
        stored.upstream,
        RemoteFiles(lambda: settings.current.attachments, proxy=reaching.plan.proxy_to),
        base.clock,
        lambda: settings.current.attachments,
    )
    return ChatService(
        base.catalog,
        stored.pool,
        stored.upstream,
        stored.tokens,
        stored.usage,
        attachments,
        base.bus,
        base.clock,
        retry=lambda: retry_of(settings.current),
    )


def _quota(base: Foundation, reaching: Reaching) -> QuotaKeeper:
    stored, settings = reaching.stored, base.settings
    quota = QuotaKeeper(
        stored.pool,
        stored.accounts.read_quota,
        base.bus,
        base.tasks,
        base.clock,
        lambda: settings.current.quota,
    )
    stored.pool.on_exhausted = quota.on_exhausted
    return quota
