"""From a request to its route: counted, perhaps overridden, perhaps refused, then served."""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from grokdesk.simulator import account_routes, connection, control, mgw, pages, rest, uploads
from grokdesk.simulator.accounts import Account
from grokdesk.simulator.answer import Ending
from grokdesk.simulator.cloudflare import is_cleared
from grokdesk.simulator.outcomes import early_ending, refusal_of
from grokdesk.simulator.scenario import Scenario
from grokdesk.simulator.script import HttpOverride
from grokdesk.simulator.site import Site
from grokdesk.simulator.stats import cookies_of

_Key = tuple[str, str]
_SiteRoute = Callable[[Site, web.BaseRequest], Awaitable[web.StreamResponse]]
_AccountRoute = Callable[[Site, web.BaseRequest, Account], Awaitable[web.StreamResponse]]

# Not part of the site: neither counted nor refused.
CONTROL_ROUTES: Final[dict[_Key, _SiteRoute]] = {
    ("GET", control.STATS_PATH): control.stats,
    ("POST", control.SCRIPT_PATH): control.patch_script,
}

# One turn each; they play the scenario themselves.
CHAT_ROUTES: Final[dict[_Key, _AccountRoute]] = {
    ("POST", rest.PATH): rest.chat,
    ("GET", mgw.PATH): mgw.chat,
}

ACCOUNT_ROUTES: Final[dict[_Key, _AccountRoute]] = {
    ("POST", account_routes.RATE_LIMITS_PATH): account_routes.rate_limits,
    ("POST", account_routes.IMAGINE_QUOTA_PATH): account_routes.imagine_quota,
    ("POST", account_routes.CREDITS_PATH): account_routes.weekly_credits,
    ("POST", uploads.DIRECT_PATH): uploads.direct,
    ("POST", uploads.LEGACY_PATH): uploads.legacy,
    ("GET", uploads.ASSETS_PATH): uploads.list_assets,
    ("DELETE", uploads.METADATA_PREFIX): uploads.delete_asset,
}

_PAGES: Final = frozenset({("GET", "/"), ("GET", "/index")})
_SESSION: Final = ("GET", account_routes.SESSION_PATH)
_CREDITS: Final = ("POST", account_routes.CREDITS_PATH)


async def serve(site: Site, request: web.BaseRequest) -> web.StreamResponse:
    path = request.path
    controlled = CONTROL_ROUTES.get((request.method, path))
    if controlled is not None:
        return await controlled(site, request)
    if path.startswith(uploads.METADATA_PREFIX):
        path = uploads.METADATA_PREFIX
    site.stats.saw(path, request.raw_headers)
    if not is_cleared(site.script, request):
        site.stats.challenged += 1
        return pages.REFUSALS["cf"].response()
    try:
        await connection.invite_body(request)
        return await _serve_site(site, request, path)
    except ConnectionError:
        return web.Response()  # nobody is left to read it


async def _serve_site(site: Site, request: web.BaseRequest, path: str) -> web.StreamResponse:
    override = site.script.take_override(path)
    if override is not None:
        await request.read()
        return _overridden(override)
    key = (request.method, path)
    token = cookies_of(request.headers.get("Cookie", "")).get("sso")
    account = site.account(token) if token else None
    chat = CHAT_ROUTES.get(key)
    if chat is not None:
        return pages.unauthenticated() if account is None else await chat(site, request, account)
    return await _serve_elsewhere(site, request, account, key)


def _overridden(override: HttpOverride) -> web.Response:
    headers = {"Content-Type": "application/json"} | override.headers
    return web.Response(status=override.status, body=override.body.encode(), headers=headers)


async def _serve_elsewhere(
    site: Site, request: web.BaseRequest, account: Account | None, key: _Key
) -> web.StreamResponse:
    scenario = account.next_elsewhere(site.script) if account is not None else Scenario()
    if key == _SESSION and (account is None or scenario.behaviours & {"401", "blocked"}):
        return account_routes.session(account, scenario)
    if key == _CREDITS and (account is None or scenario.has("401")):
        return account_routes.credits_denied()
    interference = await _interfere(site, request, account, scenario)
    if interference is not None:
        return interference
    if key in _PAGES:
        return pages.index()
    if key == _SESSION:
        return account_routes.session(account, scenario)
    route = ACCOUNT_ROUTES.get(key)
    if route is None:
        return pages.not_found()
    return pages.unauthenticated() if account is None else await route(site, request, account)


async def _interfere(
    site: Site, request: web.BaseRequest, account: Account | None, scenario: Scenario
) -> web.Response | None:
    if account is None or not scenario.behaviours:
        return None
    match early_ending(scenario):
        case Ending.SILENT:
            await connection.forever()
        case Ending.RESET:
            connection.reset(request)
            return web.Response()
        case _:
            pass
    if scenario.has("garbage"):
        return web.Response(body=pages.GARBAGE)
    if scenario.has("empty"):
        return web.Response()
    refusal = refusal_of(scenario, "rest")
    return None if refusal is None else refusal.response(account.retry_after_s(site.script))
