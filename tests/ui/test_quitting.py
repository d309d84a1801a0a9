"""Quit requests in a real program: each test is a child process with its own application."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

PROGRAM = """
import asyncio, signal, sys
from PySide6.QtCore import QCoreApplication, QTimer
from grokdesk.app.qtloop import run
from grokdesk.app.quitting import DesktopApplication, QuitGuard

def say(text):
    print(text, flush=True)

async def shut_down(guard):
    try:
        async with asyncio.timeout(0.5):
            await guard.forced.wait()
        say("in haste")
    except TimeoutError:
        say("in order")

{body}

app = DesktopApplication(["test"])
app.setQuitOnLastWindowClosed(False)
app.aboutToQuit.connect(lambda: say("about to quit"))
guard = QuitGuard(app)
run(app, main(app, guard))
say("done")
"""


def start(body: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(body=textwrap.dedent(body))],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def output_of(body: str) -> list[str]:
    child = start(body)
    out, err = child.communicate(timeout=30)
    assert err == ""
    assert child.returncode == 0
    return out.splitlines()


def test_quit_waits_for_the_shutdown() -> None:
    assert output_of("""
        async def main(app, guard):
            QTimer.singleShot(50, QCoreApplication.quit)
            await guard.requested.wait()
            say("requested")
            await shut_down(guard)
    """) == ["requested", "in order", "about to quit", "done"]


def test_a_second_quit_forces() -> None:
    assert output_of("""
        async def main(app, guard):
            QTimer.singleShot(50, app.quit)
            QTimer.singleShot(150, app.quit)
            await guard.requested.wait()
            await shut_down(guard)
    """) == ["in haste", "about to quit", "done"]


def test_a_released_guard_lets_quit_end_the_loop() -> None:
    assert output_of(
        """
        async def main(app, guard):
            guard.release()
            QTimer.singleShot(50, app.quit)
            try:
                await asyncio.sleep(20)
            finally:
                say(f"cancelled, requested: {guard.requested.is_set()}")

        real_run = run
        def run(app, main):
            try:
                real_run(app, main)
            except RuntimeError as error:
                say(error)
    """.replace("{{", "{").replace("}}", "}")
    ) == [
        "about to quit",
        "cancelled, requested: False",
        "about to quit",
        "Event loop stopped before Future completed.",
        "done",
    ]


def test_a_logout_requests_but_the_quit_after_it_does_not_force() -> None:
    assert output_of("""
        async def main(app, guard):
            QTimer.singleShot(20, lambda: guard._on_logout(None))  # a session cannot be made
            QTimer.singleShot(50, app.quit)
            await guard.requested.wait()
            say("requested")
            await shut_down(guard)
    """) == ["requested", "in order", "about to quit", "done"]


@pytest.mark.skipif(sys.platform == "win32", reason="asyncio has no signal handlers there")
def test_sigterm_can_take_the_same_way() -> None:
    child = start("""
        async def main(app, guard):
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, guard.request)
            say("ready")
            await guard.requested.wait()
            await shut_down(guard)
    """)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    time.sleep(0.1)
    child.send_signal(signal.SIGTERM)
    out, err = child.communicate(timeout=30)
    assert (out.splitlines(), err) == (["in order", "about to quit", "done"], "")
    assert child.returncode == 0
