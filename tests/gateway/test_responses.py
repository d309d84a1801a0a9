"""/v1/responses over HTTP: what is kept and for whom, jobs, and odd requests of real clients."""

import asyncio
import json

import pytest

from grokdesk.domain.chat import Role, TextDelta, ToolActivity
from grokdesk.domain.errors import RateLimitedError, UnknownResponseError
from tests.gateway.golden import events_of
from tests.gateway.stand_in import fails, hangs, says

BODY = {"model": "grok-fast", "input": "Hi"}
SHELL = '{"command":["ls","-l"],"timeout_ms":1000}'


def call_of(name, arguments):
    return (
        f"<tool_call><tool_name>{name}</tool_name><parameters>{arguments}</parameters></tool_call>"
    )


class Responses:
    """A client of one gateway."""

    def __init__(self, http, gateway, key=None):
        self.http, self.gateway = http, gateway
        self.headers = {"Authorization": f"Bearer {key or gateway.key}"}

    async def ask(self, method, path="", body=None, **headers):
        async with self.http.request(
            method,
            f"{self.gateway.origin}/v1/responses{path}",
            json=body,
            headers={**self.headers, **headers},
        ) as response:
            return response.status, await response.json()

    async def create(self, **fields):
        status, body = await self.ask("POST", body={**BODY, **fields})
        assert status == 200, body
        return body

    async def until(self, id, state):
        async with asyncio.timeout(5):
            while (found := (await self.ask("GET", f"/{id}"))[1])["status"] != state:
                await asyncio.sleep(0.01)
        return found


async def on_disk(gateway, id):
    store = gateway.services.responses._store
    return await store.get(id, gateway.services.keys.list()[0].id)


@pytest.fixture
def responses(http, gateway):
    return Responses(http, gateway)


async def test_an_answer_that_may_not_be_stored_is_not_there(responses):
    made = await responses.create(store=False)
    assert not made["store"]
    status, body = await responses.ask("GET", f"/{made['id']}")
    assert (status, body["error"]["code"]) == (404, "response_not_found")


async def test_an_answer_is_kept_in_memory_where_nothing_is_said(responses, gateway):
    made = await responses.create()
    assert (await responses.ask("GET", f"/{made['id']}"))[1] == made
    assert await on_disk(gateway, made["id"]) is None
    stored = await responses.create(store=True)
    assert await on_disk(gateway, stored["id"]) is not None


async def test_a_streamed_answer_can_be_fetched_again(http, gateway, responses):
    async with http.post(
        f"{gateway.origin}/v1/responses", json={**BODY, "stream": True}, headers=gateway.headers
    ) as response:
        last = events_of(await response.read())[-1].data["response"]
    assert (await responses.ask("GET", f"/{last['id']}"))[1] == last


async def test_a_conversation_goes_on_without_its_former_instructions(responses, gateway):
    first = await responses.create(input="One?", instructions="Old rule.")
    second = await responses.create(input="Two?", previous_response_id=first["id"])
    await responses.create(
        input="Three?", previous_response_id=second["id"], instructions="New rule."
    )
    told = [(message.role, message.text) for message in gateway.upstream.requests[-1].messages]
    assert told == [
        (Role.SYSTEM, "New rule."),
        (Role.USER, "One?"),
        (Role.ASSISTANT, "Hello, world."),
        (Role.USER, "Two?"),
        (Role.ASSISTANT, "Hello, world."),
        (Role.USER, "Three?"),
    ]


async def test_a_conversation_cannot_go_on_where_a_part_is_gone(responses):
    first = await responses.create()
    second = await responses.create(previous_response_id=first["id"])
    status, body = await responses.ask("DELETE", f"/{first['id']}")
    assert (status, body["deleted"]) == (200, True)
    status, body = await responses.ask("POST", body={**BODY, "previous_response_id": second["id"]})
    assert (status, body["error"]["code"]) == (404, "previous_response_not_found")
    assert first["id"] in body["error"]["message"]


async def test_a_failed_answer_cannot_be_continued(responses, gateway):
    gateway.upstream.play = fails(RateLimitedError("Used up.", retry_after=60))
    queued = await responses.create(background=True)
    failed = await responses.until(queued["id"], "failed")
    assert failed["error"]["code"] == "rate_limit_exceeded"
    status, body = await responses.ask("POST", body={**BODY, "previous_response_id": failed["id"]})
    assert (status, body["error"]["param"]) == (400, "previous_response_id")


