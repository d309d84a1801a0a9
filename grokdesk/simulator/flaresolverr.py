"""A FlareSolverr that solves at once what the simulated Cloudflare demands, or fails as told."""

import asyncio
from types import TracebackType
from typing import Any, Final, Literal, Self

import msgspec
from aiohttp import web

from grokdesk.simulator import pages
from grokdesk.simulator.connection import forever
from grokdesk.simulator.script import Script

PATH: Final = "/v1"
STATS_PATH: Final = "/_simulator/stats"
USER_AGENT: Final = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
)
_GRACE_S: Final = 0.05

Failure = Literal["", "error", "garbage", "useless", "silent"]
"""`useless`: a cookie that lets nobody in."""


class FakeFlareSolverr:
    """Each solve is a new cookie, entered in the script's table. Fields may be changed any time."""

    def __init__(self, script: Script, *, user_agent: str = USER_AGENT) -> None:
        self.script = script
        self.user_agent = user_agent
        self.delay_s = 0.0
        self.failure: Failure = ""
        self.commands: list[dict[str, Any]] = []
        """What was asked for, as it came."""
        self.solves = 0
        """Solves that ended well."""
        self.origin = ""
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
        server = web.Server(self._serve, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=_GRACE_S)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.origin = site.name.rstrip("/")
        return self.origin

    async def stop(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if (request.method, request.path) == ("GET", STATS_PATH):
            return pages.json_response({"solves": self.solves, "commands": self.commands})
        if (request.method, request.path) != ("POST", PATH):
            return pages.not_found()
        command = msgspec.json.decode(await request.read(), type=dict[str, Any])
        self.commands.append(command)
        await asyncio.sleep(self.delay_s)
        match self.failure:
            case "silent":
                await forever()
            case "garbage":
                return web.Response(body=pages.GARBAGE)
            case "error":
                return _failed(command)
            case _:
                pass
        return pages.json_response(self._solved(command))

    def _solved(self, command: dict[str, Any]) -> dict[str, Any]:
        self.solves += 1
        value = f"solved-clearance-{self.solves}"
        if self.failure != "useless" and self.script.clearances is not None:
            self.script.clearances[value] = self.user_agent
        cookies = {"cf_clearance": value, "__cf_bm": f"bm-{self.solves}", "x-anonuserid": "nobody"}
        return {
            "status": "ok",
            "message": "Challenge solved!",
            "version": "3.4.0",
            "solution": {
                "url": command.get("url", ""),
                "status": 200,
                "userAgent": self.user_agent,
                "headers": {},
                "response": "<html></html>",
                "cookies": [
                    {"name": name, "value": text, "path": "/"} for name, text in cookies.items()
                ],
            },
        }


def _failed(command: dict[str, Any]) -> web.Response:
    seconds = int(command.get("maxTimeout", 60_000)) / 1000
    message = f"Error: Error solving the challenge. Timeout after {seconds} seconds."
    response = pages.json_response({"status": "error", "message": message})
    response.set_status(500)
    return response
