"""One GET to places that were settled beforehand: nothing is looked up, followed or remembered."""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass

from curl_cffi import Curl, CurlInfo, CurlOpt

from grokdesk import __version__
from grokdesk.domain.errors import LocalNetworkError
from grokdesk.upstream.web.multi import Handle, Multi, plain_handle
from grokdesk.upstream.web.proxies import Proxy
from grokdesk.upstream.web.reply import Reply
from grokdesk.upstream.web.watchdog import Timeouts

_HEADERS = (
    f"user-agent: Grokdesk/{__version__}".encode(),
    b"accept: image/png, image/jpeg, image/webp, image/gif, */*;q=0.1",
    # What is packed can be a thousand times larger than what was counted.
    b"accept-encoding: identity",
)


@dataclass(frozen=True, slots=True)
class Target:
    """`url` names its port; `addresses` are where its host is, and all that is connected to."""

    url: str
    host: str
    port: int
    addresses: Collection[str]


@dataclass(frozen=True, slots=True)
class Answer:
    """The body is there for status 200 alone, and only when it is not too large."""

    status: int
    location: str = ""
    body: bytes = b""
    is_too_large: bool = False


async def get(target: Target, *, limit: int, timeouts: Timeouts, proxy: Proxy | None) -> Answer:
    """Raise UpstreamError when no whole answer comes.

    A proxy is told the name and finds the place by itself.
    """
    multi = Multi()  # what it remembers of names and connections is for this request alone
    curl = _handle(target, timeouts, proxy)
    reply = Reply(curl, timeouts, proxy)
    curl.tell(reply.on_header, reply.on_body)
    try:
        reply.follow(multi.start(curl))
        await reply.opened()
        if proxy is None and not _is_at(curl, target.addresses):
            raise LocalNetworkError("The connection leads to another place than it should.")
        return await _answer(reply, limit)
    finally:
        reply.release()
        multi.abort(curl)
        curl.close()
        await multi.close()


def _handle(target: Target, timeouts: Timeouts, proxy: Proxy | None) -> Handle:
    curl = plain_handle(connect_timeout_s=timeouts.connect_s, proxy=proxy)
    curl.aim("GET", target.url)
    curl.setopt(CurlOpt.PROTOCOLS_STR, "http,https")
    curl.setopt(CurlOpt.HTTPHEADER, _HEADERS)
    # For any host, so that it does not matter how curl reads the address; but a proxy is a host,
    # too, and is found as usual.
    host = "*" if proxy is None else target.host
    if ":" not in host:
        places = ",".join(f"[{each}]" if ":" in each else each for each in target.addresses)
        curl.setopt(CurlOpt.RESOLVE, [f"{host}:{target.port}:{places}"])
    return curl


async def _answer(reply: Reply, limit: int) -> Answer:
    status = reply.status
    if status != 200:
        return Answer(status, reply.headers.get("location", ""))
    announced = reply.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > limit:
        return Answer(status, is_too_large=True)
    body = await reply.read_all(limit + 1)
    if len(body) > limit:
        return Answer(status, is_too_large=True)
    return Answer(status, body=body)


def _is_at(curl: Curl, addresses: Collection[str]) -> bool:
    found = curl.getinfo(CurlInfo.PRIMARY_IP)
    if not isinstance(found, bytes) or not found:
        return False
    return str(ipaddress.ip_address(found.decode("ascii"))) in addresses
