"""What the composition root is asked for, and what it hands out."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from grokdesk.app.lazy_vault import LazyVault
from grokdesk.app.upstreams import CurrentUpstream
from grokdesk.domain.tiers import TierTable
from grokdesk.kernel.paths import Paths
from grokdesk.pool.pool import AccountPool
from grokdesk.services.bundle import Services
from grokdesk.services.tokens import TokenKeeper
from grokdesk.upstream.web.client import GrokWebClient


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
