"""Responses that are made in the background: who follows them, and what a restart makes of them."""

import asyncio

import msgspec
import pytest

from grokdesk.domain.chat import ChatRequest, Message, Role, TextDelta
from grokdesk.gateway.responses.outline import Outline
from grokdesk.services.response_jobs import encode_request
from grokdesk.services.response_record import ResponseState, StoredResponse, to_row
from tests.gateway.golden import events_of
from tests.gateway.stand_in import hangs, says

BODY = {"model": "grok-fast", "input": "Hi", "background": True, "stream": True}
LONG = "x" * 1_000_000


@pytest.fixture
def follow(http, gateway):
    def follow():
        return http.post(f"{gateway.origin}/v1/responses", json=BODY, headers=gateway.headers)

    return follow


async def read_to(response, mark):
    seen = b""
    while mark not in seen:
        seen += await response.content.readany()
    return seen


async def test_the_stream_of_a_deleted_job_ends(follow, http, gateway):
    gateway.upstream.play = hangs("Well")
    async with follow() as response:
        seen = await read_to(response, b'"delta":"Well"')
        id = events_of(seen)[0].data["response"]["id"]
        url = f"{gateway.origin}/v1/responses/{id}"
        async with http.delete(url, headers=gateway.headers) as deleted:
            assert deleted.status == 200
        async with asyncio.timeout(2):
            seen += await response.content.read()
    assert events_of(seen)[-1].data["response"]["status"] == "cancelled"


async def test_a_client_that_reads_slowly_hears_of_the_end(follow, gateway):
    answered = asyncio.Event()

    async def play(prompt, emit):
        for _ in range(16):
            await emit(TextDelta(LONG))
        await asyncio.sleep(0.1)
        await says("The end.")(prompt, emit)
        answered.set()

    gateway.upstream.play = play
    async with follow() as response:
        await answered.wait()
        await asyncio.sleep(0.2)
        async with asyncio.timeout(10):
            seen = await response.content.read()
    assert b"event: response.completed" in seen


@pytest.fixture
def interrupted(gateway):
    """Leaves a job behind as a killed process does; `runs` is how often it was begun."""

    async def leave(runs=1):
        key = gateway.services.keys.list()[0]
        outline = Outline("resp_left_1", msgspec.Raw(b'{"model":"grok-fast"}'))
        response = StoredResponse(
            outline.id,
            key.id,
            0.0,
            msgspec.json.encode(outline),
            b"[]",
            in_background=True,
            state=ResponseState.QUEUED,
        )
        request = ChatRequest("grok-fast", (Message(Role.USER, "Hi"),))
        store = gateway.services.responses._store
        await store.insert(to_row(response, encode_request(request)))
        for _ in range(runs):
            await store.begin(response.id, ResponseState.RUNNING)
        return key

    return leave


async def restart_jobs(gateway):
    responses = gateway.services.responses
    await responses._jobs.resume(responses._check_key)


async def ended(gateway, key):
    async with asyncio.timeout(5):
        while True:
            found = await gateway.services.responses.find("resp_left_1", key.id)
            if found.state not in (ResponseState.QUEUED, ResponseState.RUNNING):
                return found
            await asyncio.sleep(0.01)


async def test_an_interrupted_job_is_run_again(gateway, interrupted):
    key = await interrupted()
    await restart_jobs(gateway)
    assert gateway.services.gateway.snapshot().running_requests == 1
    found = await ended(gateway, key)
    assert found.state is ResponseState.DONE
    assert found.answer.chunks == (TextDelta("Hello"), TextDelta(", world."))
    assert gateway.services.gateway.snapshot().running_requests == 0


async def test_a_job_that_was_interrupted_twice_has_failed(gateway, interrupted):
    key = await interrupted(runs=2)
    await restart_jobs(gateway)
    found = await ended(gateway, key)
    assert (found.state, found.answer.error) == (ResponseState.FAILED, "IncompleteReplyError")
    assert gateway.upstream.requests == []


async def test_a_job_of_a_key_that_was_switched_off_is_not_run_again(gateway, interrupted):
    key = await interrupted()
    await gateway.services.keys.configure(key.id, enabled=False)
    await restart_jobs(gateway)
    found = await ended(gateway, key)
    assert (found.state, found.answer.error) == (ResponseState.FAILED, "KeyEndedError")
    assert "switched off" in found.answer.problem
    assert gateway.upstream.requests == []
