"""Fetches all bad addresses and one good one; to be watched from outside the process."""

import asyncio

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.services.remote_files import RemoteFiles
from tests.unit.bad_urls import BAD_REDIRECTS, BAD_URLS
from tests.unit.fake_web import fake_web


async def main() -> None:
    async with fake_web() as net:
        remote, refused = net.remote(), 0
        assert await remote.fetch(net.url(), param="") == b"content"
        for url in BAD_URLS:
            refused += await _is_refused(remote, url.replace("{port}", str(net.port)))
        for location in BAD_REDIRECTS:
            net.redirect("/", location.replace("{port}", str(net.port)))
            refused += await _is_refused(remote, net.url())
        assert net.inside_hits == 0
        print("port", net.port, "refused", refused)


async def _is_refused(remote: RemoteFiles, url: str) -> bool:
    try:
        await remote.fetch(url, param="")
    except InvalidRequestError:
        return True
    return False


asyncio.run(main())
