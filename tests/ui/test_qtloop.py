"""One suite of loop semantics: asyncio's own loop is the reference, both Qt forms must agree."""

import asyncio
import contextvars
import gc
import logging
import os
import signal
import socket
import statistics
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from curl_cffi.requests import AsyncSession
from PySide6.QtWidgets import QApplication

from grokdesk.app.qtloop_qasync import QasyncBatchedEventLoop
from grokdesk.app.qtloop_selector import SelectorQtEventLoop

pytestmark = pytest.mark.alone

Loop = asyncio.AbstractEventLoop

LOOPS: dict[str, Callable[[QApplication], Loop]] = {
    "asyncio": lambda _app: asyncio.new_event_loop(),
    "selector": SelectorQtEventLoop,
    "batched": QasyncBatchedEventLoop,
}


@pytest.fixture(params=list(LOOPS))
def loop(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[Loop]:
    loop = LOOPS[request.param](qapp)
    yield loop
    if not loop.is_closed():
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def run(loop: Loop, main: Coroutine[Any, Any, Any], within: float = 20.0) -> Any:
    return loop.run_until_complete(asyncio.wait_for(main, within))


# Order


def test_callbacks_run_in_the_order_of_their_scheduling(loop: Loop) -> None:
    ran: list[int] = []
    for number in range(1000):
        loop.call_soon(ran.append, number)
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert ran == list(range(1000))


def test_callbacks_of_callbacks_wait_for_the_next_round(loop: Loop) -> None:
    ran: list[str] = []

    def first() -> None:
        ran.append("first")
        loop.call_soon(ran.append, "of first")

    loop.call_soon(first)
    loop.call_soon(ran.append, "second")
    loop.call_soon(loop.call_soon, loop.stop)
    loop.run_forever()
    assert ran == ["first", "second", "of first"]


def test_a_deadline_in_the_past_runs_after_the_callbacks_that_are_ready(loop: Loop) -> None:
    ran: list[str] = []

    def soon() -> None:
        ran.append("soon")
        loop.call_soon(ran.append, "soon after")

    def begin() -> None:
        loop.call_at(loop.time() - 1, ran.append, "timer")
        loop.call_soon(soon)

    loop.call_soon(begin)
    loop.call_later(0.05, loop.stop)
    loop.run_forever()
    assert ran == ["soon", "timer", "soon after"]


def test_a_callback_scheduled_before_a_timer_of_the_same_moment_runs_first(loop: Loop) -> None:
    ran: list[str] = []
    now = loop.time()
    loop.call_soon(ran.append, "soon")
    loop.call_at(now, ran.append, "timer")
    loop.call_later(0.02, loop.stop)
    loop.run_forever()
    assert ran == ["soon", "timer"]


def test_timers_run_in_the_order_of_their_deadlines(loop: Loop) -> None:
    ran: list[int] = []
    start = loop.time() + 0.01
    for number in (3, 1, 4, 0, 2):
        loop.call_at(start + number / 1000, ran.append, number)
    loop.call_at(start + 0.02, loop.stop)
    loop.run_forever()
    assert ran == [0, 1, 2, 3, 4]


# Stopping


def test_stop_lets_the_round_finish_and_keeps_the_rest_for_the_next_run(loop: Loop) -> None:
    ran: list[str] = []

    def stop() -> None:
        loop.stop()
        loop.call_soon(ran.append, "next run")

    loop.call_soon(stop)
    loop.call_soon(ran.append, "same round")
    loop.run_forever()
    assert ran == ["same round"]
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert ran == ["same round", "next run"]


def test_stop_before_the_run_makes_one_round(loop: Loop) -> None:
    ran: list[int] = []
    loop.stop()
    loop.call_soon(ran.append, 1)
    loop.call_soon(loop.call_soon, ran.append, 2)
    loop.run_forever()
    assert ran == [1]


def test_a_stopped_loop_resumes_its_timers_and_tasks(loop: Loop) -> None:
    async def count() -> int:
        for _ in range(5):
            await asyncio.sleep(0.01)
        return 5

    task = loop.create_task(count())
    loop.call_later(0.02, loop.stop)
    loop.run_forever()
    assert not task.done()
    assert run(loop, _wait(task)) == 5


async def _wait(task: asyncio.Task[Any]) -> Any:
    return await task


def test_a_run_that_is_stopped_early_says_so(loop: Loop) -> None:
    forever = loop.create_future()
    loop.call_soon(loop.stop)
    with pytest.raises(RuntimeError, match="stopped before Future completed"):
        loop.run_until_complete(forever)


def test_a_running_loop_can_neither_run_nor_close(loop: Loop) -> None:
    async def main() -> None:
        assert loop.is_running()
        assert asyncio.get_running_loop() is loop
        with pytest.raises(RuntimeError):
            loop.run_until_complete(loop.create_future())
        with pytest.raises(RuntimeError):
            loop.close()

    run(loop, main())
    assert not loop.is_running()


def test_a_closed_loop_refuses_work(loop: Loop) -> None:
    loop.close()
    assert loop.is_closed()
    loop.close()
    for schedule in (loop.call_soon, loop.call_soon_threadsafe):
        with pytest.raises(RuntimeError, match="closed"):
            schedule(print)
    with pytest.raises(RuntimeError, match="closed"):
        loop.call_later(0, print)
    with pytest.raises(RuntimeError, match="closed"):
        loop.run_forever()


# Timers


def test_timers_are_never_early_and_hardly_late(loop: Loop) -> None:
    errors: list[float] = []

    async def sleep(delay: float) -> None:
        due = loop.time() + delay
        await asyncio.sleep(delay)
        errors.append(loop.time() - due)

    async def main() -> None:
        for number in range(20):
            await sleep(0.001 + 0.0026 * number)
        await sleep(0.3)

    run(loop, main())
    assert len(errors) == 21
    assert min(errors) > -1e-6  # loop.time() has a resolution of its own
    assert statistics.median(errors) < 0.03


def test_simultaneous_timers_fire_together(loop: Loop) -> None:
    async def main() -> float:
        started = loop.time()
        await asyncio.gather(*(asyncio.sleep(0.05) for _ in range(500)))
        return loop.time() - started

    assert 0.05 <= run(loop, main()) < 5


def test_a_later_timer_does_not_hold_up_an_earlier_one(loop: Loop) -> None:
    async def main() -> float:
        late = loop.call_later(3600, print)
        await asyncio.sleep(0.01)
        started = loop.time()
        await asyncio.sleep(0.02)
        late.cancel()
        return loop.time() - started

    assert run(loop, main()) < 0.5


def test_a_timer_handle_tells_its_deadline(loop: Loop) -> None:
    when = loop.time() + 5
    handle = loop.call_at(when, print)
    assert handle.when() == when
    handle.cancel()
    assert handle.cancelled()


def test_cancelled_timers_do_not_run(loop: Loop) -> None:
    ran: list[int] = []

    async def main() -> None:
        handles = [loop.call_later(0.01, ran.append, number) for number in range(10)]
        for handle in handles[:-1]:
            handle.cancel()
        await asyncio.sleep(0.05)

    run(loop, main())
    assert ran == [9]


def test_cancelled_timers_are_freed_long_before_they_are_due(loop: Loop) -> None:
    async def main() -> None:
        for _ in range(10_000):
            loop.call_later(3600, print).cancel()
        await asyncio.sleep(0.01)

    gc.collect()
    before = count_handles()
    run(loop, main())
    assert count_handles() - before < 200


def count_handles() -> int:
    return sum(isinstance(thing, asyncio.Handle) for thing in gc.get_objects())


def test_a_timeout_cancels_the_wait(loop: Loop) -> None:
    async def main() -> float:
        started = loop.time()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await asyncio.sleep(30)
        return loop.time() - started

    assert 0.05 <= run(loop, main()) < 1


# Threads, executors, contexts


def test_call_soon_threadsafe_wakes_a_waiting_loop(loop: Loop) -> None:
    delays: list[float] = []
    woken = asyncio.Event()

    def note(sent: float) -> None:
        delays.append(time.monotonic() - sent)
        if len(delays) == 20:
            woken.set()

    def send() -> None:
        for _ in range(20):
            time.sleep(0.01)
            loop.call_soon_threadsafe(note, time.monotonic())

    async def main() -> None:
        thread = threading.Thread(target=send)
        thread.start()
        await woken.wait()
        thread.join()

    run(loop, main())
    assert statistics.median(delays) < 0.02


def test_calls_from_many_threads_all_arrive_and_in_order(loop: Loop) -> None:
    arrived: list[tuple[int, int]] = []

    def send(thread: int) -> None:
        for number in range(500):
            loop.call_soon_threadsafe(arrived.append, (thread, number))

    async def main() -> None:
        await asyncio.gather(*(asyncio.to_thread(send, thread) for thread in range(4)))
        await asyncio.sleep(0.01)

    run(loop, main())
    assert len(arrived) == 2000
    for thread in range(4):
        assert [number for who, number in arrived if who == thread] == list(range(500))


def test_call_soon_threadsafe_returns_a_handle_and_keeps_the_context(loop: Loop) -> None:
    variable = contextvars.ContextVar("variable", default="outside")
    seen: list[str] = []
    context = contextvars.copy_context()
    context.run(variable.set, "inside")

    def send() -> None:
        loop.call_soon_threadsafe(lambda: seen.append(variable.get()), context=context)

    async def main() -> None:
        loop.call_soon_threadsafe(lambda: seen.append("cancelled")).cancel()
        await asyncio.to_thread(send)
        await asyncio.sleep(0.01)

    run(loop, main())
    assert seen == ["inside"]


def test_callbacks_timers_and_tasks_keep_their_context(loop: Loop) -> None:
    variable = contextvars.ContextVar("variable", default=0)
    seen: dict[str, int] = {}

    async def inner() -> None:
        await asyncio.sleep(0)
        seen["task"] = variable.get()

    async def main() -> None:
        variable.set(1)
        loop.call_soon(lambda: seen.__setitem__("soon", variable.get()))
        loop.call_later(0.001, lambda: seen.__setitem__("later", variable.get()))
        task = loop.create_task(inner())
        variable.set(2)
        await task
        await asyncio.sleep(0.02)
        seen["thread"] = await asyncio.to_thread(variable.get)

    run(loop, main())
    assert seen == {"soon": 1, "later": 1, "task": 1, "thread": 2}
    assert variable.get() == 0


def test_run_in_executor_returns_results_and_errors(loop: Loop) -> None:
    async def main() -> list[Any]:
        return await asyncio.gather(
            *(loop.run_in_executor(None, pow, number, 2) for number in range(50)),
            loop.run_in_executor(None, int, "x"),
            return_exceptions=True,
        )

    *squares, error = run(loop, main())
    assert squares == [number**2 for number in range(50)]
    assert isinstance(error, ValueError)


def test_the_loop_turns_while_a_thread_works(loop: Loop) -> None:
    async def main() -> int:
        working = loop.run_in_executor(None, time.sleep, 0.2)
        turns = 0
        while not working.done():
            await asyncio.sleep(0.01)
            turns += 1
        return turns

    assert run(loop, main()) >= 5


# Errors


def test_a_failing_callback_is_reported_and_the_loop_goes_on(loop: Loop) -> None:
    reports: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _loop, context: reports.append(context))
    ran: list[str] = []

    def fail() -> None:
        raise ValueError("as expected")

    async def main() -> None:
        loop.call_soon(fail)
        loop.call_later(0.001, fail)
        loop.call_soon(ran.append, "after")
        await asyncio.sleep(0.02)

    run(loop, main())
    assert [str(report["exception"]) for report in reports] == ["as expected"] * 2
    assert all(isinstance(report["handle"], asyncio.Handle) for report in reports)
    assert ran == ["after"]


