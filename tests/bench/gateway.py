"""The gateway as a child process, on the loop that is to be measured.

    python -m tests.bench.gateway LOOP PORT

asyncio and uvloop are `grokdesk serve`; qt is the same core on the desktop's loop without a
window, desktop the whole desktop app.
"""

import os
import sys
from importlib.util import find_spec

LOOPS = ("asyncio", "uvloop", "qt", "desktop")


def available(loop: str) -> bool:
    """Whether what it needs is installed here."""
    needs = {"uvloop": "uvloop", "qt": "PySide6", "desktop": "grokdesk.ui.application"}
    return loop not in needs or find_spec(needs[loop]) is not None


def main(loop: str, port: str) -> int:
    from grokdesk.app.cli import main as grokdesk

    match loop:
        case "asyncio":
            sys.modules["uvloop"] = None  # type: ignore[assignment]  # as if it were not installed
            return grokdesk(["serve", "--port", port])
        case "uvloop":
            return grokdesk(["serve", "--port", port])
        case "desktop":
            _draw_nowhere()
            return grokdesk(["--port", port])
        case _:
            _draw_nowhere()
            return _serve_without_windows(int(port))


def _draw_nowhere() -> None:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ.setdefault("DISPLAY", ":0")  # never looked at; the app wants to hear of one


def _serve_without_windows(port: int) -> int:
    from PySide6.QtWidgets import QApplication

    from grokdesk.app.core import CoreOptions, running_core
    from grokdesk.app.qtloop import run
    from grokdesk.kernel.paths import Paths

    async def serve() -> None:
        async with running_core(CoreOptions(paths, port=port)) as core:
            await core.stopping.wait()

    paths = Paths.for_profile(None, os.environ)
    paths.ensure()
    run(QApplication(["bench"]), serve())
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
