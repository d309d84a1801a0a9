"""The real tray icon, seen from the desktop's side: D-Bus in a session of its own, under Xvfb."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tray_host import TrayHost

pytestmark = [
    pytest.mark.tray,
    pytest.mark.skipif(
        any(shutil.which(tool) is None for tool in ("Xvfb", "dbus-daemon")),
        reason="needs Xvfb and dbus-daemon",
    ),
]

PROGRAM = Path(__file__).with_name("tray_program.py")


@dataclass
class Session:
    """A display and a bus, and what runs on them."""

    bus: str
    environ: dict[str, str]

    @contextlib.contextmanager
    def host(self) -> Iterator[TrayHost]:
        host = TrayHost(self.bus)
        try:
            yield host
        finally:
            host.close()

    @contextlib.contextmanager
    def program(self, *arguments: str) -> Iterator["Program"]:
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *arguments],
            env=self.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            yield Program(process)
        finally:
            with contextlib.suppress(BrokenPipeError):
                process.communicate("exit\n", timeout=15)


@dataclass
class Program:
    process: subprocess.Popen[str]

    def tell(self, command: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    @property
    def state(self) -> dict[str, Any]:
        return self.tell("state")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with contextlib.ExitStack() as stack:
        display = stack.enter_context(
            _server("Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp")
        )
        bus = stack.enter_context(
            _server("dbus-daemon", "--session", "--nofork", "--print-address")
        )
        home = str(tmp_path_factory.mktemp("home"))
        environ = {
            **os.environ,
            "DISPLAY": f":{display}",
            "DBUS_SESSION_BUS_ADDRESS": bus,
            "QT_QPA_PLATFORM": "xcb",
            "HOME": home,
            "LC_ALL": "C.UTF-8",
        }
        environ.pop("XDG_CURRENT_DESKTOP", None)
        if shutil.which("openbox"):
            stack.enter_context(_running("openbox", environ=environ))
        yield Session(bus, environ)


def test_the_item_tells_what_it_is_and_how_it_stands(session: Session) -> None:
    with session.host() as host, session.program("--minimized"):
        until(lambda: host.items)
        assert host.property("Category") == "ApplicationStatus"
        assert host.property("Id") == "Grokdesk"
        assert host.property("Title") == "Grokdesk"
        assert host.property("Status") == "Active"
        tooltip = host.property("ToolTip")
        assert tooltip[2] == "Grokdesk: running on 127.0.0.1:18787 · 4 of 11 accounts ready"
        sizes = {width for width, _height, _data in host.property("IconPixmap")}
        assert {22, 32} <= sizes


def test_the_menu_has_its_entries_in_order_and_status_lines_cannot_be_clicked(
    session: Session,
) -> None:
    with session.host() as host, session.program("--minimized"):
        until(lambda: host.items)
        entries = host.menu()
        shown = [(entry.get("label", "—"), entry.get("enabled", True)) for entry in entries]
        assert shown == [
            ("Open Grokdesk", True),
            ("Running on 127.0.0.1:18787 · 4 of 11 accounts ready", False),
            ("Calls left: ≈fast 196, auto 91, expert 61, heavy 18", False),
            ("—", True),
            ("Copy API address", True),
            ("Copy API key…", True),
            ("—", True),
            ("Pause gateway", True),
            ("—", True),
            ("Settings…", True),
            ("—", True),
            ("Quit Grokdesk", True),
        ]


def test_every_entry_acts_when_it_is_clicked(session: Session) -> None:
    with session.host() as host, session.program("--minimized") as program:
        until(lambda: host.items)
        assert not program.state["visible"]
        host.click("Copy API address")
        until(lambda: program.state["clipboard"] == "http://127.0.0.1:18787/v1")
        host.click("Pause gateway")
        until(lambda: program.state["paused"])
        host.click("Resume gateway")
        until(lambda: not program.state["paused"])
        program.tell("key")
        host.click("Copy API key…")
        until(lambda: program.state["clipboard"] == program.state["key"])
        host.click("Settings…")
        until(lambda: program.state["visible"] and program.state["page"] == "settings")
        host.click("Quit Grokdesk")
        until(lambda: program.state["quits"] == 1)


def test_status_tooltip_and_icon_are_true_within_two_seconds(session: Session) -> None:
    with session.host() as host, session.program("--minimized") as program:
        until(lambda: host.items)
        before = host.property("IconPixmap")
        program.tell("pause")
        until(lambda: host.labels()[1] == "Paused · 4 of 11 accounts ready", timeout=2)
        until(lambda: host.property("ToolTip")[2].startswith("Grokdesk: paused"), timeout=2)
        until(lambda: host.property("IconPixmap") != before, timeout=2)


def test_activating_the_icon_toggles_the_window(session: Session) -> None:
    with session.host() as host, session.program("--minimized") as program:
        until(lambda: host.items)
        host.activate()
        until(lambda: program.state["visible"] and program.state["active"])
        host.activate()
        until(lambda: not program.state["visible"])


def test_without_a_host_the_window_opens_and_a_later_host_gets_the_icon(session: Session) -> None:
    with session.program("--minimized") as program:
        assert not program.state["hosted"]
        until(lambda: program.state["visible"], timeout=14)
        with session.host() as host:
            until(lambda: host.items, timeout=8)
            until(lambda: program.state["hosted"], timeout=8)
            assert "Open Grokdesk" in host.labels()


def test_the_icon_comes_back_after_the_panel_crashed(session: Session) -> None:
    with session.program("--minimized"):
        with session.host() as host:
            until(lambda: host.items)
        with session.host() as host:
            until(lambda: host.items, timeout=8)
            assert host.property("Title") == "Grokdesk"


@pytest.mark.skipif(shutil.which("trayer") is None, reason="needs trayer")
def test_a_panel_of_the_old_kind_gets_the_icon_too(session: Session) -> None:
    with (
        _running("trayer", "--edge", "bottom", environ=session.environ),
        session.program("--minimized") as program,
    ):
        until(lambda: program.state["hosted"])
        assert not program.state["visible"]


def until(holds: Callable[[], object], timeout: float = 6.0) -> None:
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


@contextlib.contextmanager
def _server(*command: str) -> Iterator[str]:
    """A server that says on its first line where it listens."""
    with _running(*command, say=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()


@contextlib.contextmanager
def _running(
    *command: str, environ: dict[str, str] | None = None, say: bool = False
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command, env=environ, text=True, stderr=subprocess.DEVNULL,
        stdout=subprocess.PIPE if say else subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=10)
