"""Streams: when they start, how they stay alive, and clients that do not read."""

import asyncio
import contextlib
import itertools
import json
import socket
import time

import pytest

from grokdesk.domain.chat import Finish, TextDelta
from grokdesk.domain.errors import ContentRefusedError
from grokdesk.gateway.limits import Limits
from tests.gateway.stand_in import chat_body, fails, hangs, says

FAST_HEARTBEAT = {"gateway.heartbeat_s": 1.0}


@pytest.fixture
async def beating(start_gateway):
    return await start_gateway(settings=FAST_HEARTBEAT)


def post(http, gateway, **fields):
    url = gateway.origin + "/v1/chat/completions"
    return http.post(url, json=chat_body(stream=True, **fields), headers=gateway.headers)


async def until(condition, timeout=3.0):
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.005)


async def test_heartbeats_come_in_time_while_upstream_is_silent(http, beating):
    beating.upstream.play = hangs()
    started = time.monotonic()
    async with post(http, beating) as response:
        assert response.status == 200
        assert 0.5 <= time.monotonic() - started <= 1.3
        times = []
        for _ in range(3):
            assert await response.content.readuntil(b"\n\n") == b": ping\n\n"
            times.append(time.monotonic())
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert all(0.5 <= gap <= 1.3 for gap in gaps)


async def test_no_heartbeat_while_text_flows(http, beating):
    async def play(_request, emit):
        for _ in range(15):
            await emit(TextDelta("x"))
            await asyncio.sleep(0.1)
        await emit(Finish())

    beating.upstream.play = play
    async with post(http, beating) as response:
        assert b": ping" not in await response.read()


async def test_text_after_a_heartbeat_makes_a_normal_stream(http, beating):
    async def play(_request, emit):
        await asyncio.sleep(1.2)
        await emit(TextDelta("late"))
        await emit(Finish())

    beating.upstream.play = play
    async with post(http, beating) as response:
        body = await response.read()
    assert body.startswith(b": ping\n\ndata: {")
    assert body.endswith(b"data: [DONE]\n\n")


async def test_an_error_after_a_heartbeat_is_told_in_the_stream(http, beating):
    async def play(_request, emit):
        await asyncio.sleep(1.2)
        raise ContentRefusedError("Grok declined.")

    beating.upstream.play = play
    async with post(http, beating) as response:
        assert response.status == 200
        body = await response.read()
    events = [event for event in body.split(b"\n\n") if event]
    assert events[0] == b": ping"
    assert json.loads(events[-1].removeprefix(b"data: "))["error"]["message"] == "Grok declined."


@pytest.mark.parametrize("play", [says("text"), fails(ContentRefusedError("No."))])
async def test_a_connection_that_is_kept_gets_no_heartbeat_of_an_old_stream(beating, play):
    beating.upstream.play = play
    reader, writer = await asyncio.open_connection("127.0.0.1", beating.port)
    writer.write(beating.chat_bytes(stream=True))
    await asyncio.sleep(0.2)
    assert await reader.read(10_000)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 1.5)
    writer.close()


async def test_nothing_is_sent_before_there_is_something_to_say(http, gateway):
    gateway.upstream.play = hangs()
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(gateway.chat_bytes(stream=True))
    await until(lambda: gateway.upstream.running)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.2)
    writer.close()


async def test_chunks_of_one_turn_of_the_loop_leave_in_one_piece(gateway):
    gateway.upstream.play = says(*("x" for _ in range(50)))
    answer = await gateway.raw(
        gateway.chat_bytes(stream=True).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
    )
    body = answer.partition(b"\r\n\r\n")[2]
    assert body.count(b'"content":"x"') == 50
    pieces = 0
    while body:
        size, _, body = body.partition(b"\r\n")
        body = body[int(size, 16) + 2 :]
        pieces += 1
    assert pieces <= 3, "one piece, perhaps one for the end, and the closing piece of HTTP"


async def test_an_old_client_gets_the_stream_without_framing(gateway):
    request = gateway.chat_bytes(stream=True).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    answer = await gateway.raw(request)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert body.startswith(b"data: {")
    assert body.endswith(b"data: [DONE]\n\n")


