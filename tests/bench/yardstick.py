"""The least that a proxy on aiohttp can do: our figures are read beside its own.

    python -m tests.bench.yardstick TRANSPORT SIMULATOR PORT

It forwards each request to the simulator and wraps what comes back, on plain asyncio: no keys, no
choice of accounts, no usage rows, no understanding of the answer.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable

import msgspec
from aiohttp import ClientSession, web

from tests.bench import turn

_HEADERS = {"Cookie": turn.COOKIE, "Content-Type": "application/json"}

_encode = msgspec.json.encode
Ask = Callable[[str], AsyncIterator[bytes]]


class Upstream:
    """Asks the simulator; the answer comes as its own bytes."""

    def __init__(self, session: ClientSession, origin: str) -> None:
        self._session = session
        self._origin = origin

    async def by_rest(self, prompt: str) -> AsyncIterator[bytes]:
        body = _encode(turn.rest_body(prompt))
        async with self._session.post(
            f"{self._origin}{turn.REST_PATH}", data=body, headers=_HEADERS
        ) as reply:
            reply.raise_for_status()
            async for data in reply.content.iter_any():
                yield data

    async def by_socket(self, prompt: str) -> AsyncIterator[bytes]:
        async with self._session.ws_connect(
            f"{self._origin}{turn.SOCKET_PATH}", headers=_HEADERS, origin=self._origin
        ) as socket:
            await socket.send_str(turn.SESSION_CREATE.decode())
            for frame in turn.question(await socket.receive_str(), prompt):
                await socket.send_str(frame.decode())
            while turn.SOCKET_DONE not in (data := (await socket.receive_str()).encode()):
                yield data


class Proxy:
    """Both kinds of chat request, as every client sends them."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = msgspec.json.decode(await request.read())
        prompt = body["messages"][-1]["content"]
        if body["stream"]:
            return await self._stream(request, prompt)
        content = b"".join([data async for data in self._ask(prompt)])
        message = {"role": "assistant", "content": content.decode()}
        answer = {"object": "chat.completion", "choices": [{"index": 0, "message": message}]}
        return web.Response(body=_encode(answer), content_type="application/json")

    async def _stream(self, request: web.Request, prompt: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        async for data in self._ask(prompt):
            await response.write(b"data: %b\n\n" % data)
        await response.write_eof()
        return response


async def serve(transport: str, simulator: str, port: int) -> None:
    async with ClientSession() as session:
        upstream = Upstream(session, simulator)
        proxy = Proxy(upstream.by_socket if transport == "mgw" else upstream.by_rest)
        app = web.Application()
        app.add_routes(
            [web.get("/health", proxy.health), web.post("/v1/chat/completions", proxy.chat)]
        )
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2], int(sys.argv[3])))
