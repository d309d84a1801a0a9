"""The tray icon: state as a shape, and a menu from which everything can be reached."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from grokdesk.ui.kit import Kit
from grokdesk.ui.presenters.tray import TrayLines, quota_line, tray_lines
from grokdesk.ui.tray_hosts import tray_host_exists

_SIZES = (16, 22, 24, 32, 44, 48, 64)
_POLL_MS = 500
_GIVE_UP_AFTER_MS = 10_000
_RECHECK_MS = 5_000
_FEW = 500
"""With more accounts the quota is summed up only when the menu opens."""
_DARK_PANELS = ("gnome", "unity", "ubuntu", "cinnamon", "pantheon")


class Tray(QObject):
    """Appears as soon as there is a host; `missing` says that none came in ten seconds."""

    open_wanted = Signal()
    toggle_wanted = Signal()
    settings_wanted = Signal()
    key_wanted = Signal()
    quit_wanted = Signal()
    missing = Signal()

    def __init__(
        self,
        kit: Kit,
        icon_dir: Path,
        parent: QObject | None = None,
        *,
        host_exists: Callable[[], bool] = tray_host_exists,
    ) -> None:
        super().__init__(parent)
        self._kit = kit
        self._dir = icon_dir / "tray"
        self._host_exists = host_exists
        self._waited_ms = 0
        self._hosted = False
        self._lines: TrayLines | None = None
        self._icon: QSystemTrayIcon | None = None
        self._menu = QMenu()
        self._fill_menu()
        self._menu.aboutToShow.connect(self._menu_opens)
        self._poll = QTimer(self, interval=_POLL_MS)
        self._poll.timeout.connect(self._look_for_host)
        # Sums over all accounts: once a second at most.
        self._soon = QTimer(self, interval=1_000, singleShot=True)
        self._soon.timeout.connect(self.refresh)
        bridge = kit.bridge
        bridge.gateway_changed.connect(self.refresh)
        bridge.accounts_changed.connect(self._refresh_soon)
        bridge.account_list_changed.connect(self._refresh_soon)
        bridge.settings_changed.connect(self.refresh)
        bridge.health_changed.connect(self.refresh)
        kit.theme.changed.connect(self._draw)

    @property
    def hosted(self) -> bool:
        """Whether somebody shows the icon; Qt's `isVisible` says yes even without a host."""
        return self._hosted

    def show(self) -> None:
        self.refresh()
        self._poll.start()
        self._look_for_host()

    def close(self) -> None:
        self._poll.stop()
        self._soon.stop()
        if self._icon is not None:
            self._icon.hide()
        self._menu.deleteLater()

    def refresh(self) -> None:
        services = self._kit.services
        pool = services.accounts.summary()
        exposed = services.settings.current.gateway.is_exposed
        lines = tray_lines(
            services.gateway.snapshot(),
            pool,
            services.health.snapshot(),
            services.clock.now(),
            exposed=exposed,
        )
        self._show_lines(lines)
        if pool.total <= _FEW:
            self._refresh_quota()

    def _fill_menu(self) -> None:
        menu = self._menu
        opening = menu.addAction("Open Grokdesk", self.open_wanted.emit)
        font = opening.font()
        font.setBold(True)
        opening.setFont(font)
        menu.setDefaultAction(opening)
        self._status = _line(menu)
        self._quota = _line(menu)
        menu.addSeparator()
        menu.addAction("Copy API address", self._copy_address)
        menu.addAction("Copy API key…", self.key_wanted.emit)
        menu.addSeparator()
        self._pause = menu.addAction("Pause gateway", self._toggle_pause)
        menu.addSeparator()
        menu.addAction("Settings…", self.settings_wanted.emit)
        menu.addSeparator()
        menu.addAction("Quit Grokdesk", self.quit_wanted.emit)

    def _menu_opens(self) -> None:
        self.refresh()
        self._refresh_quota()

    def _refresh_quota(self) -> None:
        services = self._kit.services
        _say(self._quota, quota_line(services.accounts.snapshot(), services.clock.now()))

    def _refresh_soon(self) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def _show_lines(self, lines: TrayLines) -> None:
        if lines == self._lines:
            return
        self._lines = lines
        _say(self._status, lines.status)
        _say(self._pause, "Resume gateway" if lines.paused else "Pause gateway")
        self._pause.setEnabled(lines.can_pause)
        self._draw()

    def _draw(self) -> None:
        if self._icon is not None and self._lines is not None:
            self._icon.setToolTip(self._lines.tooltip)
            picture = tray_icon(self._dir, self._lines.icon, dark_panel=self._dark_panel())
            self._icon.setIcon(picture)

    def _dark_panel(self) -> bool:
        desktop = os.environ.get("XDG_CURRENT_DESKTOP", "").lower()
        return self._kit.theme.dark or any(name in desktop for name in _DARK_PANELS)

    def _look_for_host(self) -> None:
        self._hosted = self._host_exists()
        if not self._hosted:
            self._wait_for_host()
            return
        self._poll.setInterval(_RECHECK_MS)
        if self._icon is None:
            self._show_icon()

    def _wait_for_host(self) -> None:
        before = self._waited_ms
        self._waited_ms += self._poll.interval()
        if before < _GIVE_UP_AFTER_MS <= self._waited_ms:
            self._poll.setInterval(_RECHECK_MS)
            self.missing.emit()

    def _show_icon(self) -> None:
        self._icon = QSystemTrayIcon(self)
        self._icon.setContextMenu(self._menu)
        self._icon.activated.connect(self._activated)
        self._draw()
        self._icon.show()

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        """On macOS a click belongs to the menu."""
        if reason is QSystemTrayIcon.ActivationReason.Trigger and sys.platform != "darwin":
            self.toggle_wanted.emit()

    def _copy_address(self) -> None:
        self._kit.clipboard.copy(self._kit.services.gateway.snapshot().base_url)

    def _toggle_pause(self) -> None:
        gateway = self._kit.services.gateway
        if self._lines is not None and self._lines.paused:
            gateway.resume()
        else:
            gateway.pause()
        self.refresh()


def tray_icon(folder: Path, state: str, *, dark_panel: bool) -> QIcon:
    """PNG files where they exist, since some hosts cannot draw SVG; the SVG otherwise."""
    if sys.platform == "darwin":
        variant = "template"
    else:
        variant = "on-dark" if dark_panel else "on-light"
    icon = QIcon()
    for size in _SIZES:
        path = folder / f"{state}-{variant}-{size}.png"
        if path.exists():
            icon.addFile(str(path))
    if icon.isNull():
        icon = QIcon(str(folder / f"{state}-22.svg"))
    icon.setIsMask(variant == "template")
    return icon


def _line(menu: QMenu) -> QAction:
    action = menu.addAction("")
    action.setEnabled(False)
    return action


def _say(action: QAction, words: str) -> None:
    """Each change of an entry is a message on the session bus. `&` would become a mnemonic."""
    shown = words.replace("&", "&&")
    if action.text() != shown:
        action.setText(shown)
