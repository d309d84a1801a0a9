"""Pictures in a conversation, from the HTTP request or the service down to grok.com."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from grokdesk.domain.attachment import Attachment, AttachmentKind
from grokdesk.domain.chat import ChatRequest, Message, Role
from grokdesk.domain.errors import (
    ContentRefusedError,
    InvalidRequestError,
    UpstreamError,
)
from grokdesk.services.calls import Call
from grokdesk.simulator.script import AccountScript, HttpOverride
from tests.gateway.live_core import Heard, LiveCore, live_core
from tests.gateway.stand_in import fails, says
from tests.unit.picture_makers import picture

DIRECT = "/http/upload-file-v2/direct"
PNG = picture("PNG")
OTHER = picture("JPEG", (30, 30))
FIRST, SECOND = "first-account-token-basic", "second-account-token-basic"


@pytest.fixture(params=["mgw", "rest"])
async def live(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LiveCore]:
    async with live_core(tmp_path, upstream_chat_transport=request.param) as live:
        live.simulator.script.keep_prompts = True
        yield live


async def ask(live: LiveCore, *pictures: bytes, text: str = "What is this?") -> Heard:
    attached = tuple(Attachment(AttachmentKind.IMAGE, data, param="p") for data in pictures)
    request = ChatRequest("grok-chat-fast", (Message(Role.USER, text, attachments=attached),))
    heard = Heard()
    await live.core.services.chat.run(request, heard.emit, Call("req", "test"))
    return heard


async def test_the_accounts_own_files_arrive_with_the_question(live):
    await live.add(FIRST)
    heard = await ask(live, PNG, OTHER)
    assert heard.text
    stats = live.simulator.stats
    (prompt,) = stats.prompts
    assert prompt.attachments == tuple(upload.file_id for upload in stats.uploads)
    assert {upload.token for upload in stats.uploads} == {prompt.token} == {FIRST}
    assert [upload.file_name for upload in stats.uploads] == ["picture-1.png", "picture-2.jpeg"]
    assert prompt.text == "What is this?\n[attached: picture-1.png, picture-2.jpeg]"


async def test_the_next_turn_does_not_upload_the_picture_again(live):
    await live.add(FIRST)
    await ask(live, PNG)
    await ask(live, PNG, OTHER)
    stats = live.simulator.stats
    assert len(stats.uploads) == 2
    assert stats.prompts[1].attachments[0] == stats.prompts[0].attachments[0]


async def test_another_account_gets_its_own_copy(live):
    await live.add(FIRST, SECOND)
    await ask(live, PNG)
    await ask(live, PNG)
    stats = live.simulator.stats
    assert {upload.token for upload in stats.uploads} == {FIRST, SECOND}
    for prompt in stats.prompts:
        (owner,) = [each.token for each in stats.uploads if each.file_id == prompt.attachments[0]]
        assert owner == prompt.token


@pytest.mark.parametrize("trouble", ["401", "429", "500", "reset", "forbidden"])
async def test_an_account_that_cannot_take_the_file_gives_way_to_the_next(live, trouble):
    await live.add(FIRST, SECOND)
    for token in (FIRST, SECOND):
        live.simulator.script.accounts[token] = AccountScript()
    live.simulator.script.accounts[FIRST].elsewhere = [trouble] * 2
    for _ in range(2):
        assert (await ask(live, PNG)).text
    stats = live.simulator.stats
    assert stats.requests[DIRECT] > len(stats.uploads), "the first one was asked"
    assert len(stats.prompts) == 2
    assert live.core.pool.in_flight == 0


async def test_an_upload_that_fails_everywhere_is_the_error_of_the_call(live):
    await live.add(FIRST)
    live.simulator.script.overrides[DIRECT] = HttpOverride(500, "no")
    with pytest.raises(UpstreamError):
        await ask(live, PNG)
    assert not live.simulator.stats.prompts


async def test_a_file_that_grok_does_not_accept_is_not_tried_elsewhere(live):
    await live.add(FIRST, SECOND)
    live.simulator.script.overrides[DIRECT] = HttpOverride(
        200, '{"uploadId":"up","terminalError":{"code":"UNSUPPORTED_TYPE"}}'
    )
    with pytest.raises(ContentRefusedError):
        await ask(live, PNG)
    assert live.simulator.stats.requests[DIRECT] == 1


async def test_after_a_failed_reply_the_file_is_left_anew(live):
    """The reason may have been that its id is known no longer."""
    await live.add(FIRST)
    await ask(live, PNG)
    live.simulator.script.accounts[FIRST] = AccountScript(outcomes=["500"])
    assert (await ask(live, PNG)).text
    assert len(live.simulator.stats.uploads) == 2
    assert live.simulator.stats.prompts[-1].attachments == (
        live.simulator.stats.uploads[-1].file_id,
    )


async def test_a_bad_picture_costs_no_account_anything(live):
    await live.add(FIRST)
    with pytest.raises(InvalidRequestError):
        await ask(live, b"no picture")
    stats = live.simulator.stats
    assert not stats.prompts
    assert not stats.uploads
    assert not stats.chats


async def test_a_client_that_leaves_ends_the_upload(live):
    await live.add(FIRST)
    live.simulator.script.accounts[FIRST] = AccountScript(elsewhere=["stall"])
    task = asyncio.get_running_loop().create_task(ask(live, PNG))
    async with asyncio.timeout(5):
        while not live.simulator.stats.requests[DIRECT]:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task}, timeout=2)
    assert task.cancelled()
    async with asyncio.timeout(2):
        while live.simulator.stats.open_connections:
            await asyncio.sleep(0.01)
    assert live.core.pool.in_flight == 0


def part(data: bytes) -> dict[str, object]:
    url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    return {"type": "image_url", "image_url": {"url": url, "detail": "high"}}


def body(*parts: dict[str, object]) -> dict[str, object]:
    content = [{"type": "text", "text": "What is this?"}, *parts]
    return {"model": "grok-fast", "messages": [{"role": "user", "content": content}]}


async def post(gateway, http, *parts: dict[str, object]):
    url = f"{gateway.origin}/v1/chat/completions"
    async with http.post(url, json=body(*parts), headers=gateway.headers) as response:
        return response.status, await response.json()


async def test_a_picture_in_a_request_reaches_the_prompt(gateway, http):
    gateway.upstream.play = says("A picture.")
    status, _ = await post(gateway, http, part(PNG))
    assert status == 200
    ((_, file),) = gateway.upstream.uploads
    assert file.data == PNG
    (prompt,) = gateway.upstream.requests
    assert prompt.file_ids == ("file-1",)
    assert prompt.messages[0].text == "What is this?\n[attached: picture-1.png]"
    assert not prompt.messages[0].attachments


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (part(b"no picture"), "invalid_image_format"),
        (
            {"type": "image_url", "image_url": {"url": "https://127.0.0.1/x.png"}},
            "invalid_image_url",
        ),
        (
            {"type": "image_url", "image_url": {"url": "http://169.254.169.254/"}},
            "invalid_image_url",
        ),
    ],
)
async def test_a_bad_picture_is_the_clients_error_and_named(gateway, http, bad, code):
    gateway.upstream.play = fails(AssertionError("nobody was to be asked"))
    status, answer = await post(gateway, http, part(PNG), bad)
    assert status == 400
    assert answer["error"]["code"] == code
    assert answer["error"]["param"].startswith("messages[0].content[2]")
