"""Fetches files from the web for clients that send only an address, and never from our networks.

Whoever holds an API key may name any address, and we stand behind the user's firewall. So a name is
resolved once, each of its addresses must be public, and the connection goes to one of them. To the
client all refusals look alike, lest it learns from them what there is on the network.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from grokdesk.domain.errors import InvalidRequestError, UpstreamError
from grokdesk.services.remote_addresses import Address, is_public, parse_address
from grokdesk.services.remote_urls import Refused, RemoteUrl, next_url, parse_url
from grokdesk.settings.serving import AttachmentSettings
from grokdesk.upstream.remote.transfer import Answer, Target, get
from grokdesk.upstream.web.proxies import Proxy
from grokdesk.upstream.web.watchdog import Timeouts

_log = logging.getLogger(__name__)

_REFUSED = (
    "The file could not be fetched from this address. Only https addresses on the public internet "
    "are fetched; send the file itself instead."
)
_SWITCHED_OFF = "This gateway fetches no files from the web. Send the file itself instead."

_REDIRECTS = (301, 302, 303, 307, 308)

Resolve: TypeAlias = Callable[[str, int], Awaitable[Collection[str]]]
"""All addresses of a host name; raises OSError when there are none."""


async def no_proxy(_url: str) -> Proxy | None:
    return None


@dataclass(frozen=True, slots=True)
class Bounds:
    """`at_once`: over all requests, for each file may take as much memory as the largest."""

    total_s: float = 15.0
    connect_s: float = 3.0
    largest_bytes: int = 20 << 20
    redirects: int = 3
    at_once: int = 8


class SystemResolver:
    """In threads of its own: a name that no server answers for holds one for half a minute, and
    nobody else must wait for that.
    """

    def __init__(self, at_once: int) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="resolver")

    async def __call__(self, host: str, port: int) -> Collection[str]:
        look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        return [str(place[0]) for *_, place in found]


class RemoteFiles:
    """`proxy` says which one the user set for an address; it resolves names by itself, and still a
    name must be public from here, too.
    """

    def __init__(
        self,
        options: Callable[[], AttachmentSettings],
        *,
        proxy: Callable[[str], Awaitable[Proxy | None]] = no_proxy,
        resolve: Resolve | None = None,
        is_allowed: Callable[[Address], bool] = is_public,
        bounds: Bounds | None = None,
    ) -> None:
        self._options = options
        self._proxy = proxy
        self._is_allowed = is_allowed
        self._bounds = bounds = bounds or Bounds()
        self._resolve = resolve or SystemResolver(bounds.at_once)
        self._timeouts = Timeouts(bounds.connect_s, bounds.total_s, bounds.total_s)
        self._gate = asyncio.Semaphore(bounds.at_once)

    async def fetch(self, url: str, *, param: str) -> bytes:
        """Raise InvalidRequestError about `param`, the same for whatever is wrong."""
        if not self._options().fetch_remote:
            raise InvalidRequestError(_SWITCHED_OFF, param=param, code="invalid_image_url")
        try:
            async with self._gate, asyncio.timeout(self._bounds.total_s):
                return await self._follow(url)
        except (Refused, OSError, UnicodeError, UpstreamError) as error:
            # The address itself is a part of the conversation, which is not written down.
            reason = str(error) if isinstance(error, Refused) else type(error).__name__
            _log.info("A file was not fetched from the web: %s.", reason)
            raise InvalidRequestError(_REFUSED, param=param, code="invalid_image_url") from None

    async def _follow(self, text: str) -> bytes:
        for _ in range(self._bounds.redirects + 1):
            url = self._parse(text)
            answer = await self._get(url)
            if answer.is_too_large:
                raise Refused("it is too large")
            if answer.status == 200:
                return answer.body
            if answer.status not in _REDIRECTS:
                raise Refused(f"the answer was {answer.status}")
            text = next_url(url, answer.location)
        raise Refused("it redirects too often")

    def _parse(self, text: str) -> RemoteUrl:
        options = self._options()
        ports = {443, 80, *map(int, filter(None, options.fetch_ports.split(",")))}
        return parse_url(text, allow_http=options.allow_http, ports=ports)

    async def _get(self, url: RemoteUrl) -> Answer:
        target = Target(url.text, url.host, url.port, await self._addresses(url))
        proxy = await self._proxy(url.text)
        return await get(
            target, limit=self._bounds.largest_bytes, timeouts=self._timeouts, proxy=proxy
        )

    async def _addresses(self, url: RemoteUrl) -> Collection[str]:
        """All of them are public, or none is used: which one is taken would be chance."""
        if url.literal is not None:
            found = [str(url.literal)]
        else:
            found = list(await self._resolve(url.host, url.port))
        addresses = list(map(parse_address, found))
        if not addresses or not all(each and self._is_allowed(each) for each in addresses):
            raise Refused("its host is not public")
        return dict.fromkeys(map(str, addresses))
