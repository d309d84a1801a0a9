"""Demo mode: the built-in simulator is the upstream, so that the endpoint answers at once."""

import contextlib
import logging
from collections.abc import AsyncIterator

from grokdesk.app.parts import Core
from grokdesk.app.web import new_web_client
from grokdesk.domain.account import Account, Tier, Token
from grokdesk.domain.events import AccountsChanged
from grokdesk.kernel.clock import Clock
from grokdesk.simulator.server import Simulator

_log = logging.getLogger(__name__)

_TOKEN = Token("grokdesk-demo-account-heavy")
"""Opens nothing: the simulator accepts any text and reads the tier from its end."""


@contextlib.asynccontextmanager
async def demo(core: Core) -> AsyncIterator[None]:
    """The simulator serves until the first real account comes in."""
    simulator = Simulator(demo=True)
    origin = await simulator.start()
    services = core.services
    demo_client = new_web_client(services.settings, services.clock, core.tiers, web_url=origin)
    account, token = demo_account(services.clock)
    core.tokens.remember(account.id, token)
    core.pool.put(account, core.tiers.windows(account.effective_tier))
    core.upstream.use(demo_client)
    services.gateway.change(demo=True)

    def leave(_event: AccountsChanged) -> None:
        real = any(not snapshot.demo for snapshot in services.accounts.snapshot())
        if real and services.gateway.snapshot().demo and not core.sandbox:
            core.upstream.use(core.web)
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


def demo_account(clock: Clock) -> tuple[Account, Token]:
    """An account that exists in memory only."""
    account = Account(
        id="demo",
        label="Demo account (simulator)",
        fingerprint=_TOKEN.fingerprint,
        token_hint="demo",  # noqa: S106 - says that there is no token
        tier=Tier.HEAVY,
        tier_pinned=True,
        created_at=clock.now(),
        demo=True,
    )
    return account, _TOKEN
