"""The simulator's life: start, clients that leave, stop, and a process of its own."""

import asyncio
import json
import signal
import socket
import struct
import sys
import time

import aiohttp
import pytest

from grokdesk.simulator.accounts import account_uuid
from grokdesk.simulator.script import Script
from grokdesk.simulator.server import Simulator

CHAT = "/rest/app-chat/conversations/new"


@pytest.fixture
async def sim():
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
async def http():
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        yield session


async def until(condition, timeout=2.0):
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.002)


async def open_rest(sim, token, message):
    """A raw connection with a chat request under way."""
    before = sim.stats.open_chats
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sim.origin.rsplit(":")[-1]))
    body = json.dumps({"message": message, "modeId": "fast"}).encode()
    writer.write(
        f"POST {CHAT} HTTP/1.1\r\nHost: grok.com\r\nCookie: sso={token}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    await until(lambda: sim.stats.open_chats == before + 1)
    return reader, writer


def session_create():
    session = {"model": "fast", "x_grok": {"use_chunk": True}}
    return {"event": {"type": "session.create", "event_id": "evt_init_1", "session": session}}


async def open_mgw(http, sim, token, message):
    """A socket with a turn under way."""
    ws = await http.ws_connect(
        f"{sim.origin}/ws/mgw/?uid={account_uuid(token)}",
        headers={"Cookie": f"sso={token}", "Origin": "https://grok.com"},
    )
    await ws.send_json(session_create())
    if token.endswith("-stall"):
        return ws
    session_id = (await ws.receive_json())["session_id"]
    chunks = [{"text": {"text": message}}]
    item = {
        "type": "message",
        "role": "user",
        "x_grok": {"client_message_id": "1", "input_chunks": chunks},
    }
    for event in (
        {"type": "conversation.item.create", "event_id": "evt_msg_1", "item": item},
        {"type": "response.create", "event_id": "evt_resp_1"},
    ):
        await ws.send_json({"session_id": session_id, "event": event})
    await ws.receive_json()
    return ws


def leave_with_reset(writer):
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def leave_with_fin(writer):
    writer.close()


STALLING = [
    ("anna-stall", "Why?"),
    ("anna-stallmid", "Why?"),
    ("anna", "!stall"),
    ("anna", "!slow 10000 !long 9"),
    # More than the socket buffers hold, and nobody reads.
    ("anna", "!size 60000000"),
]


@pytest.mark.alone
class TestClientLeaves:
    @pytest.mark.parametrize("leave", [leave_with_fin, leave_with_reset])
    @pytest.mark.parametrize(("token", "message"), STALLING)
    async def test_rest_hears_it_at_once(self, sim, leave, token, message):
        _, writer = await open_rest(sim, token, message)
        await asyncio.sleep(0.05)
        left_at = time.monotonic()
        leave(writer)
        await until(lambda: sim.stats.open_chats == 0)
        assert sim.stats.closed_early == 1
        assert 0 <= sim.stats.closed_early_at[0] - left_at < 1.0
        await until(lambda: sim.stats.open_connections == 0)

    @pytest.mark.parametrize(("token", "message"), STALLING[:-1])
    async def test_the_socket_hears_a_close_frame_at_once(self, sim, http, token, message):
        ws = await open_mgw(http, sim, token, message)
        await asyncio.sleep(0.05)
        assert sim.stats.open_chats == 1
        left_at = time.monotonic()
        await ws.close()
        await until(lambda: sim.stats.open_chats == 0)
        assert sim.stats.closed_early == 1
        assert 0 <= sim.stats.closed_early_at[0] - left_at < 1.0

    @pytest.mark.parametrize("linger", [False, True])
    @pytest.mark.parametrize(("token", "message"), STALLING)
    async def test_the_socket_hears_a_lost_connection_at_once(
        self, sim, http, token, message, linger
    ):
        ws = await open_mgw(http, sim, token, message)
        await asyncio.sleep(0.05)
        if linger:
            ws.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        ws._conn.transport.abort()
        await until(lambda: sim.stats.open_chats == 0)
        assert sim.stats.closed_early == 1
        await ws.close()

    async def test_a_finished_turn_is_not_an_early_close(self, sim, http):
        ws = await open_mgw(http, sim, "anna", "Why?")
        async for message in ws:
            if "response.done" in message.data:
                break
        await ws.close()
        await until(lambda: sim.stats.open_chats == 0)
        assert (sim.stats.closed_early, sim.stats.answered) == (0, 1)

    async def test_nothing_is_logged_when_clients_leave(self, sim, http, caplog):
        for leave in (leave_with_fin, leave_with_reset):
            _, writer = await open_rest(sim, "anna", "!slow 5 !long 100")
            await asyncio.sleep(0.03)
            leave(writer)
            await until(lambda: sim.stats.open_chats == 0)
        ws = await open_mgw(http, sim, "anna", "!slow 5 !long 100")
        ws._conn.transport.abort()
        await until(lambda: sim.stats.open_chats == 0)
        await ws.close()
        assert not caplog.records


class TestStartAndStop:
    @pytest.mark.alone
    async def test_stop_is_quick_with_stalled_connections(self, http):
        sim = Simulator()
        await sim.start()
        writers = []
        for token, message in STALLING:
            _, writer = await open_rest(sim, token, message)
            writers.append(writer)
        sockets = [await open_mgw(http, sim, token, message) for token, message in STALLING]
        assert sim.stats.open_chats == 2 * len(STALLING)
        started = time.monotonic()
        await sim.stop()
        assert time.monotonic() - started < 1.0
        assert sim.stats.open_chats == 0
        for writer in writers:
            writer.transport.abort()
        for ws in sockets:
            await ws.close()

    async def test_chats_ended_by_stop_are_not_early_closes(self):
        sim = Simulator()
        await sim.start()
        _, writer = await open_rest(sim, "anna-stall", "Why?")
        await sim.stop()
        assert (sim.stats.open_chats, sim.stats.closed_early) == (0, 0)
        await until(lambda: sim.stats.open_connections == 0)
        writer.transport.abort()

    async def test_the_port_is_free_after_stop_and_it_starts_again(self, http):
        sim = Simulator()
        origin = await sim.start()
        await sim.stop()
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(origin)
        assert await sim.start(port=int(origin.rsplit(":")[-1])) == origin == sim.origin
        await sim.stop()
        await sim.stop()

    async def test_a_taken_port_is_an_error_and_leaves_nothing_behind(self, sim):
        second = Simulator()
        with pytest.raises(OSError, match="in use"):
            await second.start(port=int(sim.origin.rsplit(":")[-1]))
        assert await second.start()
        await second.stop()

    async def test_it_does_not_start_twice(self, sim):
        with pytest.raises(RuntimeError):
            await sim.start()

    async def test_connections_are_counted_and_kept_alive(self, sim, http):
        for _ in range(5):
            async with http.get(f"{sim.origin}/index") as response:
                await response.read()
        assert sim.stats.connections == 1
        assert sim.stats.open_connections == 1

    async def test_a_new_script_takes_effect_while_it_runs(self, sim, http):
        sim.script = Script(rest_enabled=False)
        async with http.post(sim.origin + CHAT, headers={"Cookie": "sso=a"}) as response:
            assert response.status == 404

    async def test_the_demo_is_paced_and_marked(self, http):
        async with Simulator(demo=True) as sim:
            started = time.monotonic()
            async with http.post(
                sim.origin + CHAT,
                json={"message": "hello", "modeId": "fast"},
                headers={"Cookie": "sso=demo"},
            ) as response:
                lines = (await response.text()).splitlines()
            took = time.monotonic() - started
        tokens = [
            r["token"]
            for line in lines
            if "token" in (r := json.loads(line)["result"].get("response", {}))
        ]
        assert "".join(tokens).startswith("**Demo** - ")
        assert took > 0.015 * len(tokens)


@pytest.mark.e2e
class TestProcess:
    async def run(self, *args):
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "grokdesk.simulator",
            *args,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    async def test_it_prints_its_origin_first_and_ends_on_a_signal(self, http, number):
        process = await self.run("--json-stats")
        try:
            origin = (await process.stdout.readline()).decode().strip()
            async with http.post(
                origin + CHAT,
                json={"message": "!echo across processes"},
                headers={"Cookie": "sso=anna"},
            ) as response:
                assert "!echo across processes" in await response.text()
        finally:
            process.send_signal(number)
        out, err = await asyncio.wait_for(process.communicate(), 10)
        assert process.returncode == 0
        assert err == b""
        assert json.loads(out)["chats"] == {"anna": 1}

    async def test_another_process_drives_it(self, http):
        process = await self.run("--demo")
        try:
            origin = (await process.stdout.readline()).decode().strip()
            async with http.post(
                f"{origin}/_simulator/script",
                json={"chunk_delay_s": 0, "first_delay_s": 0, "chunk_jitter_s": 0},
            ) as response:
                assert response.status == 200
            async with http.post(
                origin + CHAT,
                json={"message": "hello", "modeId": "fast"},
                headers={"Cookie": "sso=anna"},
            ) as response:
                assert "**Demo** " in await response.text()
            async with http.get(f"{origin}/_simulator/stats") as response:
                assert (await response.json())["answered"] == 1
        finally:
            process.terminate()
            await asyncio.wait_for(process.communicate(), 10)
