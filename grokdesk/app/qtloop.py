"""The event loop of the desktop: asyncio's semantics, driven by Qt, a qasync loop by type.

qasync as shipped costs a Qt timer per callback, frees cancelled timers at their due time and fires
early; `qtloop_driver` has asyncio's queues behind one posted event and one timer instead.
"""

import asyncio
import contextlib
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import PySide6
from PySide6.QtCore import QCoreApplication

_LEFTOVERS_TIMEOUT = 10.0

T = TypeVar("T")


class UnsafeQtError(RuntimeError):
    """This PySide6 would crash this Python sooner or later."""


def ensure_safe_qt(
    python: tuple[int, ...] = sys.version_info[:3],
    pyside: tuple[Any, ...] = PySide6.__version_info__,
) -> None:
    """Raises UnsafeQtError; to be called before the first widget is made."""
    if python < (3, 12) and pyside >= (6, 12):
        raise UnsafeQtError(
            f"PySide6 {'.'.join(map(str, pyside[:3]))} cannot run on "
            f"Python {'.'.join(map(str, python[:2]))}: "
            "each call into Qt drops a reference to None until the interpreter aborts. "
            "Install 'PySide6-Essentials<6.12', or use Python 3.12 or newer."
        )


def new_qt_event_loop(app: QCoreApplication) -> asyncio.AbstractEventLoop:
    """The best form for this platform; it runs within `app.exec()`, in the thread of `app`."""
    ensure_safe_qt()
    if sys.platform != "win32":
        from grokdesk.app.qtloop_selector import SelectorQtEventLoop, qt_can_watch_selectors

        if qt_can_watch_selectors():
            return SelectorQtEventLoop(app)
    from grokdesk.app.qtloop_qasync import QasyncBatchedEventLoop

    return QasyncBatchedEventLoop(app)


def run(app: QCoreApplication, main: Coroutine[Any, Any, T]) -> T:
    """Runs `main` and Qt until `main` is done, then leaves nothing behind.

    Should anything else end Qt's loop first (Ctrl-C, `QCoreApplication.exit`), `main` is cancelled
    and may still clean up before KeyboardInterrupt or RuntimeError is raised.
    """
    loop = new_qt_event_loop(app)
    try:
        task = loop.create_task(_main_and_cleanup(main), name="main")
        try:
            return loop.run_until_complete(task)
        finally:
            if not task.done():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    loop.run_until_complete(task)
    finally:
        loop.close()


async def _main_and_cleanup(main: Coroutine[Any, Any, T]) -> T:
    # All in one task: each run of the loop is an app.exec(), and Qt says aboutToQuit after each.
    try:
        return await main
    finally:
        loop = asyncio.get_running_loop()
        await _cancel_leftovers(loop)
        await loop.shutdown_asyncgens()
        await loop.shutdown_default_executor()


async def _cancel_leftovers(loop: asyncio.AbstractEventLoop) -> None:
    leftovers = asyncio.all_tasks(loop) - {asyncio.current_task(loop)}
    if not leftovers:
        return
    for task in leftovers:
        task.cancel()
    done, stuck = await asyncio.wait(leftovers, timeout=_LEFTOVERS_TIMEOUT)
    for task in done:
        if not task.cancelled() and (error := task.exception()) is not None:
            loop.call_exception_handler(
                {"message": "Task failed while it was cancelled", "exception": error, "task": task}
            )
    for task in stuck:
        loop.call_exception_handler({"message": "Task cannot be cancelled", "task": task})
