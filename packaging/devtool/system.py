"""System packages that pip cannot bring: Qt's libraries, test tools, what PyInstaller calls."""

import os
import shutil
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from devtool.console import ToolError, capture, say

# What must be there -> the Debian/Ubuntu package that brings it.
# "lib…" is a library by its soname, "/…" a pattern of files, anything else a program.
Needs = Mapping[str, str]

QT: Needs = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libbrotlidec.so.1": "libbrotli1",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "/usr/share/fonts/*": "fonts-dejavu-core",
}
X11: Needs = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
WAYLAND: Needs = {
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
}
# Tests that miss one of these skip themselves and say so.
TEST_TOOLS: Needs = {
    "Xvfb": "xvfb",
    "xauth": "xauth",
    "dbus-run-session": "dbus",
    "gnome-keyring-daemon": "gnome-keyring",
    "strace": "strace",
}


def desktop_needs() -> Needs:
    return {**QT, **X11, **(WAYLAND if os.environ.get("WAYLAND_DISPLAY") else {})}


def build_needs() -> Needs:
    """PyInstaller cuts with objcopy and copies libpython, which Debian's own Python lacks."""
    name = str(sysconfig.get_config_var("INSTSONAME"))
    beside = Path(str(sysconfig.get_config_var("LIBDIR"))) / name
    needs = {"objcopy": "binutils", **QT}
    if name.startswith("libpython") and not beside.exists():
        needs[name] = name.partition(".so")[0]
    return needs


def missing(needs: Needs) -> list[str]:
    """The packages to install for `needs`; nothing where we cannot look (macOS, Windows, musl)."""
    if sys.platform != "linux" or _libraries() is None:
        return []
    return sorted({package for thing, package in needs.items() if not _present(thing)})


def ensure(needs: Needs, purpose: str) -> None:
    """Install what is missing when we may, else stop with the command to type."""
    packages = missing(needs)
    if not packages:
        return
    if can_install():
        install(packages, purpose)
    elif shutil.which("apt-get"):
        raise ToolError(f"{purpose.capitalize()} needs system packages. {how_to_install(packages)}")
    else:  # other distributions name and place things differently: we may be wrong
        say(f"{purpose.capitalize()} may lack system packages. {how_to_install(packages)}")


def can_install() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def how_to_install(packages: Iterable[str]) -> str:
    names = " ".join(packages)
    if shutil.which("apt-get"):
        return f"Type:\n  sudo apt-get install -y --no-install-recommends {names}"
    return f"Install what your distribution calls (Debian's names): {names}"


def install(packages: Iterable[str], purpose: str) -> None:
    names = list(packages)
    say(f"Installing system packages for {purpose}: {' '.join(names)}")
    _update_package_lists()
    if not _apt_get("install", "--yes", "--no-install-recommends", *names):
        raise ToolError(f"apt-get could not install: {' '.join(names)}")
    _libraries.cache_clear()


@cache
def _update_package_lists() -> None:
    _apt_get("update")


def _apt_get(*arguments: str) -> bool:
    command = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", *arguments]
    result = capture(command, extra_env={"DEBIAN_FRONTEND": "noninteractive"})
    if result.returncode != 0:
        print(result.stdout, file=sys.stderr)
    return result.returncode == 0


def _present(thing: str) -> bool:
    if thing.startswith("/"):
        return any(Path("/").glob(thing[1:]))
    if thing.startswith("lib"):
        return thing in (_libraries() or ())
    return shutil.which(thing) is not None


@cache
def _libraries() -> frozenset[str] | None:
    """Sonames the dynamic linker knows; None where there is no such list."""
    ldconfig = shutil.which("ldconfig", path="/sbin:/usr/sbin:" + os.environ.get("PATH", ""))
    if ldconfig is None:
        return None
    lines = capture([ldconfig, "-p"]).stdout.splitlines()[1:]
    return frozenset(line.split()[0] for line in lines if line.strip())
