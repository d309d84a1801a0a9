"""Whether something on this desktop shows tray icons now.

Qt decides at the first question, once for the whole process, whether icons go over D-Bus; asked
before the panel is up (at login), it never would. So Qt is not asked before there is a host.
"""

import ctypes
import sys
from functools import cache

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QSystemTrayIcon

_WATCHER = "org.kde.StatusNotifierWatcher"
_XEMBED = b"_NET_SYSTEM_TRAY_S0"


def tray_host_exists() -> bool:
    if not sys.platform.startswith("linux"):
        return QSystemTrayIcon.isSystemTrayAvailable()
    match QGuiApplication.platformName():
        case "wayland":
            return _watcher_is_registered()
        case "xcb":
            return _watcher_is_registered() or _xembed_host_exists()
        case _:
            return False


def _watcher_is_registered() -> bool:
    from PySide6.QtDBus import QDBusConnection

    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return False
    return bool(bus.interface().isServiceRegistered(_WATCHER).value())


def _xembed_host_exists() -> bool:
    """Ask the X server, over a connection of our own, who owns the tray's selection."""
    x11 = _libx11()
    display = x11.XOpenDisplay(None) if x11 is not None else None
    if x11 is None or not display:
        return False
    try:
        tray = x11.XInternAtom(display, _XEMBED, False)
        return bool(x11.XGetSelectionOwner(display, tray))
    finally:
        x11.XCloseDisplay(display)


@cache
def _libx11() -> ctypes.CDLL | None:
    """Qt's X11 plugin links it, so it is there when it is needed."""
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return None
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XOpenDisplay.argtypes = [ctypes.c_char_p]
    x11.XInternAtom.restype = ctypes.c_ulong
    x11.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    x11.XGetSelectionOwner.restype = ctypes.c_ulong
    x11.XGetSelectionOwner.argtypes = [ctypes.c_void_p, ctypes.c_ulong]
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    return x11
