"""The simulated Cloudflare and FlareSolverr, seen from outside."""

import aiohttp
import pytest

from grokdesk.simulator.flaresolverr import STATS_PATH, USER_AGENT, FakeFlareSolverr
from grokdesk.simulator.server import Simulator

SESSION = "/api/auth/session"


async def status_of(
    http: aiohttp.ClientSession, simulator: Simulator, cookie: str, user_agent: str
) -> int:
    headers = {"Cookie": f"sso=some-token; cf_clearance={cookie}", "User-Agent": user_agent}
    async with http.get(simulator.origin + SESSION, headers=headers) as response:
        if response.status == 403:
            assert response.headers["cf-mitigated"] == "challenge"
            assert "Just a moment" in await response.text()
        return response.status


async def command(http: aiohttp.ClientSession, solver: FakeFlareSolverr) -> tuple[int, dict]:
    body = {"cmd": "request.get", "url": "https://grok.com", "maxTimeout": 60_000}
    async with http.post(f"{solver.origin}/v1", json=body) as response:
        return response.status, await response.json(content_type=None)


async def test_without_a_table_nobody_is_checked(http: aiohttp.ClientSession) -> None:
    async with Simulator() as simulator:
        assert await status_of(http, simulator, "anything", "anybody") == 200


@pytest.mark.parametrize("path", ["/", "/rest/rate-limits", "/ws/mgw/?uid=1"])
async def test_every_path_is_behind_the_check(http: aiohttp.ClientSession, path: str) -> None:
    async with Simulator() as simulator:
        simulator.script.clearances = {}
        async with http.get(simulator.origin + path) as response:
            assert response.status == 403
        assert simulator.stats.challenged == 1
        async with http.get(f"{simulator.origin}/_simulator/stats") as response:
            assert (await response.json())["challenged"] == 1


async def test_a_cookie_counts_only_with_its_browser(http: aiohttp.ClientSession) -> None:
    async with Simulator() as simulator:
        simulator.script.clearances = {"good": "Browser A"}
        assert await status_of(http, simulator, "good", "Browser A") == 200
        assert await status_of(http, simulator, "good", "Browser B") == 403
        assert await status_of(http, simulator, "bad", "Browser A") == 403


async def test_a_solve_opens_the_site_until_the_next_rotation(http: aiohttp.ClientSession) -> None:
    async with Simulator() as simulator, FakeFlareSolverr(simulator.script) as solver:
        simulator.script.clearances = {}
        _, answer = await command(http, solver)
        assert answer["status"] == "ok"
        assert answer["solution"]["userAgent"] == USER_AGENT
        cookies = {one["name"]: one["value"] for one in answer["solution"]["cookies"]}
        assert await status_of(http, simulator, cookies["cf_clearance"], USER_AGENT) == 200
        patch = {"clearances": {}}
        await http.post(f"{simulator.origin}/_simulator/script", json=patch)
        assert await status_of(http, simulator, cookies["cf_clearance"], USER_AGENT) == 403
        async with http.get(solver.origin + STATS_PATH) as response:
            stats = await response.json()
        assert stats["solves"] == 1
        assert stats["commands"][0]["url"] == "https://grok.com"


async def test_a_solver_fails_as_told(http: aiohttp.ClientSession) -> None:
    async with Simulator() as simulator, FakeFlareSolverr(simulator.script) as solver:
        simulator.script.clearances = {}
        solver.failure = "error"
        status, answer = await command(http, solver)
        assert (status, answer["status"]) == (500, "error")
        solver.failure = "useless"
        _, answer = await command(http, solver)
        assert answer["status"] == "ok"
        assert simulator.script.clearances == {}
        assert solver.solves == 1
