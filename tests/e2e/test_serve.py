"""`grokdesk serve` with imported tokens, and the official SDK in front of it."""

import json
import time
from collections.abc import Iterator

import openai
import pytest

from tests.e2e.conftest import Program, SimulatorProcess

pytestmark = pytest.mark.e2e

HELLO = [{"role": "user", "content": "Hello"}]


def client_of(program: Program, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=program.base_url, api_key=key, max_retries=0, timeout=20)


@pytest.fixture(params=["mgw", "rest"])
def transport(request: pytest.FixtureRequest, program: Program) -> str:
    program.environ["GROKDESK_UPSTREAM_CHAT_TRANSPORT"] = request.param
    return request.param


@pytest.fixture
def client(program: Program, transport: str) -> Iterator[openai.OpenAI]:
    program.run("accounts", "import", "-", stdin="healthy-account-token-super\n")
    program.serve()
    with client_of(program, program.key()) as client:
        yield client


def test_a_plain_answer(client: openai.OpenAI, simulator: SimulatorProcess, transport: str) -> None:
    reply = client.chat.completions.create(model="grok-chat-fast", messages=HELLO)  # type: ignore[arg-type]
    choice = reply.choices[0]
    assert choice.message.content
    assert choice.finish_reason == "stop"
    assert reply.usage is not None
    assert reply.usage.total_tokens > 1
    assert simulator.stats()["transports"] == {transport: 1}


def test_a_streamed_answer_with_usage(client: openai.OpenAI) -> None:
    text, finish, usage = "", None, None
    for chunk in client.chat.completions.create(
        model="grok-chat-fast",
        messages=[{"role": "user", "content": "!unicode"}],
        stream=True,
        stream_options={"include_usage": True},
    ):
        if chunk.usage is not None:
            usage = chunk.usage
            assert chunk.choices == []
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
    plain = client.chat.completions.create(
        model="grok-chat-fast", messages=[{"role": "user", "content": "!unicode"}]
    )
    assert text == plain.choices[0].message.content
    assert finish == "stop"
    assert usage is not None
    assert usage.completion_tokens > 0


def test_reasoning_comes_apart_from_the_answer(client: openai.OpenAI) -> None:
    question = [{"role": "user", "content": "!think about it"}]
    plain = client.chat.completions.create(model="grok-chat-expert", messages=question)  # type: ignore[arg-type]
    message = plain.choices[0].message
    reasoning = message.model_dump()["reasoning_content"]
    assert reasoning
    assert message.content
    assert reasoning not in message.content
    kinds = []
    for chunk in client.chat.completions.create(
        model="grok-chat-expert",
        messages=question,  # type: ignore[arg-type]
        stream=True,
    ):
        delta = chunk.choices[0].delta.model_dump()
        kinds += ["reasoning"] if delta.get("reasoning_content") else []
        kinds += ["text"] if delta.get("content") else []
    assert kinds == sorted(kinds)
    assert set(kinds) == {"reasoning", "text"}


