"""The gateway without a window: plain asyncio (uvloop if installed) and signals."""

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import Callable

from grokdesk.app.cli_output import welcome
from grokdesk.app.core import Core, CoreOptions, running_core
from grokdesk.app.instance import sole_instance
from grokdesk.app.logs import start_logs
from grokdesk.kernel.paths import Paths

_TEMPORARY_KEY = "demo"


def run_headless(
    paths: Paths, *, profile: str | None, host: str | None, port: int | None, demo: bool
) -> int:
    """Serve until SIGINT or SIGTERM; a second one ends at once."""
    gc.freeze()  # what is loaded stays, and need not be looked at when the first request comes
    with contextlib.ExitStack() as stack:
        stack.enter_context(sole_instance(paths.lock_file))
        logs = stack.enter_context(start_logs(paths, os.environ))
        options = CoreOptions(
            paths,
            profile=profile,
            host=host,
            port=port,
            demo=demo,
            allow_key_file=True,
            set_log_level=logs.set_level,
        )
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(options))
    return 0


async def _serve(options: CoreOptions) -> None:
    async with running_core(options) as core:
        _stop_on_signals(core.stopping)
        announce(core)
        settle_memory()
        await core.stopping.wait()


def settle_memory() -> None:
    """What a start has built stays: the collector need not look at it again with every request."""
    gc.collect()
    gc.freeze()


def announce(core: Core) -> None:
    """Print how to connect. A key that is stored as a hash cannot be shown again."""
    services = core.services
    for notice in core.notices:
        print(notice, file=sys.stderr)  # noqa: T201 - the command line's voice
    snapshot = services.gateway.snapshot()
    if snapshot.error:
        print(snapshot.error, file=sys.stderr)  # noqa: T201
        return
    key, note = services.keys.fresh or "", "shown this once: keep it"
    if not key and snapshot.demo:
        key, note = services.keys.lend(_TEMPORARY_KEY), "works until this program ends"
    if not key:
        stored = services.keys.list()
        note = f"{stored[0].hint} (shown when it was made; 'grokdesk keys create' makes another)"
    text = welcome(snapshot.base_url, key, note, demo=snapshot.demo, sandbox=core.sandbox)
    print(text, flush=True)  # noqa: T201


def _stop_on_signals(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if stopping.is_set():
            raise KeyboardInterrupt
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows: KeyboardInterrupt ends the run
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
