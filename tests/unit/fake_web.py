"""A web of two servers on this computer: one that counts as public, and one inside that counts."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field

from aiohttp import web

from grokdesk.services.remote_addresses import Address, is_public
from grokdesk.services.remote_files import RemoteFiles
from grokdesk.settings.serving import AttachmentSettings
from tests.unit.bad_urls import RESOLVED

OUTSIDE = "127.0.0.77"
"""The one address of this computer that the tests call public."""

Handler = Callable[[web.Request], web.StreamResponse]


@dataclass
class FakeWeb:
    port: int
    inside_hits: int = 0
    requests: list[web.Request] = field(default_factory=list)
    answers: dict[str, Handler] = field(default_factory=dict)
    """By path."""
    lookups: list[str] = field(default_factory=list)
    names: dict[str, list[Collection[str]]] = field(default_factory=dict)
    """Answers to the lookups of a name, one after the other; the last one stays."""

    def url(self, path: str = "/", host: str = "public.bad-dns.com") -> str:
        return f"http://{host}:{self.port}{path}"

    def settings(self) -> AttachmentSettings:
        return AttachmentSettings(allow_http=True, fetch_ports=str(self.port))

    def remote(self, **options: object) -> RemoteFiles:
        options = {"resolve": self.resolve, "is_allowed": allow_outside, **options}
        return RemoteFiles(self.settings, **options)  # type: ignore[arg-type]

    def redirect(self, path: str, location: str) -> None:
        self.answers[path] = lambda _request: web.Response(
            status=302, headers={"Location": location}
        )

    async def resolve(self, host: str, port: int) -> Collection[str]:
        self.lookups.append(host)
        if host in self.names:
            answers = self.names[host]
            return answers.pop(0) if len(answers) > 1 else answers[0]
        if host == "public.bad-dns.com":
            return (OUTSIDE,)
        if host in RESOLVED:
            return RESOLVED[host]
        # As the system reads numbers; real names are not looked up by tests.
        found = socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)
        return [str(place[0]) for *_, place in found]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        handler = self.answers.get(request.path)
        return handler(request) if handler else web.Response(body=b"content")


def allow_outside(address: Address) -> bool:
    return is_public(address) or str(address) == OUTSIDE


@contextlib.asynccontextmanager
async def fake_web() -> AsyncIterator[FakeWeb]:
    """Inside is all of this computer but `OUTSIDE`: both families, on the same port."""
    it = FakeWeb(0)

    async def inside(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        it.inside_hits += 1
        writer.close()

    outside, *insides = _on_one_port(
        OUTSIDE, "127.0.0.1", "127.0.0.2", *(("::1",) if socket.has_ipv6 else ())
    )
    runner = web.ServerRunner(web.Server(it._serve))
    await runner.setup()
    await web.SockSite(runner, outside).start()
    it.port = outside.getsockname()[1]
    servers = [await asyncio.start_server(inside, sock=one) for one in insides]
    try:
        yield it
    finally:
        for server in servers:
            server.close()
        await runner.cleanup()


def _on_one_port(*hosts: str) -> list[socket.socket]:
    """A port that is free on all of them: another program may have the first one's on the next."""
    for _ in range(50):
        with contextlib.ExitStack() as failing, contextlib.suppress(OSError):
            bound: list[socket.socket] = []
            for host in hosts:
                family = socket.AF_INET6 if ":" in host else socket.AF_INET
                one = failing.enter_context(socket.socket(family))
                one.bind((host, bound[0].getsockname()[1] if bound else 0))
                bound.append(one)
            failing.pop_all()
            return bound
    raise AssertionError("no port is free on all hosts")