def test_a_failing_exception_handler_does_not_stop_the_loop(
    loop: Loop, caplog: pytest.LogCaptureFixture
) -> None:
    def handler(_loop: Loop, _context: dict[str, Any]) -> None:
        raise RuntimeError("the handler fails as well")

    loop.set_exception_handler(handler)

    async def main() -> str:
        loop.call_soon(int, "x")
        await asyncio.sleep(0.01)
        return "still here"

    assert run(loop, main()) == "still here"
    assert "Unhandled error in exception handler" in caplog.text


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_leaves_run_forever(loop: Loop, error: type[BaseException]) -> None:
    def end() -> None:
        raise error

    loop.call_soon(end)
    with pytest.raises(error):
        loop.run_forever()
    assert run(loop, asyncio.sleep(0, "usable again")) == "usable again"


def test_a_failing_reader_that_took_its_data_is_called_once(loop: Loop) -> None:
    reports: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _loop, context: reports.append(context))
    ours, theirs = socket.socketpair()

    def read() -> None:
        ours.recv(100)
        raise ValueError("as expected")

    async def main() -> None:
        loop.add_reader(ours, read)
        theirs.send(b"x")
        await asyncio.sleep(0.05)
        loop.remove_reader(ours)

    with ours, theirs:
        run(loop, main())
    assert len(reports) == 1


