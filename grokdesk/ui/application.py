"""The desktop face: builds window and tray once, and decides what closing and quitting mean."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from grokdesk.services.bundle import Services
from grokdesk.ui import text
from grokdesk.ui.bridge import EventBridge
from grokdesk.ui.calls import Calls
from grokdesk.ui.clipboard import Clipboard
from grokdesk.ui.dialogs.ask import AskDialog
from grokdesk.ui.garbage import GarbageCollector
from grokdesk.ui.icons import Icons
from grokdesk.ui.kit import Kit
from grokdesk.ui.pages.overview import OverviewPage
from grokdesk.ui.shell import MainWindow
from grokdesk.ui.theme import Theme, ThemeChoice
from grokdesk.ui.tray import Tray
from grokdesk.ui.ui_state import UiState

_CLOSE_TOLD = "close_notice_shown"


class DesktopUi(QObject):
    """Needs a running loop from `start` on. `quit_requested` is called at most once."""

    def __init__(
        self,
        app: QApplication,
        services: Services,
        *,
        state_file: Path,
        icon_dir: Path,
        quit_requested: Callable[[], None],
    ) -> None:
        super().__init__(app)
        self._app = app
        self._services = services
        self._quit_requested = quit_requested
        self._quitting = False
        self._asking: AskDialog | None = None
        app.setQuitOnLastWindowClosed(False)
        theme = Theme(app, self)
        theme.choose(ThemeChoice(services.settings.current.ui.theme))
        icons = Icons(icon_dir, theme)
        app.setWindowIcon(icons.drawn("grokdesk", 16, 22, 32, 48, 64, 128, 256))
        self._kit = Kit(
            services=services,
            theme=theme,
            icons=icons,
            bridge=EventBridge(services.bus, self),
            calls=Calls(services.tasks, services.clock),
            clipboard=Clipboard(self),
            state=UiState(state_file),
        )
        self._kit.bridge.settings_changed.connect(self._apply_theme)
        self._window: MainWindow | None = None
        self.tray = Tray(self._kit, icon_dir, self)
        self._wire_tray()
        self._garbage = GarbageCollector(self)

    @property
    def window(self) -> MainWindow:
        """Built when it is first needed."""
        if self._window is None:
            self._window = MainWindow(self._kit)
            self._window.close_wanted.connect(self._close_window)
            self._window.quit_wanted.connect(self.quit)
        return self._window

    def start(self, *, minimized: bool) -> None:
        """Minimized: only the tray shows, unless there turns out to be none."""
        self._garbage.start()
        self.tray.show()
        if not minimized:
            self.raise_window()

    def raise_window(self) -> None:
        self.window.bring_to_front()

    def shutdown(self) -> None:
        """The program ends now: windows, icon and subscriptions go."""
        self._kit.clipboard.forget_secret()
        self._kit.bridge.close()
        self.tray.close()
        if self._window is not None:
            self._window.let_close()
            self._window.deleteLater()
            self._window = None
        self._garbage.stop()
        self.deleteLater()

    def quit(self) -> None:
        """Ask once when answers are still arriving; a second time quits at once."""
        running = self._services.gateway.snapshot().running_requests
        if not running or self._asking is not None:
            self._really_quit()
            return
        self.raise_window()
        verb = "is" if running == 1 else "are"
        self._asking = AskDialog(
            self.window,
            f"{text.count(running, 'answer')} {verb} still arriving",
            "Quitting cuts them off. The programs that asked get an error.",
            yes="Quit",
            on_yes=self._really_quit,
            no="Wait",
            on_no=self._forget_question,
            danger=True,
        )
        self._asking.open()

    def _wire_tray(self) -> None:
        tray = self.tray
        tray.open_wanted.connect(self.raise_window)
        tray.toggle_wanted.connect(self._toggle_window)
        tray.settings_wanted.connect(self._open_settings)
        tray.key_wanted.connect(self._copy_key)
        tray.quit_wanted.connect(self.quit)
        tray.missing.connect(self._no_tray)

    def _toggle_window(self) -> None:
        """Front goes away; hidden or behind comes to the front."""
        window = self.window
        if window.isVisible() and window.isActiveWindow():
            window.remember()
            window.hide()
        else:
            self.raise_window()

    def _no_tray(self) -> None:
        """Without a tray the window is the only way in."""
        self.raise_window()

    def _open_settings(self) -> None:
        self.raise_window()
        self.window.open_page("settings")

    def _copy_key(self) -> None:
        """Right after a key was made it is copied; later a new one has to be made."""
        fresh = self._services.keys.fresh
        if fresh is not None:
            self._kit.clipboard.copy(fresh, secret=True)
            return
        self.raise_window()
        self.window.open_page("overview")
        page = self.window.page("overview")
        if isinstance(page, OverviewPage):
            page.new_key()

    def _close_window(self) -> None:
        window = self.window
        window.remember()
        if not self.tray.hosted or not self._services.settings.current.ui.close_to_tray:
            self._ask_about_closing()
        elif self._kit.state.flag(_CLOSE_TOLD):
            window.hide()
        else:
            self._tell_about_tray()

    def _tell_about_tray(self) -> None:
        self._kit.state.set(_CLOSE_TOLD, True)
        AskDialog(
            self.window,
            "Grokdesk keeps running",
            "Programs can go on using the gateway. Open the window again, or quit, from the "
            "Grokdesk icon in the tray.",
            yes="Keep running",
            on_yes=self.window.hide,
            no="Quit instead",
            on_no=self.quit,
        ).open()

    def _ask_about_closing(self) -> None:
        """No icon to come back by: keep the window reachable, or end."""
        if self._services.settings.current.ui.close_to_tray:
            AskDialog(
                self.window,
                "Quit Grokdesk?",
                "This desktop shows no tray icon. Minimise the window to keep the gateway "
                "running, or quit to stop it.",
                yes="Minimise",
                on_yes=self.window.showMinimized,
                no="Quit",
                on_no=self.quit,
            ).open()
        else:
            self.quit()

    def _really_quit(self) -> None:
        if not self._quitting:
            self._quitting = True
            self._quit_requested()

    def _forget_question(self) -> None:
        self._asking = None

    def _apply_theme(self, keys: frozenset[str]) -> None:
        if "ui.theme" in keys:
            self._kit.theme.choose(ThemeChoice(self._services.settings.current.ui.theme))