async def test_references_stand_for_what_was_said(responses, gateway):
    first = await responses.create()
    (said,) = first["output"]
    await responses.create(
        input=[
            {"role": "user", "content": "One?"},
            {"type": "item_reference", "id": said["id"]},
            {"type": "item_reference", "id": "msg_of_another_service"},
            {"role": "user", "content": "Two?"},
        ]
    )
    told = [message.text for message in gateway.upstream.requests[-1].messages]
    assert told == ["One?", "Hello, world.", "Two?"]


async def test_the_input_is_listed_in_pages(responses):
    items = [{"role": "user", "content": f"{number}"} for number in range(5)]
    made = await responses.create(input=items)
    path = f"/{made['id']}/input_items"
    _, newest = await responses.ask("GET", f"{path}?limit=2")
    assert [item["content"][0]["text"] for item in newest["data"]] == ["4", "3"]
    assert newest["has_more"]
    _, rest = await responses.ask("GET", f"{path}?after={newest['last_id']}")
    assert [item["content"][0]["text"] for item in rest["data"]] == ["2", "1", "0"]
    assert not rest["has_more"]
    _, oldest = await responses.ask("GET", f"{path}?order=asc&limit=1")
    assert oldest["data"][0]["content"] == [{"type": "input_text", "text": "0"}]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=-1", "after=nothing"])
async def test_a_page_that_cannot_be_is_refused(responses, query):
    made = await responses.create()
    status, body = await responses.ask("GET", f"/{made['id']}/input_items?{query}")
    assert (status, body["error"]["param"]) == (400, query.partition("=")[0])


async def test_a_job_that_may_not_be_stored_is_refused(responses):
    status, body = await responses.ask("POST", body={**BODY, "background": True, "store": False})
    assert (status, body["error"]["param"]) == (400, "store")


async def test_only_jobs_can_be_cancelled_or_streamed_again(responses):
    made = await responses.create()
    status, body = await responses.ask("POST", f"/{made['id']}/cancel")
    assert (status, body["error"]["code"]) == (400, "invalid_value")
    status, body = await responses.ask("GET", f"/{made['id']}?stream=true")
    assert (status, body["error"]["param"]) == (400, "stream")


async def test_a_job_that_is_over_stays_what_it_is_when_it_is_cancelled(responses):
    queued = await responses.create(background=True)
    done = await responses.until(queued["id"], "completed")
    assert (await responses.ask("POST", f"/{done['id']}/cancel"))[1] == done


async def test_a_job_is_a_running_request_until_it_is_over(responses, gateway):
    running = lambda: gateway.services.gateway.snapshot().running_requests  # noqa: E731
    gateway.upstream.play = hangs("Well")
    queued = await responses.create(background=True)
    assert running() == 1
    await responses.ask("POST", f"/{queued['id']}/cancel")
    assert running() == 0


async def test_a_job_counts_against_the_limits_of_its_key(http, gateway):
    _, text = await gateway.services.keys.create("Narrow", max_concurrent=1)
    narrow = Responses(http, gateway, text)
    gateway.upstream.play = hangs("Well")
    queued = await narrow.create(background=True)
    status, body = await narrow.ask("POST", body=BODY)
    assert (status, body["error"]["code"]) == (429, "key_limit")
    await narrow.ask("POST", f"/{queued['id']}/cancel")
    gateway.upstream.play = says("Well.")
    assert (await narrow.create())["status"] == "completed"


async def test_a_paused_gateway_lets_a_job_finish(responses, gateway):
    proceed = asyncio.Event()

    async def play(prompt, emit):
        await proceed.wait()
        await says("Done.")(prompt, emit)

    gateway.upstream.play = play
    queued = await responses.create(background=True)
    gateway.services.gateway.pause()
    status, body = await responses.ask("POST", body={**BODY, "background": True})
    assert (status, body["error"]["code"]) == (503, "gateway_paused")
    proceed.set()
    done = await responses.until(queued["id"], "completed")
    assert done["output"][0]["content"][0]["text"] == "Done."


async def test_deleting_a_job_stops_it(responses, gateway):
    gateway.upstream.play = hangs("Well")
    queued = await responses.create(background=True)
    await responses.until(queued["id"], "in_progress")
    status, _ = await responses.ask("DELETE", f"/{queued['id']}")
    assert (status, gateway.upstream.running) == (200, 0)
    assert (await responses.ask("GET", f"/{queued['id']}"))[0] == 404