def reset(writer):
    """Close with RST instead of FIN."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    writer.transport.abort()


@pytest.mark.alone
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("first", [(), ("text",)])
@pytest.mark.parametrize("leave", [lambda writer: writer.close(), reset], ids=["FIN", "RST"])
async def test_a_client_that_leaves_stops_upstream_at_once(gateway, stream, first, leave, caplog):
    caplog.set_level("INFO")
    gateway.upstream.play = hangs(*first)
    writers = []
    for _ in range(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(gateway.chat_bytes(stream=stream))
        if stream and first:
            await reader.readuntil(b'"text"')
        writers.append(writer)
    await until(lambda: gateway.upstream.running == 20)
    left = time.monotonic()
    for writer in writers:
        leave(writer)
    await until(lambda: not gateway.upstream.running)
    assert time.monotonic() - left < 0.5
    assert gateway.upstream.cancelled == 20
    snapshot = gateway.services.gateway.snapshot()
    assert snapshot.running_requests == 0
    assert all(account.in_flight == 0 for account in gateway.services.accounts.snapshot())
    assert sum("cancelled by client" in line for line in caplog.messages) == 20
    for writer in writers:
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def connect_without_reading(gateway, **fields):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", gateway.port))
    await asyncio.get_running_loop().sock_sendall(sock, gateway.chat_bytes(**fields))
    return sock


@pytest.mark.parametrize("pause", [False, True], ids=["in one turn", "turn by turn"])
async def test_upstream_waits_for_a_client_that_reads_slowly(gateway, pause):
    emitted = 0

    async def play(_request, emit):
        nonlocal emitted
        while emitted < 10_000:
            await emit(TextDelta("x" * 10_000))
            emitted += 1
            if pause:
                await asyncio.sleep(0)
        await emit(Finish())

    gateway.upstream.play = play
    with contextlib.closing(await connect_without_reading(gateway, stream=True)):
        held = -1
        async with asyncio.timeout(10):
            while emitted != held:
                held = emitted
                await asyncio.sleep(0.5)
        assert 0 < held * 10_000 < 12_000_000
        assert gateway.upstream.running == 1
    await until(lambda: not gateway.upstream.running)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_never_reads_is_cut(start_gateway, stream):
    gateway = await start_gateway(limits=Limits(stall_s=0.8))
    gateway.upstream.play = says(*("x" * 100_000 for _ in range(200)))
    with contextlib.closing(await connect_without_reading(gateway, stream=stream)):
        await until(lambda: gateway.upstream.requests)
        started = time.monotonic()
        await until(lambda: not gateway.server.connections, timeout=5)
        assert time.monotonic() - started > 0.4
    assert not gateway.upstream.running


async def test_a_client_that_reads_slowly_but_steadily_is_not_cut(start_gateway):
    gateway = await start_gateway(limits=Limits(stall_s=0.8))
    gateway.upstream.play = says("x" * 7_500_000)
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port, limit=50_000)
    writer.write(gateway.chat_bytes(stream=True))
    started = time.monotonic()
    end = b""
    while not end.endswith(b"0\r\n\r\n"):
        piece = await reader.read(50_000)
        assert piece, "the stream was cut"
        end = (end + piece)[-100:]
        await asyncio.sleep(0.01)
    assert time.monotonic() - started > 1
    assert b"[DONE]" in end
    writer.close()


async def test_two_hundred_streams_at_once_all_end_well(http, gateway):
    async def play(_request, emit):
        for number in range(10):
            await emit(TextDelta(f"<{number}>"))
            await asyncio.sleep(0.01)
        await emit(Finish())

    gateway.upstream.play = play

    async def read_one():
        async with post(http, gateway) as response:
            return await response.read()

    bodies = await asyncio.gather(*(read_one() for _ in range(200)))
    assert all(body.endswith(b"data: [DONE]\n\n") for body in bodies)
    assert all(b'"<9>"' in body for body in bodies)


async def test_an_error_right_at_the_start_costs_no_stream(http, gateway):
    gateway.upstream.play = fails(ContentRefusedError("No."))
    async with post(http, gateway) as response:
        assert response.status == 400
