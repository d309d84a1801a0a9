"""What a Qt loop costs beside plain asyncio: CPU per callback, per request and per proxied request.

    python tests/bench/bench_loop.py [rounds [connections]]

The program under test is a child process with one kind of loop; this process is its client and its
upstream. Ratios are between neighbours of the same round: the machine may be noisy.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

SECONDS = 1.5
CALLBACKS = 100_000
KINDS = ("asyncio", "selector", "batched", "qasync")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    connections = int(sys.argv[2]) if len(sys.argv) > 2 else 16
    results: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    for _ in range(rounds):
        for kind in KINDS:
            results[kind].append(asyncio.run(measure(kind, connections)))
    columns = list(results["asyncio"][0])
    print(f"CPU in µs (ratio to asyncio), medians of {rounds} rounds, {connections} connections")
    print(f"{'':10}" + "".join(f"{column:>22}" for column in columns))
    for kind in KINDS:
        print(f"{kind:10}" + "".join(cell(results, kind, column) for column in columns))


def cell(results: dict[str, list[dict[str, float]]], kind: str, column: str) -> str:
    cost = statistics.median(result[column] for result in results[kind])
    ratio = statistics.median(
        result[column] / plain[column]
        for result, plain in zip(results[kind], results["asyncio"], strict=True)
    )
    return f"{cost:>14.2f} ({ratio:.2f})"


# The client and the upstream


async def measure(kind: str, connections: int) -> dict[str, float]:
    upstream = await asyncio.start_server(answer_as_upstream, "127.0.0.1", 0)
    upstream_port = upstream.sockets[0].getsockname()[1]
    child = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "serve", kind, str(upstream_port), stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    try:
        hello = json.loads(await child.stdout.readline())
        result = {"call_soon": hello["call_soon"]}
        for name, path in (("request", "/plain"), ("proxied", "/proxied")):
            await load(hello["port"], path, connections, 0.3)
            result[name] = await load(hello["port"], path, connections, SECONDS)
    finally:
        child.terminate()
        await child.wait()
        upstream.close()
    return result


async def load(port: int, path: str, connections: int, seconds: float) -> float:
    """CPU of the child, in µs per request."""
    before = float(await get(port, "/cpu"))
    ends = time.monotonic() + seconds
    counts = await asyncio.gather(*(hammer(port, path, ends) for _ in range(connections)))
    return (float(await get(port, "/cpu")) - before) / sum(counts) * 1e6


async def hammer(port: int, path: str, ends: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.monotonic() < ends:
        await exchange(reader, writer, path)
        count += 1
    writer.close()
    return count


async def get(port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = await exchange(reader, writer, path)
    writer.close()
    return body


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> bytes:
    writer.write(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    return await reader.readexactly(length)


async def answer_as_upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n"
    try:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head + b'{"text":"hi"}')
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


# The program under test


def serve(kind: str, upstream_port: int) -> None:
    loop = new_loop(kind)
    loop.run_until_complete(serve_forever(upstream_port))


def new_loop(kind: str) -> asyncio.AbstractEventLoop:
    if kind == "asyncio":
        return asyncio.new_event_loop()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    app = QApplication([])
    if kind == "selector":
        from grokdesk.app.qtloop_selector import SelectorQtEventLoop

        return SelectorQtEventLoop(app)
    if kind == "batched":
        from grokdesk.app.qtloop_qasync import QasyncBatchedEventLoop

        return QasyncBatchedEventLoop(app)
    import qasync

    loop: asyncio.AbstractEventLoop = qasync.QEventLoop(app)
    return loop


async def serve_forever(upstream_port: int) -> None:
    from aiohttp import ClientSession, web

    async def plain(_request: web.Request) -> web.Response:
        return web.json_response({"text": "hi"})

    async def proxied(_request: web.Request) -> web.Response:
        async with client.get(f"http://127.0.0.1:{upstream_port}/") as reply:
            return web.json_response(await reply.json())

    async def cpu(_request: web.Request) -> web.Response:
        return web.Response(text=repr(time.process_time()))

    call_soon = await microseconds_per_call_soon()
    async with ClientSession() as client:
        app = web.Application()
        app.add_routes(
            [web.get("/plain", plain), web.get("/proxied", proxied), web.get("/cpu", cpu)]
        )
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print(json.dumps({"port": runner.addresses[0][1], "call_soon": call_soon}), flush=True)
        await asyncio.Event().wait()


async def microseconds_per_call_soon() -> float:
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    left = CALLBACKS

    def again() -> None:
        nonlocal left
        left -= 1
        if left > 0:
            loop.call_soon(again)
        elif not done.done():
            done.set_result(None)

    started = time.process_time()
    for _ in range(100):
        loop.call_soon(again)
    await done
    return (time.process_time() - started) / CALLBACKS * 1e6


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        main()
