"""The desktop app: Qt, its loop, the core and the windows, started and ended in order."""

import asyncio
import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING

from grokdesk.app.control_client import NotRunningError, request
from grokdesk.app.core import Core, CoreOptions, running_core
from grokdesk.app.headless import announce, settle_memory
from grokdesk.app.instance import AlreadyRunningError, sole_instance
from grokdesk.app.logs import start_logs
from grokdesk.app.resources import resource_path
from grokdesk.domain.errors import GrokdeskError
from grokdesk.kernel.paths import Paths

if TYPE_CHECKING:
    from grokdesk.app.quitting import DesktopApplication, QuitGuard
    from grokdesk.ui.application import DesktopUi


def run_desktop(
    paths: Paths, *, profile: str | None, port: int | None, demo: bool, minimized: bool
) -> int:
    """Run until the user quits. A second launch raises the first one's window and ends."""
    _need_a_display()
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(sole_instance(paths.lock_file))
        except AlreadyRunningError:
            return _raise_the_other(paths)
        logs = stack.enter_context(start_logs(paths, os.environ))
        options = CoreOptions(
            paths,
            profile=profile,
            port=port,
            demo=demo,
            survive_taken_port=True,
            set_log_level=logs.set_level,
        )
        return _run_qt(options, minimized=minimized)


def _need_a_display() -> None:
    on_linux = sys.platform.startswith("linux")
    if on_linux and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise GrokdeskError("There is no display here. Run the gateway alone: grokdesk serve")
    try:
        import PySide6.QtWidgets  # noqa: F401
    except ImportError as error:
        raise GrokdeskError(
            f"The windows cannot be loaded ({error}). Install 'grokdesk[desktop]' and the Qt "
            "libraries of your system, or run the gateway alone: grokdesk serve"
        ) from None


def _raise_the_other(paths: Paths) -> int:
    try:
        request(paths, "window.raise", {}, lambda _progress: None)
    except NotRunningError:
        raise AlreadyRunningError(
            "Grokdesk is already running with this profile, but does not answer yet."
        ) from None
    print("Grokdesk is already running.", file=sys.stderr)  # noqa: T201
    return 0


def _run_qt(options: CoreOptions, *, minimized: bool) -> int:
    from grokdesk.app.qtloop import ensure_safe_qt, run
    from grokdesk.app.quitting import DesktopApplication

    ensure_safe_qt()
    app = DesktopApplication(["grokdesk"])
    app.setApplicationName("Grokdesk")
    app.setApplicationDisplayName("Grokdesk")
    app.setDesktopFileName("io.github.grokdesk.Grokdesk")
    app.setQuitOnLastWindowClosed(False)
    run(app, _main(app, options, minimized=minimized))
    return 0


async def _main(app: "DesktopApplication", options: CoreOptions, *, minimized: bool) -> None:
    from grokdesk.app.quitting import QuitGuard

    guard = QuitGuard(app)
    _request_on_signals(guard)
    async with running_core(options) as core:
        core.services.tasks.run_soon(_end_at_once(guard), name="impatience")
        announce(core)
        ui = _start_ui(app, core, options, guard, minimized=minimized)
        settle_memory()
        try:
            await guard.requested.wait()
        finally:
            ui.shutdown()
    guard.release()


def _start_ui(
    app: "DesktopApplication",
    core: Core,
    options: CoreOptions,
    guard: "QuitGuard",
    *,
    minimized: bool,
) -> "DesktopUi":
    from grokdesk.ui.application import DesktopUi

    ui = DesktopUi(
        app,
        core.services,
        state_file=options.paths.config_dir / "window.json",
        icon_dir=resource_path("icons"),
        quit_requested=guard.request,
    )
    settings = core.services.settings.current.ui
    ui.start(minimized=minimized or settings.start_minimized)

    def raise_window() -> bool:
        ui.raise_window()
        return True

    core.raise_window = raise_window
    return ui


def _request_on_signals(guard: "QuitGuard") -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, guard.request)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(guard.request))


async def _end_at_once(guard: "QuitGuard") -> None:
    """Asked twice: what is committed is safe, and nobody wants to wait for the rest."""
    await guard.forced.wait()
    os._exit(130)
