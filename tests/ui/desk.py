"""What UI tests work at: the stage, the kit, and waiting for what should come true."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import shiboken6
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QPushButton, QWidget
from stand_in import ICONS, Stage, bare_stage, full_stage

from grokdesk.services.bundle import Services
from grokdesk.simulator.server import Simulator
from grokdesk.ui.application import DesktopUi
from grokdesk.ui.bridge import EventBridge
from grokdesk.ui.calls import Calls
from grokdesk.ui.clipboard import Clipboard
from grokdesk.ui.garbage import GarbageCollector
from grokdesk.ui.icons import Icons
from grokdesk.ui.kit import Kit
from grokdesk.ui.theme import Theme
from grokdesk.ui.ui_state import UiState

W = TypeVar("W", bound=QWidget)


@dataclass
class Desk:
    app: QApplication
    stage: Stage
    kit: Kit
    folder: Path
    quits: list[None] = field(default_factory=list)
    """One for each time that the face asked to quit."""

    @property
    def services(self) -> Services:
        return self.stage.services

    def show(self, widget: W, width: int = 900, height: int = 700) -> W:
        widget.resize(width, height)
        widget.show()
        return widget

    async def until(self, holds: Callable[[], object], timeout: float = 5.0) -> None:
        """Fail unless `holds` becomes true."""
        deadline = asyncio.get_running_loop().time() + timeout
        while not holds():
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError("it did not come true in time")
            await asyncio.sleep(0.01)

    @contextlib.contextmanager
    def face(self, *, minimized: bool = False, hosted: bool = True) -> Iterator[DesktopUi]:
        """The whole face; `hosted` says whether the desktop shows tray icons."""
        ui = DesktopUi(
            self.app,
            self.services,
            state_file=self.folder / "window.json",
            icon_dir=ICONS,
            quit_requested=lambda: self.quits.append(None),
        )
        ui.tray._host_exists = lambda: hosted
        ui.start(minimized=minimized)
        try:
            yield ui
        finally:
            ui.shutdown()


def click(button: QWidget) -> None:
    assert button.isEnabled(), "a click on it does nothing"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=QPoint(8, button.height() // 2))


def button(parent: QWidget, text: str) -> QPushButton:
    """The visible button with this text or accessible name."""
    for found in parent.findChildren(QPushButton):
        if text in (found.text(), found.accessibleName()) and found.isVisible():
            return found
    raise AssertionError(f"there is no visible button “{text}”")


def is_gone(dialog: QWidget) -> bool:
    """Closed; Qt may have deleted it by now."""
    return not shiboken6.isValid(dialog) or not dialog.isVisible()


def dialog(parent: QWidget, kind: type[W] = QDialog) -> W:  # type: ignore[assignment]
    """The open dialog."""
    for found in parent.findChildren(kind):
        if found.isVisible():
            return found
    raise AssertionError("there is no open dialog")


def make_kit(app: QApplication, services: Services, folder: Path) -> Kit:
    theme = Theme(app)
    return Kit(
        services=services,
        theme=theme,
        icons=Icons(ICONS, theme),
        bridge=EventBridge(services.bus, theme),
        calls=Calls(services.tasks, services.clock),
        clipboard=Clipboard(theme),
        state=UiState(folder / "state.json"),
    )


@contextlib.asynccontextmanager
async def full_desk(app: QApplication, folder: Path) -> AsyncIterator[Desk]:
    async with full_stage(folder) as stage:
        with _desk(app, stage, folder) as desk:
            yield desk


@contextlib.asynccontextmanager
async def bare_desk(app: QApplication, folder: Path) -> AsyncIterator[Desk]:
    async with bare_stage(folder) as stage:
        with _desk(app, stage, folder) as desk:
            yield desk


@contextlib.asynccontextmanager
async def linked_desk(app: QApplication, folder: Path) -> AsyncIterator[Desk]:
    async with Simulator() as simulator, bare_stage(folder, simulator.origin) as stage:
        stage.simulator = simulator
        with _desk(app, stage, folder) as desk:
            yield desk


@contextlib.contextmanager
def _desk(app: QApplication, stage: Stage, folder: Path) -> Iterator[Desk]:
    garbage = GarbageCollector(app)
    garbage.start()
    kit = make_kit(app, stage.services, folder)
    try:
        yield Desk(app, stage, kit, folder)
    finally:
        kit.bridge.close()
        delete_windows(app)
        kit.theme.deleteLater()
        garbage.stop()
        garbage.deleteLater()


def delete_windows(app: QApplication) -> None:
    """Now, not when the loop comes round: their timers must not outlive the test."""
    for widget in app.topLevelWidgets():
        widget.hide()
        widget.deleteLater()
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