async def test_revoking_a_key_stops_its_jobs_and_forgets_its_responses(http, responses, gateway):
    key, text = await gateway.services.keys.create("Another")
    other = Responses(http, gateway, text)
    kept, stored = await other.create(), await other.create(store=True)
    gateway.upstream.play = hangs("Well")
    queued = await other.create(background=True)
    async with asyncio.timeout(5):
        while not gateway.upstream.running:
            await asyncio.sleep(0.01)
    await gateway.services.keys.revoke(key.id)
    async with asyncio.timeout(1):
        while gateway.upstream.running:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    for id in (kept["id"], stored["id"], queued["id"]):
        found = await _find(gateway, id, key.id)
        assert found is None


async def test_switching_a_key_off_fails_its_jobs_and_leaves_what_there_is(
    http, responses, gateway
):
    key, text = await gateway.services.keys.create("Another")
    other = Responses(http, gateway, text)
    kept = await other.create(store=True)
    gateway.upstream.play = hangs("Well")
    queued = await other.create(background=True)
    await other.until(queued["id"], "in_progress")
    await gateway.services.keys.configure(key.id, enabled=False)
    async with asyncio.timeout(1):
        while gateway.upstream.running:
            await asyncio.sleep(0.01)
    await gateway.services.keys.configure(key.id, enabled=True)
    failed = await other.until(queued["id"], "failed")
    assert "switched off" in failed["error"]["message"]
    assert (await other.ask("GET", f"/{kept['id']}"))[1] == kept


async def _find(gateway, id, key_id):
    try:
        return await gateway.services.responses.find(id, key_id)
    except UnknownResponseError:
        return None


async def test_nothing_goes_to_the_disk_without_retention(start_gateway, http):
    gateway = await start_gateway(settings={"responses.retention_days": 0})
    responses = Responses(http, gateway)
    stored = await responses.create(store=True)
    queued = await responses.create(background=True)
    done = await responses.until(queued["id"], "completed")
    assert done["output"]
    for id in (stored["id"], done["id"]):
        assert await on_disk(gateway, id) is None
        assert (await responses.ask("GET", f"/{id}"))[0] == 200


async def test_what_is_stored_goes_when_nothing_may_be_stored_any_more(responses, gateway):
    stored = await responses.create(store=True)
    assert await on_disk(gateway, stored["id"]) is not None
    await gateway.services.settings.update({"responses.retention_days": 0})
    async with asyncio.timeout(2):
        while await on_disk(gateway, stored["id"]) is not None:
            await asyncio.sleep(0.01)
    assert (await responses.ask("GET", f"/{stored['id']}"))[0] == 404


async def test_a_job_goes_on_when_the_client_of_its_stream_leaves(http, responses, gateway):
    proceed = asyncio.Event()

    async def play(prompt, emit):
        await emit(TextDelta("Hello"))
        await proceed.wait()
        await says(", world.")(prompt, emit)

    gateway.upstream.play = play
    body = {**BODY, "background": True, "stream": True}
    async with http.post(
        f"{gateway.origin}/v1/responses", json=body, headers=gateway.headers
    ) as response:
        line = await response.content.readuntil(b"\n\n")
    id = json.loads(line.decode().partition("data: ")[2])["response"]["id"]
    proceed.set()
    done = await responses.until(id, "completed")
    assert done["output"][0]["content"][0]["text"] == "Hello, world."


async def test_the_stream_of_a_cancelled_job_ends(http, responses, gateway):
    gateway.upstream.play = hangs("Well")
    body = {**BODY, "background": True, "stream": True}
    async with http.post(
        f"{gateway.origin}/v1/responses", json=body, headers=gateway.headers
    ) as response:
        seen = b""
        while b'"delta":"Well"' not in seen:
            seen += await response.content.readany()
        id = events_of(seen)[0].data["response"]["id"]
        await responses.ask("POST", f"/{id}/cancel")
        seen += await response.content.read()
    last = events_of(seen)[-1]
    assert (last.name, last.data["response"]["status"]) == ("response.failed", "cancelled")


async def test_shell_calls_have_items_of_their_own(responses, gateway):
    gateway.upstream.play = says(call_of("local_shell", SHELL))
    made = await responses.create(tools=[{"type": "local_shell"}])
    (item,) = made["output"]
    assert item["type"] == "local_shell_call"
    assert item["action"] == {
        "type": "exec",
        "command": ["ls", "-l"],
        "env": {},
        "timeout_ms": 1000,
        "working_directory": None,
        "user": None,
    }
    gateway.upstream.play = says("Two files.")
    output = {"type": "local_shell_call_output", "call_id": item["call_id"], "output": "a b"}
    await responses.create(previous_response_id=made["id"], input=[output])
    call, result = gateway.upstream.requests[-1].messages[-2:]
    assert "local_shell" in call.text
    assert "a b" in result.text


