"""The desktop face as a program of its own, steered over stdin: for tests of the real tray.

Commands, one a line, answered by a line: `state`, `pause`, `run N`, `exit`.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

# ruff: noqa: E402
from PySide6.QtWidgets import QApplication
from stand_in import ICONS, Stage, full_stage

from grokdesk.app import qtloop
from grokdesk.ui.application import DesktopUi


async def main(app: QApplication, *, minimized: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with full_stage(Path(folder)) as stage:
            quits: list[None] = []
            ui = DesktopUi(
                app,
                stage.services,
                state_file=Path(folder) / "window.json",
                icon_dir=ICONS,
                quit_requested=lambda: quits.append(None),
            )
            ui.start(minimized=minimized)
            await answer_commands(app, ui, stage, quits)
            ui.shutdown()


async def answer_commands(
    app: QApplication, ui: DesktopUi, stage: Stage, quits: list[None]
) -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while (command := (await reader.readline()).decode().split()) and command != ["exit"]:
        match command:
            case ["pause"]:
                stage.services.gateway.pause()
            case ["run", number]:
                stage.services.gateway.count(int(number))
            case ["key"]:
                await stage.services.keys.create("Fresh")
        window = ui._window
        state = {
            "visible": window is not None and window.isVisible(),
            "active": window is not None and window.isActiveWindow(),
            "page": window.page_id if window is not None else "",
            "hosted": ui.tray.hosted,
            "paused": stage.services.gateway.snapshot().state.value == "paused",
            "quits": len(quits),
            "clipboard": app.clipboard().text(),
            "key": stage.services.keys.fresh,
        }
        print(json.dumps(state), flush=True)


if __name__ == "__main__":
    application = QApplication(["grokdesk"])
    application.setApplicationName("Grokdesk")
    application.setApplicationDisplayName("Grokdesk")
    qtloop.run(application, main(application, minimized="--minimized" in sys.argv))
