"""The simulator as a server: start, orderly stop, and what a test may look at."""

import asyncio
from functools import partial
from types import TracebackType
from typing import Final, Self

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from grokdesk.simulator.compose import compose
from grokdesk.simulator.demo import demo_compose, demo_script
from grokdesk.simulator.routes import serve
from grokdesk.simulator.script import Script
from grokdesk.simulator.site import Site
from grokdesk.simulator.stats import Stats

_BODY_CAP_BYTES: Final = 128 * 1024 * 1024
_KEEPALIVE_S: Final = 75.0
_GRACE_S: Final = 0.05
_MOST_TURNS_TO_UNWIND: Final = 100


class Simulator:
    """An offline grok.com on a loopback socket.

    What happens is chosen by the suffix of the token (`scenario.py`), by `!keywords` in the
    prompt (`compose.py`) and by the script, which may be edited at any time.
    """

    def __init__(self, script: Script | None = None, *, demo: bool = False) -> None:
        if script is None:
            script = demo_script() if demo else Script()
        self._site = Site(script, demo_compose if demo else compose)
        self._runner: web.ServerRunner | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Returns the origin, `http://127.0.0.1:PORT`."""
        if self._runner is not None:
            raise RuntimeError("the simulator is already running")
        runner = web.ServerRunner(_SiteServer(self._site), shutdown_timeout=_GRACE_S)
        await runner.setup()
        site = web.TCPSite(runner, host, port, backlog=1024)
        try:
            await site.start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self._site.origin = site.name.rstrip("/")
        return self._site.origin

    async def stop(self) -> None:
        """Under a second, whatever the connections are doing; nothing happens if not running."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        self.stats.excuse_open_chats()
        await runner.cleanup()
        for _ in range(_MOST_TURNS_TO_UNWIND):
            if not self.stats.open_chats:
                break
            await asyncio.sleep(0)

    @property
    def origin(self) -> str:
        """Empty before the first start."""
        return self._site.origin

    @property
    def stats(self) -> Stats:
        return self._site.stats

    @property
    def script(self) -> Script:
        return self._site.script

    @script.setter
    def script(self, script: Script) -> None:
        self._site.script = script


class _SiteServer(web.Server):
    """aiohttp's low-level server: one handler, connections counted, room for uploads."""

    def __init__(self, site: Site) -> None:
        super().__init__(
            partial(serve, site),
            request_factory=self._request,
            # A client that leaves is noticed at once, also while an answer stalls.
            handler_cancellation=True,
            access_log=None,
            keepalive_timeout=_KEEPALIVE_S,
        )
        self._stats = site.stats

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        self._stats.connections += 1
        self._stats.open_connections += 1
        super().connection_made(handler, transport)

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        self._stats.open_connections -= 1
        super().connection_lost(handler, exc)

    def _request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        return web.BaseRequest(
            message,
            payload,
            protocol,
            writer,
            task,
            self._loop,
            client_max_size=_BODY_CAP_BYTES,
        )
