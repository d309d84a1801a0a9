"""`kill -9` during an import of 100 tokens: what was reported is there, nothing is half there."""

import base64
import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from tests.depth import tries
from tests.e2e.conftest import ROOT, Program, SimulatorProcess

pytestmark = pytest.mark.e2e

TOKENS = [f"canary-{number:03d}-token-{number * 7919:08d}-basic" for number in range(100)]
PROMPT = "canary prompt that nobody may find again"
KILLS = tries(3, 6)


@pytest.fixture(params=["sealed", pytest.param("keyring", marks=pytest.mark.keyring)])
def vault(request: pytest.FixtureRequest, program: Program) -> Iterator[Path | None]:
    """Yields the folder of a real keyring, if that is the vault."""
    program.environ["GROKDESK_ACCOUNTS_VAULT"] = request.param
    program.environ["GROKDESK_POOL_SELECTION"] = "round_robin"
    if request.param == "sealed":
        yield None
        return
    if not shutil.which("gnome-keyring-daemon"):
        pytest.skip("gnome-keyring is not installed")
    from tests.unit.secret_service import SecretService

    with SecretService() as service:
        wanted = ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")
        program.environ.update({name: service.environ[name] for name in wanted})
        yield service.files


@pytest.mark.timeout(240)
def test_a_killed_import_loses_nothing_it_reported(
    program: Program, simulator: SimulatorProcess, vault: Path | None
) -> None:
    rng = random.Random(20_261_121)
    reported: set[str] = set()
    for _ in range(KILLS):
        reported |= _killed_import(program, reported, rng)
    assert reported
    listed = json.loads(program.run("accounts", "list", "--json").stdout)["accounts"]
    assert reported <= {account["id"] for account in listed}
    assert len(listed) < len(TOKENS), "no kill came in time; the test would show nothing"

    rest = program.run("accounts", "import", "-", "--no-probe", stdin="\n".join(TOKENS))
    assert f"{len(listed)} duplicate, 0 malformed" in rest.stdout
    _every_account_opens_with_its_own_token(program, simulator)
    _no_secret_lies_about(program, keyring=vault)


def _killed_import(program: Program, before: set[str], rng: random.Random) -> set[str]:
    """Import all tokens again and kill it after some more were reported."""
    wanted = rng.randrange(1, 14)
    process = subprocess.Popen(
        [sys.executable, "-m", "grokdesk", "accounts", "import", "-", "--no-probe"],
        cwd=ROOT,
        env=program.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n".join(TOKENS))
    process.stdin.close()
    reported: set[str] = set()
    for line in process.stdout:
        words = line.split()
        if words[:1] == ["saved"]:
            reported.add(words[1])
        if len(reported) >= wanted:
            time.sleep(rng.random() * 0.005)
            process.kill()
            break
    reported |= {words[1] for line in process.stdout if (words := line.split())[:1] == ["saved"]}
    process.stdout.close()
    process.wait()
    assert not reported & before
    return reported


def _every_account_opens_with_its_own_token(program: Program, simulator: SimulatorProcess) -> None:
    """Each token is used for one call, so each is whole and belongs to one account."""
    program.serve()
    key = program.key()
    with openai.OpenAI(base_url=program.base_url, api_key=key, max_retries=0) as client:
        for _ in TOKENS:
            client.chat.completions.create(
                model="grok-chat-fast", messages=[{"role": "user", "content": PROMPT}]
            )
    assert simulator.stats()["chats"] == dict.fromkeys(TOKENS, 1)
    program.environ["CANARY_KEY"] = key
    program.stop()


def _no_secret_lies_about(program: Program, *, keyring: Path | None) -> None:
    """In data, logs and cache, and in the keyring's own file."""
    secrets = [*TOKENS, PROMPT, program.environ["CANARY_KEY"]]
    needles = [secret.encode() for secret in secrets]
    needles += [base64.b64encode(secret.encode())[:-4] for secret in secrets]
    needles += [b"canary-0"]
    folders = [program.home / "home", program.log.parent, *([keyring] if keyring else [])]
    read = 0
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                read += 1
                content = path.read_bytes()
                found = [needle for needle in needles if needle in content]
                assert not found, f"{path.name} holds {len(found)} secrets"
    assert read > 3
