"""What the composition root hands out."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from grokdesk.app.lazy_vault import LazyVault
from grokdesk.app.reaching import Reaching
from grokdesk.app.upstreams import CurrentUpstream
from grokdesk.domain.tiers import TierTable
from grokdesk.pool.pool import AccountPool
from grokdesk.services.bundle import Services
from grokdesk.services.tokens import TokenKeeper
from grokdesk.upstream.web.client import GrokWebClient


@dataclass(slots=True)
class Core:
    """`notices` are sentences that a person should read."""

    services: Services
    reaching: Reaching
    tiers: TierTable
    vault: LazyVault
    sandbox: bool
    notices: list[str]
    has_intents: Callable[[], Awaitable[bool]]
    """Whether a crash left vault entries without an account."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by whoever wants the program to end."""
    raise_window: Callable[[], bool] = lambda: False
    """Set by the desktop app; False where there is no window."""

    @property
    def pool(self) -> AccountPool:
        return self.reaching.stored.pool

    @property
    def tokens(self) -> TokenKeeper:
        return self.reaching.stored.tokens

    @property
    def upstream(self) -> CurrentUpstream:
        return self.reaching.stored.upstream

    @property
    def web(self) -> GrokWebClient:
        return self.reaching.web
