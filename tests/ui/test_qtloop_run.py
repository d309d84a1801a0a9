"""Starting and ending: the choice of the loop, the guard against PySide6 6.12, an orderly end."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel

from grokdesk.app import qtloop
from grokdesk.app.qtloop import UnsafeQtError, ensure_safe_qt, new_qt_event_loop, run
from grokdesk.app.qtloop_selector import SelectorQtEventLoop, qt_notices_selectors

# The guard


@pytest.mark.parametrize(
    ("python", "pyside"),
    [((3, 11, 9), (6, 12, 0)), ((3, 11, 0), (6, 12, 1)), ((3, 11, 7), (7, 0, 0))],
)
def test_a_pyside_that_would_crash_this_python_is_refused(python: Any, pyside: Any) -> None:
    with pytest.raises(UnsafeQtError, match=r"PySide6-Essentials<6\.12.*3\.12"):
        ensure_safe_qt(python, pyside)


@pytest.mark.parametrize(
    ("python", "pyside"),
    [((3, 11, 7), (6, 11, 3)), ((3, 12, 0), (6, 12, 0)), ((3, 13, 1), (6, 12, 0))],
)
def test_other_pairs_are_accepted(python: Any, pyside: Any) -> None:
    ensure_safe_qt(python, pyside)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12 on")
def test_calls_into_qt_do_not_drop_references_to_none(qapp: QApplication) -> None:
    label = QLabel()
    label.setWindowTitle("warm")
    before = sys.getrefcount(None)
    for _ in range(100):
        label.setWindowTitle("x")
    assert sys.getrefcount(None) > before - 50


# The choice


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no selector to watch")
def test_qt_can_watch_a_selector_here(qapp: QApplication) -> None:
    assert qt_notices_selectors()
    loop = new_qt_event_loop(qapp)
    assert isinstance(loop, SelectorQtEventLoop)
    loop.close()


def test_qt_api_of_other_programs_is_no_concern_of_ours() -> None:
    check = (
        "import os, sys; import grokdesk.app.qtloop_selector;"
        "print(os.environ['QT_API'], 'PyQt5' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", check],
        env={**os.environ, "QT_API": "pyqt5"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.split() == ["pyqt5", "False"], result.stderr


# An orderly end


def test_run_returns_what_main_returns(qapp: QApplication) -> None:
    async def main() -> int:
        await asyncio.sleep(0.01)
        return 42

    assert run(qapp, main()) == 42


def test_run_leaves_nothing_behind(qapp: QApplication) -> None:
    steps: list[str] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def background() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            steps.append("task cancelled")

    async def generate() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            steps.append("generator closed")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loops.append(loop)
        tasks.append(loop.create_task(background()))
        generators.append(generate())
        await anext(generators[0])
        loop.run_in_executor(None, lambda: (time.sleep(0.1), steps.append("thread joined")))
        await asyncio.sleep(0.01)

    tasks: list[asyncio.Task[None]] = []
    generators: list[AsyncIterator[int]] = []
    run(qapp, main())
    assert steps == ["task cancelled", "generator closed", "thread joined"]
    assert tasks[0].cancelled()
    assert loops[0].is_closed()


def test_run_raises_what_main_raises_after_the_cleanup(qapp: QApplication) -> None:
    steps: list[str] = []

    async def background() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            steps.append("cancelled")

    async def main() -> None:
        tasks.append(asyncio.get_running_loop().create_task(background()))
        await asyncio.sleep(0)
        raise ValueError("as expected")

    tasks: list[asyncio.Task[None]] = []
    with pytest.raises(ValueError, match="as expected"):
        run(qapp, main())
    assert steps == ["cancelled"]


def test_a_task_that_fails_while_it_is_cancelled_is_reported(
    qapp: QApplication, caplog: pytest.LogCaptureFixture
) -> None:
    async def background() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise ValueError("cannot clean up")

    async def main() -> None:
        tasks.append(asyncio.get_running_loop().create_task(background()))
        await asyncio.sleep(0)

    tasks: list[asyncio.Task[None]] = []
    run(qapp, main())
    assert "Task failed while it was cancelled" in caplog.text
    assert "cannot clean up" in caplog.text


def test_a_task_that_cannot_be_cancelled_does_not_keep_the_program_alive(
    qapp: QApplication, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qtloop, "_LEFTOVERS_TIMEOUT", 0.1)

    async def stubborn() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    async def main() -> None:
        tasks.append(asyncio.get_running_loop().create_task(stubborn()))
        await asyncio.sleep(0)

    tasks: list[asyncio.Task[None]] = []
    started = time.monotonic()
    run(qapp, main())
    assert time.monotonic() - started < 10
    assert "Task cannot be cancelled" in caplog.text
    tasks[0]._log_destroy_pending = False


def test_qt_says_about_to_quit_once_and_after_main(qapp: QApplication) -> None:
    steps: list[str] = []

    def note() -> None:
        steps.append("about to quit")

    async def main() -> None:
        await asyncio.sleep(0.01)
        steps.append("main done")

    qapp.aboutToQuit.connect(note)
    run(qapp, main())
    qapp.aboutToQuit.disconnect(note)
    assert steps == ["main done", "about to quit"]


@pytest.mark.parametrize("ended_by", ["ctrl-c", "exit"])
def test_main_may_clean_up_when_something_else_ends_qt(qapp: QApplication, ended_by: str) -> None:
    steps: list[str] = []

    async def main() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            steps.append("cleaned up")

    if ended_by == "exit":
        QTimer.singleShot(50, lambda: qapp.exit(0))
        with pytest.raises(RuntimeError, match="stopped before Future completed"):
            run(qapp, main())
    else:
        sender = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
        sender.start()
        with pytest.raises(KeyboardInterrupt):
            run(qapp, main())
        sender.join()
    assert steps == ["cleaned up"]


def test_run_can_follow_run(qapp: QApplication) -> None:
    async def main(number: int) -> int:
        await asyncio.to_thread(time.sleep, 0.001)
        return number

    assert [run(qapp, main(number)) for number in range(3)] == [0, 1, 2]