def test_abandoned_async_generators_are_finalised(loop: Loop) -> None:
    steps: list[str] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            steps.append("finalised")

    async def main() -> None:
        async for _ in numbers():
            break
        gc.collect()
        await asyncio.sleep(0.01)

    run(loop, main())
    assert steps == ["finalised"]


def test_debug_mode_tells_of_slow_callbacks(loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
    loop.set_debug(True)
    loop.slow_callback_duration = 0.02

    async def main() -> None:
        loop.call_soon(time.sleep, 0.03)
        await asyncio.sleep(0.05)

    with caplog.at_level(logging.WARNING):
        run(loop, main())
    assert "sleep" in caplog.text
    assert "took 0.0" in caplog.text


# Descriptors


def test_readers_and_writers_of_one_socket_are_independent(loop: Loop) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    events: list[str] = []

    async def main() -> None:
        loop.add_writer(ours, lambda: (events.append("write"), loop.remove_writer(ours)))
        await asyncio.sleep(0.02)
        loop.add_reader(ours, lambda: (events.append("read"), ours.recv(1)))
        theirs.send(b"a")
        await asyncio.sleep(0.02)
        assert loop.remove_reader(ours)
        assert not loop.remove_reader(ours)
        theirs.send(b"b")
        await asyncio.sleep(0.02)

    with ours, theirs:
        run(loop, main())
    assert events == ["write", "read"]


def test_a_reader_is_replaced_by_the_next_one(loop: Loop) -> None:
    ours, theirs = socket.socketpair()
    read: list[str] = []

    async def main() -> None:
        loop.add_reader(ours, read.append, "first")
        loop.add_reader(ours, lambda: (read.append("second"), ours.recv(1)))
        theirs.send(b"x")
        await asyncio.sleep(0.02)
        loop.remove_reader(ours)

    with ours, theirs:
        run(loop, main())
    assert read == ["second"]


def test_a_descriptor_number_can_be_used_again(loop: Loop) -> None:
    async def main() -> None:
        numbers = set()
        for _ in range(20):
            ours, theirs = socket.socketpair()
            with ours, theirs:
                numbers.add(ours.fileno())
                ready = asyncio.Event()
                loop.add_reader(ours, ready.set)
                theirs.send(b"x")
                await asyncio.wait_for(ready.wait(), 5)
                loop.remove_reader(ours)
        assert len(numbers) < 20

    run(loop, main())


def test_socket_operations(loop: Loop) -> None:
    async def serve(listener: socket.socket) -> None:
        connection, _ = await loop.sock_accept(listener)
        with connection:
            await loop.sock_sendall(connection, await loop.sock_recv(connection, 100))

    async def main() -> bytes:
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
            listener.setblocking(False)
            client.setblocking(False)
            serving = loop.create_task(serve(listener))
            await loop.sock_connect(client, listener.getsockname())
            await loop.sock_sendall(client, b"hello")
            reply = await loop.sock_recv(client, 100)
            await serving
            return reply

    assert run(loop, main()) == b"hello"


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


@asynccontextmanager
async def echo_server() -> AsyncIterator[int]:
    server = await asyncio.start_server(echo, "127.0.0.1", 0, backlog=256)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0.01)  # the server's ends of the connections close


