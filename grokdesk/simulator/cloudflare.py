"""The check before the site: a cookie counts only with the browser that it was issued to."""

from aiohttp import web

from grokdesk.simulator.script import Script
from grokdesk.simulator.stats import cookies_of


def is_cleared(script: Script, request: web.BaseRequest) -> bool:
    if script.clearances is None:
        return True
    cookie = cookies_of(request.headers.get("Cookie", "")).get("cf_clearance", "")
    user_agent = request.headers.get("User-Agent", "")
    return bool(cookie) and script.clearances.get(cookie) == user_agent
