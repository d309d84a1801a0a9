"""Builds the grok.com client from the settings."""

from dataclasses import replace

from grokdesk.domain.tiers import TierTable
from grokdesk.kernel.clock import Clock
from grokdesk.services.egress_plan import EgressPlan, plain_egress
from grokdesk.settings.service import SettingsService
from grokdesk.upstream.web.clearance import NO_CLEARANCE
from grokdesk.upstream.web.client import GrokWebClient
from grokdesk.upstream.web.session import Egress
from grokdesk.upstream.web.sessions import Sessions
from grokdesk.upstream.web.wire.facts import Origins


def new_web_client(
    settings: SettingsService,
    clock: Clock,
    tiers: TierTable,
    plan: EgressPlan | None = None,
    *,
    web_url: str | None = None,
) -> GrokWebClient:
    """`web_url` is the simulator's, which is reached without proxies and without anything pasted.

    Without a plan the settings alone count. Raise SettingsError.
    """
    upstream = settings.current.upstream

    async def load() -> Egress:
        if plan is not None:
            return await plan.load()
        egress = plain_egress(settings.current.upstream)
        if web_url is not None:
            return replace(egress, proxy=None, assets_proxy=None, clearance=NO_CLEARANCE)
        return egress

    origins = (
        Origins.of(web_url)
        if web_url is not None
        else Origins.of(upstream.web_url, upstream.assets_url, upstream.socket_url)
    )
    return GrokWebClient(
        origins,
        Sessions(origins, load, clock),
        clock,
        tiers,
        chat_transport=lambda: settings.current.upstream.chat_transport,
        turn_timeout_s=lambda: settings.current.upstream.turn_timeout_s,
    )
