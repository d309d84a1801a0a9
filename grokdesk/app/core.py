"""The running app without a face: everything started in order and stopped in reverse.

The services over storage, the gateway, the control socket and, while there is no account, the demo.
"""

import contextlib
from collections.abc import AsyncIterator, Coroutine
from functools import partial
from typing import Any

from grokdesk.app.assembly import assembled
from grokdesk.app.commands import run_command
from grokdesk.app.control import ControlServer
from grokdesk.app.control_client import Progress
from grokdesk.app.foundation import open_foundation
from grokdesk.app.listener import Listener
from grokdesk.app.options import CoreOptions
from grokdesk.app.parts import Core
from grokdesk.app.wake import LocalNetwork, WakeDetector
from grokdesk.domain.errors import VaultLockedError
from grokdesk.domain.events import GatewayChanged
from grokdesk.gateway.listen import PortTakenError
from grokdesk.services.gateway import GatewayState
from grokdesk.settings.model import Settings

__all__ = ["Core", "CoreOptions", "running_core"]

FIRST_KEY_NAME = "default"


@contextlib.asynccontextmanager
async def running_core(options: CoreOptions) -> AsyncIterator[Core]:
    """Everything: when this yields, the endpoint answers.

    Raise PortTakenError when the port is taken, SettingsError for a bad setting.
    """
    async with contextlib.AsyncExitStack() as stack:
        base = await stack.enter_async_context(open_foundation(options))
        core = await stack.enter_async_context(assembled(base, options))
        services = core.services
        settings = services.settings.current
        await services.metrics.switch(settings.metrics.enabled)
        if not services.keys.list():
            await services.keys.create(FIRST_KEY_NAME)
        if _wants_demo(core, settings):
            from grokdesk.app.demo import demo  # a simulator is loaded by those who look at one

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
        control = ControlServer(options.paths, partial(_answer, core), services.tasks)
        await control.start()
        stack.push_async_callback(control.stop)
        for name, work in _background(core).items():
            services.tasks.run_soon(work, name=name)
        yield core


async def _answer(
    core: Core, name: str, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """What comes over the control socket."""
    if name == "window.raise":
        return {"raised": core.raise_window()}
    return await run_command(core.reaching, name, arguments, progress)


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
