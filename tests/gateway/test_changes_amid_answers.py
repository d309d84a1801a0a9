"""What a person changes while answers are being streamed disturbs none of them."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from grokdesk.app.core import CoreOptions, running_core
from grokdesk.kernel.paths import Paths
from grokdesk.services.bundle import Services
from grokdesk.simulator.server import Simulator

WORDS = 40


class Rig:
    def __init__(self, services: Services, http: aiohttp.ClientSession) -> None:
        self.services = services
        self._http = http

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.services.gateway.snapshot().port}/v1/chat/completions"

    async def ask(self, text: str = "Hello", *, stream: bool = False) -> tuple[int, str]:
        messages = [{"role": "user", "content": text}]
        body = {"model": "grok-chat-fast", "stream": stream, "messages": messages}
        async with self._http.post(self.url, json=body) as response:
            return response.status, await response.text()

    async def add(self, token: str) -> None:
        importer = self.services.importer
        await importer.run(importer.preview(token), probe=False)


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Rig]:
    async with Simulator() as simulator, contextlib.AsyncExitStack() as stack:
        environ = {
            "GROKDESK_HOME": str(folder),
            "GROKDESK_UPSTREAM_WEB_URL": simulator.origin,
            "GROKDESK_GATEWAY_DEMO": "never",
            "GROKDESK_ACCOUNTS_VAULT": "memory",
        }
        paths = Paths.for_profile(None, environ)
        paths.ensure()
        paths.settings_file.write_text("[gateway]\nport = 0\n")
        core = await stack.enter_async_context(
            running_core(CoreOptions(paths, allow_key_file=True, environ=environ))
        )
        _, secret = await core.services.keys.create("tests")
        headers = {"Authorization": f"Bearer {secret}"}
        http = await stack.enter_async_context(aiohttp.ClientSession(headers=headers))
        rig = Rig(core.services, http)
        await rig.add("first-account-token-super")
        yield rig


async def pause(rig: Rig) -> None:
    rig.services.gateway.pause()
    status, text = await rig.ask()
    assert (status, "gateway_paused" in text) == (503, True)


async def move_to_another_port(rig: Rig) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    await rig.services.settings.update({"gateway.port": port})
    assert rig.services.gateway.snapshot().port == port
    assert (await rig.ask())[0] == 200


async def change_how_grok_is_reached(rig: Rig) -> None:
    await rig.services.settings.update(
        {
            "gateway.heartbeat_s": 1.0,
            "models.aliases": "gpt-*=grok-chat-fast",
            "pool.max_in_flight": 2,
            "upstream.chat_transport": "rest",
            "upstream.proxy_url": "none",
        }
    )
    assert (await rig.ask())[0] == 200


async def remove_the_account(rig: Rig) -> None:
    (account,) = rig.services.accounts.snapshot()
    await rig.services.accounts.remove([account.id])
    status, text = await rig.ask()
    assert (status, "no_account" in text) == (503, True)


@pytest.mark.parametrize(
    "change", [pause, move_to_another_port, change_how_grok_is_reached, remove_the_account]
)
async def test_an_answer_goes_on(tmp_path: Path, change: Callable[[Rig], Awaitable[None]]) -> None:
    async with running(tmp_path) as rig, asyncio.TaskGroup() as group:
        answer = group.create_task(rig.ask(f"!long {WORDS} !slow 25", stream=True))
        await asyncio.sleep(0.3)
        await change(rig)
        assert not answer.done(), "the change came too late to say anything"
        status, text = await answer
    assert status == 200
    assert text.count('"word') == WORDS
    assert text.endswith("data: [DONE]\n\n")
