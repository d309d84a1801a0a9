"""The services that ask grok.com about accounts and about the way to it.

With them a command can do all while nothing runs; serving chats takes more (`app.assembly`).
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from grokdesk.app.checkup import new_diagnostics
from grokdesk.app.foundation import Foundation
from grokdesk.app.options import CoreOptions
from grokdesk.app.stored import Stored, stored_over
from grokdesk.app.web import new_web_client
from grokdesk.services.diagnostics import DiagnosticsService
from grokdesk.services.egress import EgressService
from grokdesk.services.egress_plan import EgressPlan
from grokdesk.services.gateway import GatewayService
from grokdesk.services.health import UpstreamHealth
from grokdesk.services.importer import ImportService
from grokdesk.services.secrets import SecretService
from grokdesk.store.secrets import SecretStore
from grokdesk.upstream.web.client import GrokWebClient


@dataclass(frozen=True, slots=True)
class Reaching:
    """`gateway` is its state, which is stopped as long as nothing serves."""

    stored: Stored
    web: GrokWebClient
    plan: EgressPlan
    egress: EgressService
    importer: ImportService
    gateway: GatewayService
    health: UpstreamHealth
    diagnostics: DiagnosticsService

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(self.web.aclose)
            await stack.enter_async_context(self.stored.opened())
            yield


def reaching_over(base: Foundation, options: CoreOptions) -> Reaching:
    """Nothing is loaded before it is `opened`, so that others can listen before."""
    stored = stored_over(base)
    secrets = SecretService(base.vault, SecretStore(base.database, base.clock))
    plan = EgressPlan(base.settings, secrets)
    web = new_web_client(base.settings, base.clock, base.tiers, plan)
    stored.upstream.use(web)
    gateway = GatewayService(base.bus)
    health = UpstreamHealth(stored.pool, base.bus)
    egress = EgressService(base.settings, plan, web, base.bus)
    diagnostics = new_diagnostics(
        settings=base.settings,
        database=base.database,
        data_dir=options.paths.data_dir,
        accounts=stored.accounts,
        keys=stored.keys,
        gateway=gateway,
        health=health,
        egress=egress,
        vault=base.vault,
        clock=base.clock,
        file_notices=base.file_notices,
        sandbox=base.sandbox,
    )
    importer = ImportService(
        stored.accounts,
        stored.tokens,
        base.bus,
        base.tasks,
        base.clock,
        make_room=lambda more: base.vault.make_room(len(stored.pool) + more),
    )
    return Reaching(stored, web, plan, egress, importer, gateway, health, diagnostics)