def test_every_turn_and_the_system_message_reach_grok(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(
        model="grok-chat-fast",
        messages=[
            {"role": "system", "content": "Be terse."},
            {"role": "user", "content": "My name is Ada."},
            {"role": "assistant", "content": "Hello Ada."},
            {"role": "user", "content": "!echo What is my name?"},
        ],
    )
    text = reply.choices[0].message.content or ""
    order = [text.index(part) for part in ("Be terse.", "name is Ada", "Hello Ada.", "my name?")]
    assert order == sorted(order)


def test_an_expired_account_gives_way_to_a_healthy_one(
    program: Program, transport: str, simulator: SimulatorProcess
) -> None:
    tokens = "expired-account-token-401\nhealthy-account-token-basic\n"
    program.run("accounts", "import", "-", "--no-probe", stdin=tokens)
    program.serve()
    with client_of(program, program.key()) as client:
        for _ in range(4):
            reply = client.chat.completions.create(model="grok-chat-fast", messages=HELLO)  # type: ignore[arg-type]
            assert reply.choices[0].message.content
    accounts = json.loads(program.run("accounts", "list", "--json").stdout)["accounts"]
    states = {account["token"]: account["state"] for account in accounts}
    assert states == {"…-401": "expired", "…asic": "ready"}
    assert next(a["reason"] for a in accounts if a["state"] == "expired")


def test_a_wrong_key_and_an_unknown_model_are_told_apart(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        client.chat.completions.create(model="grok-chat-fsat", messages=HELLO)  # type: ignore[arg-type]
    assert unknown.value.code == "model_not_found"
    assert "grok-chat-fast" in str(unknown.value)
    stranger = client.with_options(api_key="gd-not-a-key")
    with pytest.raises(openai.AuthenticationError) as wrong:
        stranger.chat.completions.create(model="grok-chat-fast", messages=HELLO)  # type: ignore[arg-type]
    assert wrong.value.code == "invalid_api_key"
    assert wrong.value.response.headers["x-request-id"]


def test_a_used_up_pool_says_when_to_come_back(program: Program, transport: str) -> None:
    program.run("accounts", "import", "-", "--no-probe", stdin="limited-account-token-exhausted\n")
    program.serve()
    with client_of(program, program.key()) as client:
        for stream in (False, True):
            with pytest.raises(openai.RateLimitError) as limited:
                client.chat.completions.create(
                    model="grok-chat-fast",
                    messages=HELLO,  # type: ignore[arg-type]
                    stream=stream,
                )
            assert limited.value.code == "quota_exhausted"
            assert int(limited.value.response.headers["retry-after"]) >= 1


def test_without_an_account_and_without_demo_the_answer_says_so(program: Program) -> None:
    program.environ["GROKDESK_GATEWAY_DEMO"] = "never"
    program.serve()
    with client_of(program, program.first_key) as client:
        with pytest.raises(openai.InternalServerError) as none:
            client.chat.completions.create(model="grok-chat-fast", messages=HELLO)  # type: ignore[arg-type]
    assert none.value.status_code == 503
    assert "import" in str(none.value)


def test_an_import_ends_the_demo_without_a_restart(
    program: Program, simulator: SimulatorProcess
) -> None:
    program.serve()
    with client_of(program, program.first_key) as client:
        demo = client.chat.completions.create(model="grok-chat-fast", messages=HELLO)  # type: ignore[arg-type]
        assert "Demo" in (demo.choices[0].message.content or "")
        assert simulator.stats()["transports"] == {}
        program.run("accounts", "import", "-", stdin="healthy-account-token-basic\n")
        real = client.chat.completions.create(model="grok-chat-fast", messages=HELLO)  # type: ignore[arg-type]
        assert "Demo" not in (real.choices[0].message.content or "")
    status = json.loads(program.run("status", "--json").stdout)
    assert status["mode"] == "live"
    assert status["accounts"]["total"] == 1


@pytest.mark.alone
def test_the_running_program_notices_keys_and_accounts_within_a_second(program: Program) -> None:
    program.serve()
    key = program.key("late")
    with client_of(program, key) as client:
        assert client.models.list().data
        program.run("keys", "revoke", "late")
        started = time.monotonic()
        with pytest.raises(openai.AuthenticationError):
            client.models.list()
        assert time.monotonic() - started < 1.0


def test_an_answer_survives_a_restart_of_the_program(program: Program) -> None:
    program.run("accounts", "import", "-", stdin="healthy-account-token-heavy\n")
    key = program.key()
    for _ in range(2):
        process = program.serve()
        with client_of(program, key) as client:
            reply = client.chat.completions.create(model="grok-chat-heavy", messages=HELLO)  # type: ignore[arg-type]
            assert reply.choices[0].message.content
        process.terminate()
        assert process.wait(10) == 0
    listed = json.loads(program.run("accounts", "list", "--json").stdout)["accounts"][0]
    assert listed["tier"] == "heavy"
    assert {w["mode"]: w["provenance"] for w in listed["windows"]}["fast"] == "measured"
