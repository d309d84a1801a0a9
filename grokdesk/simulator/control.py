"""The routes through which a test in another process reads the counters and edits the script."""

from typing import Any, Final

import msgspec
from aiohttp import web

from grokdesk.simulator import pages
from grokdesk.simulator.site import Site

STATS_PATH: Final = "/_simulator/stats"
SCRIPT_PATH: Final = "/_simulator/script"


async def stats(site: Site, _request: web.BaseRequest) -> web.StreamResponse:
    return pages.json_response(site.stats.snapshot())


async def patch_script(site: Site, request: web.BaseRequest) -> web.StreamResponse:
    try:
        changes = msgspec.json.decode(await request.read(), type=dict[str, Any])
        site.script.patch(changes)
    except msgspec.MsgspecError as exc:
        return pages.invalid(str(exc))
    return pages.json_response(site.script)
