"""The way to grok.com as a server's owner sets it: by the command line, over standard input."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from grokdesk.simulator.flaresolverr import USER_AGENT
from tests.e2e.conftest import ROOT, Program, SimulatorProcess
from tests.fake_proxy import fake_proxy

pytestmark = pytest.mark.e2e

SECRET = "Canary-Passw0rd-of-the-proxy"
CLEARANCE = "CanaryClearance-of-a-browser-1786500000"
STATSIG = "Q2FuYXJ5U3RhdHNpZ09mQVJlcXVlc3Q="
CHROME = USER_AGENT.replace("Chrome/142", "Chrome/145")
TOKEN = "a-token-for-the-egress-super"


@pytest.fixture
def site() -> Iterator[tuple[SimulatorProcess, str]]:
    """The simulated site and the address of a FlareSolverr that opens it."""
    command = [sys.executable, "-m", "grokdesk.simulator", "--flaresolverr"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        origin, solver = (process.stdout.readline().strip() for _ in range(2))
        yield SimulatorProcess(process, origin), solver
        process.terminate()


@pytest.fixture
def program(bare_program: Program, site: tuple[SimulatorProcess, str]) -> Program:
    bare_program.environ["GROKDESK_UPSTREAM_WEB_URL"] = site[0].origin
    bare_program.run("accounts", "import", "-", "--no-probe", stdin=TOKEN)
    return bare_program


def ask(program: Program, key: str) -> str:
    client = openai.OpenAI(base_url=program.base_url, api_key=key, max_retries=0)
    with client:
        answer = client.chat.completions.create(
            model="grok-chat-fast", messages=[{"role": "user", "content": "Hello"}]
        )
    return answer.choices[0].message.content or ""


def assert_nowhere(folder: Path, *secrets: str) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".log" for path in files), "there should be a log to look at"
    for path in files:
        data = path.read_bytes()
        for secret in secrets:
            assert secret.encode() not in data, path


async def test_what_is_set_while_it_runs_counts_at_once_and_is_nowhere_in_plain_text(
    program: Program, site: tuple[SimulatorProcess, str]
) -> None:
    simulator, _ = site
    program.environ["GROKDESK_LOGS_LEVEL"] = "debug"
    async with fake_proxy(password=f"joe:{SECRET}") as proxy:

        def work() -> None:
            program.serve()
            key = program.key("sdk")
            url = f"http://joe:{SECRET}@{proxy.place}\n"
            program.run("egress", "proxy", stdin=url)
            tested = json.loads(program.run("egress", "test", "--json").stdout)
            assert (tested["ok"], tested["proxy"]) == (True, f"http://{proxy.place}")
            simulator.script(clearances={CLEARANCE: CHROME})
            assert program.run("egress", "test", check=False).returncode == 1
            pasted = f"cf_clearance={CLEARANCE}; other=1\n"
            program.run("egress", "clearance", "--user-agent", CHROME, stdin=pasted)
            program.run("egress", "statsig", stdin=f"{STATSIG}\n")
            assert ask(program, key)
            assert simulator.stats()["cookies"]["/ws/mgw/"]["cf_clearance"] == CLEARANCE
            proxy.password = "joe:changed"
            tested = json.loads(program.run("egress", "test", "--json", check=False).stdout)
            assert not tested["ok"]
            proxy.password = f"joe:{SECRET}"
            program.stop()
            program.serve()
            assert ask(program, key)

        await asyncio.to_thread(work)
        assert set(proxy.credentials) == {f"joe:{SECRET}"}
    assert_nowhere(program.home, SECRET, CLEARANCE, STATSIG)


def test_a_server_with_a_solver_passes_the_check_by_itself(
    program: Program, site: tuple[SimulatorProcess, str]
) -> None:
    simulator, solver = site
    simulator.script(clearances={})
    program.environ["GROKDESK_UPSTREAM_CLEARANCE"] = "flaresolverr"
    program.environ["GROKDESK_UPSTREAM_FLARESOLVERR_URL"] = solver
    program.serve()
    assert ask(program, program.key("sdk"))
    headers = dict(simulator.stats()["headers"]["/ws/mgw/"])
    assert headers["user-agent"] == USER_AGENT
