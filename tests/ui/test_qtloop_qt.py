"""Both Qt loops as Qt's guests: how often they wake it, nested loops, fairness either way."""

import asyncio
import gc
import inspect
import os
import signal
import socket
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import qasync
import shiboken6
from PySide6.QtCore import (
    QAbstractEventDispatcher,
    QCoreApplication,
    QEvent,
    QEventLoop,
    QObject,
    QTimer,
)
from PySide6.QtWidgets import QApplication, QDialog

from grokdesk.app.qtloop_driver import QtDrivenLoop
from grokdesk.app.qtloop_qasync import QasyncBatchedEventLoop
from grokdesk.app.qtloop_selector import SelectorQtEventLoop

pytestmark = pytest.mark.alone

FORMS = [SelectorQtEventLoop, QasyncBatchedEventLoop]


@pytest.fixture(params=FORMS)
def loop(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[QtDrivenLoop]:
    quits = qapp.quitOnLastWindowClosed()
    qapp.setQuitOnLastWindowClosed(False)
    loop = request.param(qapp)
    yield loop
    loop.close()
    qapp.setQuitOnLastWindowClosed(quits)


def cost_of_spinning(seconds: float) -> float:
    """Processor time, here and now, of a loop that never waits."""
    started, ends = time.process_time(), time.monotonic() + seconds
    while time.monotonic() < ends:
        pass
    return time.process_time() - started


def run(loop: QtDrivenLoop, main: Any, within: float = 20.0) -> Any:
    return loop.run_until_complete(asyncio.wait_for(main, within))


async def wait_in_qt(dialog: QDialog | QEventLoop, seconds: float) -> None:
    """As nobody should: a nested Qt loop inside a coroutine."""
    end = dialog.reject if isinstance(dialog, QDialog) else dialog.quit
    QTimer.singleShot(int(seconds * 1000), end)
    dialog.exec()


# What it is


@pytest.mark.parametrize("form", FORMS)
def test_it_is_a_qasync_loop_in_which_every_method_is_asyncio_s(form: type) -> None:
    assert issubclass(form, qasync.QEventLoop)
    for name in dir(asyncio.SelectorEventLoop):
        method = inspect.getattr_static(form, name)
        if inspect.isfunction(method):
            assert not method.__module__.startswith("qasync"), name


def test_qasync_slots_work_on_it(loop: QtDrivenLoop) -> None:
    async def main() -> str:
        result = asyncio.Event()

        class Button(QObject):
            @qasync.asyncSlot()
            async def clicked(self) -> None:
                await asyncio.sleep(0.01)
                result.set()

        button = Button()
        QTimer.singleShot(0, button.clicked)
        await result.wait()
        return await qasync.asyncWrap(lambda: "from Qt")

    assert run(loop, main()) == "from Qt"


@pytest.mark.parametrize("form", FORMS)
def test_a_closed_loop_is_freed(form: type, qapp: QApplication) -> None:
    loop = form(qapp)
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    freed = weakref.ref(loop)
    del loop
    assert freed() is None


# What it asks of Qt


class EventCounter(QObject):
    """Counts what Qt delivers to anybody in this thread."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[QEvent.Type] = Counter()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        self.counts[event.type()] += 1
        return False

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@contextmanager
def counting_events(app: QCoreApplication) -> Iterator[EventCounter]:
    counter = EventCounter()
    app.installEventFilter(counter)
    try:
        yield counter
    finally:
        app.removeEventFilter(counter)


def test_a_thousand_callbacks_take_a_handful_of_qt_events(
    loop: QtDrivenLoop, qapp: QApplication
) -> None:
    async def main() -> None:
        for _ in range(100):
            done = loop.create_future()
            for _ in range(9):
                loop.call_soon(int)
            loop.call_soon(done.set_result, None)
            await done

    with counting_events(qapp) as events:
        run(loop, main())
    assert events.total < 50, events.counts


def test_callbacks_from_a_slot_take_one_qt_event_together(
    loop: QtDrivenLoop, qapp: QApplication
) -> None:
    async def main() -> EventCounter:
        await asyncio.sleep(0.02)
        done = asyncio.Event()

        def slot() -> None:
            for _ in range(1000):
                loop.call_soon(int)
            loop.call_soon(done.set)

        QTimer.singleShot(0, slot)
        with counting_events(qapp) as events:
            await done.wait()
        return events

    assert run(loop, main()).total < 30


def test_no_qt_timer_for_each_call_later(loop: QtDrivenLoop) -> None:
    async def main() -> None:
        await asyncio.sleep(0)
        before = count_qt_timers()
        handles = [loop.call_later(3600 + number, print) for number in range(1000)]
        await asyncio.sleep(0.01)
        assert count_qt_timers() - before <= 1
        for handle in handles:
            handle.cancel()

    run(loop, main())


def count_qt_timers() -> int:
    dispatcher = QAbstractEventDispatcher.instance()
    return sum(
        len(dispatcher.registeredTimers(thing))
        for thing in gc.get_objects()
        if isinstance(thing, QObject) and shiboken6.isValid(thing)
    )


def test_a_waiting_loop_costs_nothing(loop: QtDrivenLoop, qapp: QApplication) -> None:
    async def main() -> tuple[int, float]:
        await asyncio.sleep(0.05)
        with counting_events(qapp) as events:
            started = time.process_time()
            await asyncio.sleep(0.3)
            return events.total, time.process_time() - started

    async def several() -> list[tuple[int, float]]:
        return [await main() for _ in range(3)]

    waits = run(loop, several())
    assert max(events for events, _ in waits) < 15
    # A loop that spins does so each time; the machine is busy with something else now and then.
    assert min(cpu for _, cpu in waits) < cost_of_spinning(0.3) / 10


# Slots and tasks


def test_work_added_by_a_slot_starts_at_once(loop: QtDrivenLoop) -> None:
    async def main() -> list[float]:
        delays = []
        for schedule in (loop.call_soon, lambda callback: loop.call_later(0, callback)):
            done = asyncio.Event()
            clicked: list[float] = []

            def slot(
                schedule: Callable[..., Any] = schedule,
                done: asyncio.Event = done,
                clicked: list[float] = clicked,
            ) -> None:
                clicked.append(loop.time())
                schedule(done.set)

            QTimer.singleShot(20, slot)
            await done.wait()
            delays.append(loop.time() - clicked[0])
        return delays

    assert max(run(loop, main())) < 0.5


def test_an_earlier_timer_from_a_slot_replaces_the_one_qt_waits_for(loop: QtDrivenLoop) -> None:
    async def main() -> float:
        later = loop.call_later(30, print)
        done = asyncio.Event()
        QTimer.singleShot(20, lambda: loop.call_later(0.02, done.set))
        started = loop.time()
        await done.wait()
        later.cancel()
        return loop.time() - started

    assert run(loop, main()) < 1


def test_a_slot_can_stop_the_loop(loop: QtDrivenLoop) -> None:
    QTimer.singleShot(20, loop.stop)
    started = time.monotonic()
    loop.run_forever()
    assert time.monotonic() - started < 2


def test_whoever_ends_qt_ends_the_loop(loop: QtDrivenLoop, qapp: QApplication) -> None:
    waiting = loop.create_task(asyncio.sleep(30))
    QTimer.singleShot(20, lambda: qapp.exit(0))
    with pytest.raises(RuntimeError, match="stopped before Future completed"):
        loop.run_until_complete(waiting)
    waiting.cancel()
    run(loop, asyncio.wait([waiting]))


def test_it_does_not_start_inside_a_running_qt_loop(loop: QtDrivenLoop) -> None:
    errors: list[str] = []
    outer = QEventLoop()

    def slot() -> None:
        try:
            loop.run_forever()
        except RuntimeError as error:
            errors.append(str(error))
        outer.quit()

    QTimer.singleShot(0, slot)
    outer.exec()
    assert errors == ["A Qt event loop is running already"]


def test_it_does_not_start_in_another_thread(loop: QtDrivenLoop) -> None:
    errors: list[str] = []

    def target() -> None:
        try:
            loop.run_forever()
        except RuntimeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    assert len(errors) == 1
    assert "thread" in errors[0]


def test_nothing_runs_while_the_loop_does_not(loop: QtDrivenLoop, qapp: QApplication) -> None:
    ours, theirs = socket.socketpair()
    ran: list[str] = []
    with ours, theirs:
        loop.add_reader(ours, ran.append, "reader")
        run(loop, asyncio.sleep(0.01))
        loop.call_soon(ran.append, "soon")
        theirs.send(b"x")
        pause = QEventLoop()
        QTimer.singleShot(50, pause.quit)
        with counting_events(qapp) as events:
            pause.exec()
        assert ran == []
        assert events.total < 10
        loop.remove_reader(ours)
    run(loop, asyncio.sleep(0))
    assert ran == ["soon"]


# Nested Qt loops


@pytest.mark.parametrize("nested", [QDialog, QEventLoop])
def test_a_nested_loop_in_a_task_pauses_the_others(loop: QtDrivenLoop, nested: type) -> None:
    reports: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _loop, context: reports.append(context))
    ticks: list[float] = []
    ours, theirs = socket.socketpair()
    read: list[bytes] = []

    async def tick() -> None:
        while True:
            ticks.append(loop.time())
            await asyncio.sleep(0.01)

    async def main() -> tuple[float, float, float]:
        ticking = loop.create_task(tick())
        loop.add_reader(ours, lambda: read.append(ours.recv(10)))
        await asyncio.sleep(0.05)
        theirs.send(b"waits")  # readable during the whole pause
        QTimer.singleShot(20, lambda: loop.call_soon(read.append, b"from a slot"))
        QTimer.singleShot(30, lambda: loop.call_soon_threadsafe(read.append, b"threadsafe"))
        began, cpu = loop.time(), time.process_time()
        await wait_in_qt(nested(), 0.3)
        cpu, ended = time.process_time() - cpu, loop.time()
        assert read == []
        await asyncio.sleep(0.1)
        ticking.cancel()
        loop.remove_reader(ours)
        return began, ended, cpu

    with ours, theirs:
        began, ended, cpu = run(loop, main())
    assert not [tick for tick in ticks if began < tick < ended]
    assert len([tick for tick in ticks if tick >= ended]) >= 3
    assert sorted(read) == [b"from a slot", b"threadsafe", b"waits"]
    assert cpu < cost_of_spinning(0.3) / 5
    assert reports == []


def test_io_wakes_the_loop_again_after_a_nested_loop(loop: QtDrivenLoop) -> None:
    ours, theirs = socket.socketpair()
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    async def main() -> float:
        loop.add_reader(ours, lambda: arrived.put_nowait(ours.recv(10)))
        theirs.send(b"during")
        await wait_in_qt(QEventLoop(), 0.05)
        assert await arrived.get() == b"during"
        sender = threading.Timer(0.1, theirs.send, (b"after",))
        sender.start()
        started = loop.time()
        assert await arrived.get() == b"after"
        sender.join()
        loop.remove_reader(ours)
        return loop.time() - started

    with ours, theirs:
        assert run(loop, main()) < 2


def test_a_nested_loop_in_a_slot_does_not_stop_the_tasks(loop: QtDrivenLoop) -> None:
    async def main() -> int:
        ticks = 0
        closed = asyncio.Event()

        def slot() -> None:
            dialog = QDialog()
            QTimer.singleShot(300, dialog.reject)
            dialog.exec()
            closed.set()

        QTimer.singleShot(0, slot)
        while not closed.is_set():
            await asyncio.sleep(0.01)
            ticks += 1
        return ticks

    assert run(loop, main()) > 4


def test_process_events_in_a_callback_does_not_reenter_asyncio(
    loop: QtDrivenLoop, qapp: QApplication
) -> None:
    running: list[int] = []
    overlaps: list[int] = []

    def callback() -> None:
        overlaps.extend(running)
        running.append(1)
        qapp.processEvents()
        running.clear()

    async def main() -> None:
        for _ in range(50):
            loop.call_soon(callback)
            loop.call_later(0, callback)
            await asyncio.sleep(0)
        await asyncio.sleep(0.02)

    run(loop, main())
    assert overlaps == []


def test_stop_ends_a_nested_loop_too(loop: QtDrivenLoop) -> None:
    QTimer.singleShot(0, lambda: QDialog().exec())
    loop.call_later(0.05, loop.stop)
    started = time.monotonic()
    loop.run_forever()
    assert time.monotonic() - started < 5


# Fairness. The floods take all of the processor, so they are measured in processor time: on a
# busy machine they last longer.

FLOOD = 0.3


async def flood_has_lasted() -> None:
    ends = time.process_time() + FLOOD
    while time.process_time() < ends:
        await asyncio.sleep(0.01)


@contextmanager
def qt_ticks(interval_ms: int = 10) -> Iterator[list[float]]:
    ticks: list[float] = []
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(time.monotonic()))
    timer.start(interval_ms)
    yield ticks
    timer.stop()


def test_qt_gets_its_turn_while_callbacks_flood_the_loop(loop: QtDrivenLoop) -> None:
    flooding = True

    def flood() -> None:
        if flooding:
            loop.call_soon(flood)

    async def main() -> None:
        nonlocal flooding
        for _ in range(1000):
            loop.call_soon(flood)
        await flood_has_lasted()
        flooding = False

    with qt_ticks() as ticks:
        run(loop, main())
    assert len(ticks) >= 15


def test_qt_gets_its_turn_within_one_long_round(loop: QtDrivenLoop) -> None:
    async def main() -> None:
        with qt_ticks(5) as ticks:
            for _ in range(200):
                loop.call_soon(time.sleep, 0.002)
            await asyncio.sleep(0)
            assert len(ticks) >= 20

    run(loop, main())


def test_qt_gets_its_turn_while_sockets_keep_the_loop_busy(loop: QtDrivenLoop) -> None:
    pairs = [socket.socketpair() for _ in range(20)]
    rounds = 0

    def bounce(end: socket.socket) -> None:
        nonlocal rounds
        rounds += 1
        end.send(end.recv(10))

    async def main() -> None:
        for pair in pairs:
            for end in pair:
                end.setblocking(False)
                loop.add_reader(end, bounce, end)
            pair[0].send(b"x")
        await flood_has_lasted()
        for pair in pairs:
            for end in pair:
                loop.remove_reader(end)
                end.close()

    with qt_ticks() as ticks:
        run(loop, main())
    assert rounds > 500
    assert len(ticks) >= 15


class Flooder(QObject):
    """An object that always has a posted event to come."""

    on = True

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.User and self.on:
            QCoreApplication.postEvent(self, QEvent(QEvent.Type.User))
        return super().event(event)


def test_asyncio_gets_its_turn_while_qt_floods_itself(loop: QtDrivenLoop) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)

    async def main() -> int:
        flooder = Flooder()
        QCoreApplication.postEvent(flooder, QEvent(QEvent.Type.User))
        echoes = 0
        ends = time.process_time() + FLOOD
        while time.process_time() < ends:
            await loop.sock_sendall(theirs, b"x")
            assert await loop.sock_recv(ours, 1) == b"x"
            await asyncio.sleep(0.001)
            echoes += 1
        flooder.on = False
        return echoes

    with ours, theirs:
        assert run(loop, main()) >= 30


def test_io_gets_its_turn_while_callbacks_flood_the_loop(loop: QtDrivenLoop) -> None:
    flooding = True
    ours, theirs = socket.socketpair()
    ours.setblocking(False)

    def flood() -> None:
        if flooding:
            loop.call_soon(flood)

    async def main() -> int:
        nonlocal flooding
        for _ in range(500):
            loop.call_soon(flood)
        echoes = 0
        ends = time.process_time() + FLOOD
        while time.process_time() < ends:
            theirs.send(b"x")
            assert await loop.sock_recv(ours, 1) == b"x"
            echoes += 1
        flooding = False
        return echoes

    with ours, theirs:
        assert run(loop, main()) >= 10


# Broken callbacks


def test_the_second_ctrl_c_interrupts_a_callback_that_does_not_end(loop: QtDrivenLoop) -> None:
    def hang() -> None:
        ends = time.monotonic() + 10
        while time.monotonic() < ends:
            pass

    senders = [
        threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT)) for delay in (0.1, 0.3)
    ]
    for sender in senders:
        sender.start()
    loop.call_soon(hang)
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        loop.run_forever()
    assert time.monotonic() - started < 5
    for sender in senders:
        sender.join()


def test_a_failing_reader_that_leaves_its_data_does_not_burn_the_processor(
    loop: QtDrivenLoop,
) -> None:
    reports: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _loop, context: reports.append(context))
    broken, theirs = socket.socketpair()

    async def main() -> tuple[float, int]:
        loop.add_reader(broken, int, "x")
        theirs.send(b"x")
        await asyncio.sleep(0.05)
        before = time.process_time()
        turns = 0
        ends = loop.time() + 0.3
        while loop.time() < ends:
            await asyncio.sleep(0.02)
            turns += 1
        loop.remove_reader(broken)
        return time.process_time() - before, turns

    with broken, theirs:
        cpu, turns = run(loop, main())
    assert 2 <= len(reports) < 100
    assert cpu < cost_of_spinning(0.3) / 5
    assert turns > 5


def test_io_goes_on_after_a_reader_has_failed(loop: QtDrivenLoop) -> None:
    loop.set_exception_handler(lambda _loop, _context: None)
    broken, its_peer = socket.socketpair()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)

    async def main() -> None:
        loop.add_reader(broken, int, "x")
        its_peer.send(b"x")
        for _ in range(5):
            loop.call_later(0.01, theirs.send, b"fine")
            assert await loop.sock_recv(ours, 10) == b"fine"
        loop.remove_reader(broken)
        await asyncio.sleep(0.05)
        threading.Timer(0.05, theirs.send, (b"fine",)).start()
        assert await loop.sock_recv(ours, 10) == b"fine"
        cpu = time.process_time()
        await asyncio.sleep(0.2)
        assert time.process_time() - cpu < cost_of_spinning(0.2) / 4

    with broken, its_peer, ours, theirs:
        run(loop, main(), within=5)