async def test_a_patch_is_an_operation_on_a_file(responses, gateway):
    patch = {"type": "update_file", "path": "a.py", "diff": "@@\n-a\n+b"}
    gateway.upstream.play = says(call_of("apply_patch", json.dumps(patch)))
    made = await responses.create(tools=[{"type": "apply_patch"}])
    assert made["output"][0]["type"] == "apply_patch_call"
    assert made["output"][0]["operation"] == patch


async def test_a_call_that_does_not_fit_its_kind_stays_a_function_call(responses, gateway):
    gateway.upstream.play = says(call_of("apply_patch", '{"type":"rename_file","path":"a"}'))
    made = await responses.create(tools=[{"type": "apply_patch"}])
    assert made["output"][0]["type"] == "function_call"


async def test_a_call_in_a_namespace_names_both(responses, gateway):
    gateway.upstream.play = says(call_of("mcp__files.read", '{"path":"a"}'))
    member = {"type": "function", "name": "read", "parameters": {"type": "object"}}
    space = {"type": "namespace", "name": "mcp__files", "description": "", "tools": [member]}
    made = await responses.create(tools=[space])
    (item,) = made["output"]
    assert (item["type"], item["namespace"], item["name"]) == (
        "function_call",
        "mcp__files",
        "read",
    )


async def test_searches_are_told_to_those_who_asked_for_the_tool(responses, gateway):
    gateway.upstream.play = says(ToolActivity("web_search", "copper"), "Blue.")
    quiet = await responses.create()
    assert [item["type"] for item in quiet["output"]] == ["message"]
    told = await responses.create(tools=[{"type": "web_search_preview"}])
    assert [item["type"] for item in told["output"]] == ["web_search_call", "message"]
    assert told["output"][0]["action"]["query"] == "copper"


async def test_halves_of_a_character_do_not_break_the_answer(responses, gateway):
    gateway.upstream.play = says("\ud83e", "\uddea", "x\ud83e")
    for fields in ({}, {"store": True}):
        made = await responses.create(**fields)
        assert made["output"][0]["content"][0]["text"] == "\U0001f9eax\ufffd"
        again = (await responses.ask("GET", f"/{made['id']}"))[1]
        assert again == made


async def test_a_socket_is_refused_so_that_the_client_goes_on_without(responses):
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"}
    status, body = await responses.ask("GET", **upgrade)
    assert (status, body["error"]["code"]) == (426, "websocket_not_supported")


async def test_other_methods_are_refused(responses):
    assert (await responses.ask("GET"))[0] == 405
    assert (await responses.ask("DELETE"))[0] == 405
    assert (await responses.ask("PUT", "/resp_x"))[0] == 405


@pytest.mark.parametrize("path", ["/compact", "/input_tokens"])
async def test_what_is_not_offered_is_said(responses, path):
    status, body = await responses.ask("POST", path, body=BODY)
    assert (status, body["error"]["code"]) == (501, "not_supported")


async def test_paths_are_forgiving(http, gateway):
    for path in ("/responses", "/v1/v1/responses/", "//v1/responses"):
        async with http.post(gateway.origin + path, json=BODY, headers=gateway.headers) as response:
            assert response.status == 200


async def test_an_unknown_model_and_one_for_pictures_are_refused(responses):
    status, body = await responses.ask("POST", body={**BODY, "model": "nothing"})
    assert (status, body["error"]["code"]) == (404, "model_not_found")
    status, body = await responses.ask("POST", body={**BODY, "model": "grok-picture"})
    assert (status, body["error"]["param"]) == (400, "model")


async def test_silence_before_the_first_chunk_is_bridged_and_a_failure_then_ends_the_stream(
    start_gateway, http
):
    gateway = await start_gateway(settings={"gateway.heartbeat_s": 1.0})

    async def play(_prompt, _emit):
        await asyncio.sleep(1.6)
        raise RateLimitedError("Used up.", retry_after=60)

    gateway.upstream.play = play
    async with http.post(
        f"{gateway.origin}/v1/responses", json={**BODY, "stream": True}, headers=gateway.headers
    ) as response:
        seen = await response.read()
    assert seen.startswith(b": ping\n\n")
    names = [event.name for event in events_of(seen)]
    assert names == ["response.created", "response.in_progress", "response.failed"]
