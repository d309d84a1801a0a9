"""Responses of the program as it is run: jobs outlive it, and prompts stay off the disk."""

import contextlib
import time
from collections.abc import Iterator

import openai
import pytest

from tests.e2e.conftest import Program, SimulatorProcess

pytestmark = pytest.mark.e2e

CANARY = "a canary sings in the coal mine"
MODEL = "grok-chat-fast"


@contextlib.contextmanager
def serving(program: Program, key: str) -> Iterator[openai.OpenAI]:
    """Ended without a warning, as by a power cut."""
    process = program.serve()
    with openai.OpenAI(base_url=program.base_url, api_key=key, max_retries=0, timeout=20) as client:
        yield client
    process.kill()
    process.wait(10)


@pytest.fixture
def key(program: Program) -> str:
    program.run("accounts", "import", "-", stdin="healthy-account-token-super\n")
    return program.key()


def until(client: openai.OpenAI, id: str, *states: str) -> str:
    deadline = time.monotonic() + 20
    while (status := client.responses.retrieve(id).status or "") not in states:
        assert time.monotonic() < deadline, status
        time.sleep(0.05)
    return status


def test_a_job_survives_the_program_once(
    program: Program, key: str, simulator: SimulatorProcess
) -> None:
    with serving(program, key) as client:
        lasting = client.responses.create(model=MODEL, input="!stall twice", background=True)
        simulator.script(chunk_delay_s=30.0)
        unlucky = client.responses.create(model=MODEL, input="Hello there", background=True)
        until(client, lasting.id, "in_progress")
        until(client, unlucky.id, "in_progress")
    simulator.script(chunk_delay_s=0.0)
    with serving(program, key) as client:
        assert until(client, unlucky.id, "completed", "failed") == "completed"
        assert client.responses.retrieve(unlucky.id).output_text
        until(client, lasting.id, "in_progress")
    with serving(program, key) as client:
        assert until(client, lasting.id, "completed", "failed") == "failed"
        error = client.responses.retrieve(lasting.id).error
        assert error is not None
        assert "stopped twice" in error.message


def test_prompts_stay_off_the_disk_unless_a_client_wants_them_there(
    program: Program, key: str
) -> None:
    with serving(program, key) as client:
        client.responses.create(model=MODEL, input=CANARY)
        client.responses.create(model=MODEL, input=CANARY, store=False)
        for _ in client.responses.create(model=MODEL, input=CANARY, stream=True):
            pass
        assert files_with_the_canary(program) == []
        stored = client.responses.create(model=MODEL, input=CANARY, store=True)
        assert files_with_the_canary(program)
    with serving(program, key) as client:
        assert client.responses.retrieve(stored.id).output_text == stored.output_text
        client.responses.delete(stored.id)
        assert files_with_the_canary(program) == []


def files_with_the_canary(program: Program) -> list[str]:
    files = [path for path in (program.home / "home").rglob("*") if path.is_file()]
    return [path.name for path in files if CANARY.encode() in path.read_bytes()]
