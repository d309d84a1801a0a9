"""The desktop app: Qt, its loop, the core and the windows, started and ended in order."""

import contextlib
import os
import sys
from typing import Any

from grokdesk.app.control import NotRunningError, request
from grokdesk.app.core import Core, CoreOptions, running_core
from grokdesk.app.headless import announce
from grokdesk.app.instance import AlreadyRunningError, sole_instance
from grokdesk.app.logs import start_logs
from grokdesk.app.resources import resource_path
from grokdesk.domain.errors import GrokdeskError
from grokdesk.kernel.paths import Paths


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
    import asyncio

    try:
        asyncio.run(request(paths, "window.raise", {}, lambda _progress: None))
    except NotRunningError:
        raise AlreadyRunningError(
            "Grokdesk is already running with this profile, but does not answer yet."
        ) from None
    print("Grokdesk is already running.", file=sys.stderr)  # noqa: T201
    return 0


def _run_qt(options: CoreOptions, *, minimized: bool) -> int:
    from PySide6.QtWidgets import QApplication

    from grokdesk.app.qtloop import ensure_safe_qt, run

    ensure_safe_qt()
    app = QApplication(["grokdesk"])
    app.setApplicationName("Grokdesk")
    app.setApplicationDisplayName("Grokdesk")
    app.setDesktopFileName("io.github.grokdesk.Grokdesk")
    app.setQuitOnLastWindowClosed(False)
    run(app, _main(app, options, minimized=minimized))
    return 0


async def _main(app: Any, options: CoreOptions, *, minimized: bool) -> None:
    from grokdesk.app.quitting import QuitGuard

    guard = QuitGuard(app)
    async with running_core(options) as core:
        announce(core)
        ui = _start_ui(app, core, options, guard, minimized=minimized)
        try:
            await guard.requested.wait()
        finally:
            ui.shutdown()


def _start_ui(app: Any, core: Core, options: CoreOptions, guard: Any, *, minimized: bool) -> Any:
    from grokdesk.ui.application import DesktopUi

    ui = DesktopUi(
        app,
        core.services,
        state_file=options.paths.config_dir / "window.json",
        icon_dir=resource_path("icons"),
        quit_requested=guard.requested.set,
    )
    settings = core.services.settings.current.ui
    ui.start(minimized=minimized or settings.start_minimized)

    def raise_window() -> bool:
        ui.raise_window()
        return True

    core.raise_window = raise_window
    return ui
