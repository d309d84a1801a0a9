"""What the site tells about an account: who it is and what is left of its quotas."""

from datetime import UTC, datetime
from typing import Final

import msgspec
from aiohttp import web

from grokdesk.simulator import pages, weekly
from grokdesk.simulator.accounts import Account
from grokdesk.simulator.quota import imagine_quota_body, rate_limits_body
from grokdesk.simulator.scenario import Scenario
from grokdesk.simulator.site import Site

SESSION_PATH: Final = "/api/auth/session"
RATE_LIMITS_PATH: Final = "/rest/rate-limits"
IMAGINE_QUOTA_PATH: Final = "/rest/media/imagine/quota_info"
CREDITS_PATH: Final = "/grok_api_v2.GrokBuildBilling/GetGrokCreditsConfig"


class RateLimitsBody(msgspec.Struct, rename="camel"):
    model_name: str


def session(account: Account | None, scenario: Scenario) -> web.Response:
    """A dead or blocked token is told so with HTTP 200."""
    if account is None or scenario.has("401"):
        return pages.json_response({"status": "unauthenticated"})
    if scenario.has("blocked"):
        return pages.json_response({"status": "blocked", "session": {"userId": account.uid}})
    who = {"userId": account.uid, "email": account.email, "organizationId": ""}
    return pages.json_response({"status": "authenticated", "session": who})


async def rate_limits(site: Site, request: web.BaseRequest, account: Account) -> web.StreamResponse:
    try:
        body = msgspec.json.decode(await request.read(), type=RateLimitsBody)
    except msgspec.DecodeError as exc:
        return pages.invalid(str(exc))
    return pages.json_response(rate_limits_body(account.window(body.model_name, site.script)))


async def imagine_quota(
    site: Site, request: web.BaseRequest, account: Account
) -> web.StreamResponse:
    await request.read()
    tier = account.tier(site.script)
    return pages.json_response(imagine_quota_body(tier, exhausted=account.exhausted()))


async def weekly_credits(
    site: Site, request: web.BaseRequest, account: Account
) -> web.StreamResponse:
    await request.read()
    now = datetime.now(UTC)
    if account.tier(site.script) == "basic":
        body = weekly.free_answer(now)
    else:
        used = 100.0 if account.exhausted() else site.script.weekly_used_percent
        body = weekly.paid_answer(used, now)
    return web.Response(body=body, content_type=weekly.CONTENT_TYPE)


def credits_denied() -> web.Response:
    return web.Response(body=weekly.unauthenticated_answer(), content_type=weekly.CONTENT_TYPE)