def test_a_large_transfer_through_streams(loop: Loop) -> None:
    sent = os.urandom(3_000_000)

    async def main() -> bytes:
        async with echo_server() as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            received = await reader.readexactly(len(sent))
            writer.close()
            await writer.wait_closed()
            return received

    assert run(loop, main()) == sent


def test_two_hundred_sockets_at_once(loop: Loop) -> None:
    async def talk(port: int, number: int) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for turn in range(5):
            line = f"{number} {turn}\n".encode()
            writer.write(line)
            assert await reader.readline() == line
        writer.close()
        await writer.wait_closed()
        return number

    async def main() -> list[int]:
        async with echo_server() as port:
            return await asyncio.gather(*(talk(port, number) for number in range(200)))

    assert run(loop, main()) == list(range(200))


# What we build on


@asynccontextmanager
async def web_server() -> AsyncIterator[str]:
    async def hello(request: web.Request) -> web.Response:
        return web.json_response({"hello": request.query["name"]})

    async def chat(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data.upper())
        return socket

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for number in range(20):
            await response.write(f"{number}\n".encode())
            await asyncio.sleep(0.001)
        return response

    app = web.Application()
    app.add_routes([web.get("/hello", hello), web.get("/chat", chat), web.get("/stream", stream)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def test_aiohttp_serves_and_asks(loop: Loop) -> None:
    async def main() -> None:
        async with web_server() as url, aiohttp.ClientSession() as session:
            for number in range(20):
                async with session.get(f"{url}/hello", params={"name": number}) as reply:
                    assert await reply.json() == {"hello": str(number)}
            async with session.get(f"{url}/stream") as reply:
                lines = [line async for line in reply.content]
            assert len(lines) == 20

    run(loop, main())


def test_aiohttp_websockets(loop: Loop) -> None:
    async def main() -> None:
        async with (
            web_server() as url,
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{url}/chat") as chat,
        ):
            for word in ("one", "two", "three"):
                await chat.send_str(word)
                assert (await chat.receive(timeout=5)).data == word.upper()

    run(loop, main())


def test_curl_cffi_gets_and_streams(loop: Loop) -> None:
    async def main() -> None:
        async with web_server() as url, AsyncSession() as session:
            replies = await asyncio.gather(
                *(session.get(f"{url}/hello?name={number}") for number in range(8))
            )
            assert [reply.json() for reply in replies] == [{"hello": str(n)} for n in range(8)]
            reply = await session.get(f"{url}/stream", stream=True)
            lines = [line async for line in reply.aiter_lines()]
            await reply.aclose()
            assert len(lines) == 20

    run(loop, main())


def test_a_subprocess_with_pipes(loop: Loop) -> None:
    async def main() -> tuple[bytes, bytes, int | None]:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "import sys; sys.stderr.write('err'); print(input().upper()); sys.exit(3)",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await child.communicate(b"hello\n")
        return out, err, child.returncode

    assert run(loop, main()) == (b"HELLO\n", b"err", 3)


def test_a_killed_subprocess_is_noticed(loop: Loop) -> None:
    async def main() -> int:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "import time; time.sleep(60)"
        )
        loop.call_later(0.05, child.kill)
        return await child.wait()

    assert run(loop, main()) == -signal.SIGKILL


# Signals


def test_a_signal_handler_runs_while_the_loop_waits(loop: Loop) -> None:
    async def main() -> float:
        arrived = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, arrived.set)
        sender = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM))
        sender.start()
        started = loop.time()
        await arrived.wait()
        sender.join()
        assert loop.remove_signal_handler(signal.SIGTERM)
        return loop.time() - started

    assert run(loop, main()) < 1
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_handlers_of_python_s_own_run_while_the_loop_waits(loop: Loop) -> None:
    async def main() -> float:
        arrived = asyncio.Event()
        previous = signal.signal(signal.SIGUSR1, lambda *_: loop.call_soon_threadsafe(arrived.set))
        loop.add_signal_handler(signal.SIGUSR2, print)
        loop.remove_signal_handler(signal.SIGUSR2)
        sender = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1))
        sender.start()
        started = loop.time()
        await arrived.wait()
        sender.join()
        signal.signal(signal.SIGUSR1, previous)
        return loop.time() - started

    assert run(loop, main()) < 1


def test_ctrl_c_ends_a_waiting_loop(loop: Loop) -> None:
    sender = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    sender.start()
    waiting = loop.create_task(asyncio.sleep(10))
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(waiting)
    sender.join()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert not waiting.done()
    waiting.cancel()
    run(loop, asyncio.wait([waiting]))


def test_the_wakeup_descriptor_is_given_back(loop: Loop) -> None:
    run(loop, asyncio.sleep(0))
    previous = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(previous)
    assert previous == -1
