"""API keys of the real program: their limits outlive it, and the command line changes them."""

import asyncio
import json
import signal
import sys
import time
from collections import Counter

import aiohttp
import pytest

from tests.e2e.conftest import Program, SimulatorProcess

pytestmark = pytest.mark.e2e

HELLO = {"model": "grok-chat-fast", "messages": [{"role": "user", "content": "Hello"}]}
TOKENS = "".join(f"account-with-much-quota-{number}-super\n" for number in range(10))
AT_ONCE = 200


@pytest.fixture
def program(program: Program, simulator: SimulatorProcess) -> Program:
    simulator.script(enforce_quotas=False)
    program.environ["GROKDESK_POOL_MAX_IN_FLIGHT"] = "50"
    program.environ["GROKDESK_ACCOUNTS_VAULT"] = "sealed"
    program.run("accounts", "import", "-", "--no-probe", stdin=TOKENS)
    return program


async def _ask(program: Program, key: str, times: int) -> Counter[int]:
    """Status codes of requests that come at the same time; 0: no answer."""
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def ask() -> int:
            try:
                async with session.post(f"{program.base_url}/chat/completions", json=HELLO) as got:
                    await got.read()
                    return got.status
            except aiohttp.ClientError:
                return 0

        return Counter(await asyncio.gather(*(ask() for _ in range(times))))


def ask(program: Program, key: str, times: int = AT_ONCE) -> Counter[int]:
    return asyncio.run(_ask(program, key, times))


def make_key(program: Program, *limits: str) -> str:
    return program.run("keys", "create", "--name", "busy", *limits).stdout.strip()


def listed(program: Program) -> dict[str, dict[str, object]]:
    keys = json.loads(program.run("keys", "list", "--json").stdout)["keys"]
    return {key["name"]: key for key in keys}


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_a_limit_per_minute_outlives_the_program(program: Program, ending: signal.Signals) -> None:
    key = make_key(program, "--per-minute", "100")
    process = program.serve()
    started = time.monotonic()
    assert ask(program, key) == {200: 100, 429: 100}
    process.send_signal(ending)
    process.wait(10)
    program.serve()
    after = ask(program, key)
    assert time.monotonic() - started < 55, "too slow a machine for this test"
    assert after == {429: AT_ONCE}


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_kill_amid_requests_gives_none_of_them_back(
    program: Program, simulator: SimulatorProcess
) -> None:
    """What was accepted when the process died counts, whether it was answered or not."""
    simulator.script(first_delay_s=20.0)
    key = make_key(program, "--per-day", "100")
    process = program.serve()

    async def ask_and_kill() -> Counter[int]:
        asking = asyncio.get_running_loop().create_task(_ask(program, key, 60))
        while (await asyncio.to_thread(simulator.stats))["open_chats"] < 60:
            await asyncio.sleep(0.02)
        process.kill()
        return await asking

    before = asyncio.run(ask_and_kill())
    process.wait(10)
    assert before == {0: 60}, "all were running when the process was killed"
    simulator.script(first_delay_s=0.0)
    program.serve()
    assert ask(program, key)[200] == 40


def test_limits_are_changed_while_the_program_runs(program: Program) -> None:
    key = make_key(program)
    program.serve()
    assert ask(program, key, 3) == {200: 3}
    program.run("keys", "set", "busy", "--per-minute", "2")
    assert ask(program, key, 5) == {200: 2, 429: 3}
    shown = json.loads(program.run("keys", "show", "busy", "--json").stdout)
    assert shown["left"] == {"requests": 0, "of": 2}
    program.run("keys", "set", "busy", "--per-minute", "none", "--models", "grok-chat-expert")
    assert ask(program, key, 1) == {403: 1}
    program.run("keys", "set", "busy", "--models", "", "--disable")
    assert ask(program, key, 1) == {401: 1}
    program.run("keys", "set", "busy", "--enable")
    assert ask(program, key, 1) == {200: 1}


def test_a_list_tells_what_each_key_was_used_for(program: Program) -> None:
    key = make_key(program)
    program.run("keys", "create", "--name", "idle")
    process = program.serve()
    before = time.time()
    assert ask(program, key, 3) == {200: 3}
    for _ in range(2):
        keys = listed(program)
        assert keys["busy"]["today"]["requests"] == 3  # type: ignore[index]
        assert keys["busy"]["days_30"]["tokens"] > 3  # type: ignore[index]
        assert before <= keys["busy"]["last_used_at"] <= time.time()  # type: ignore[operator]
        assert keys["idle"]["last_used_at"] is None
        process.terminate()
        process.wait(10)
    text = program.run("keys", "list").stdout
    assert "3 req" in text
    assert "never" in text


def test_a_key_is_made_with_all_its_limits_while_nothing_runs(bare_program: Program) -> None:
    made = bare_program.run(
        *("keys", "create", "--name", "laptop", "--models", "grok-chat-*", "--per-minute", "60"),
        *("--per-day", "1000", "--concurrent", "4", "--expires", "30d", "--reasoning", "think"),
        *("--aliases", "gpt-*=grok-chat-fast", "--json"),
    )
    key = json.loads(made.stdout)
    assert key["key"].startswith("gd-")
    shown = json.loads(bare_program.run("keys", "show", "laptop", "--json").stdout)
    assert "key" not in shown
    assert (shown["requests_per_minute"], shown["requests_per_day"]) == (60, 1000)
    assert (shown["max_concurrent"], shown["reasoning_format"]) == (4, "think")
    assert (shown["models"], shown["aliases"]) == (["grok-chat-*"], {"gpt-*": "grok-chat-fast"})
    assert 29 * 86_400 < shown["expires_at"] - time.time() <= 30 * 86_400
    assert shown["state"] == "active"
    assert "60/min, 1000/day, 4 at once" in bare_program.run("keys", "show", "laptop").stdout
    changed = bare_program.run("keys", "set", "laptop", "--rename", "desk", "--expires", "never")
    assert changed.stdout.startswith("desk\n")
    assert json.loads(bare_program.run("keys", "revoke", "desk", "--json").stdout) == {
        "revoked": "desk"
    }


def test_a_wish_that_cannot_be_is_exit_code_2_with_the_reason(bare_program: Program) -> None:
    bare_program.run("keys", "create", "--name", "laptop")
    for options, reason in (
        (["--per-minute", "many"], "neither a number"),
        (["--per-minute", "99999999"], "from 1 to 100,000"),
        (["--expires", "soon"], "such as 2026-12-31"),
        (["--expires", "2020-01-01"], "in the past"),
        (["--aliases", "gpt-4"], "write NAME=MODEL"),
        (["--models", "a b"], "'a b'"),
        (["--rename", ""], "needs a name"),
        ([], "Say what is to be changed"),
    ):
        result = bare_program.run("keys", "set", "laptop", *options, check=False)
        assert (result.returncode, result.stdout) == (2, "")
        assert reason in result.stderr
    assert bare_program.run("keys", "set", "nobody", "--disable", check=False).returncode == 2


def test_a_model_that_nobody_has_is_mentioned_and_no_mistake(bare_program: Program) -> None:
    made = bare_program.run(
        "keys", "create", "--name", "new", "--models", "grok-9", "--aliases", "gpt=grok-9"
    )
    assert made.stdout.startswith("gd-")
    assert "No model is called 'grok-9'" in made.stderr
    assert "'gpt=grok-9' leads nowhere" in made.stderr
