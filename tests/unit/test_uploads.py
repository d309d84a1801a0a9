"""Uploads as the site's own page makes them, against the simulated site."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from grokdesk.domain.account import Token
from grokdesk.domain.attachment import UploadFile
from grokdesk.domain.chat import Chunk
from grokdesk.domain.errors import (
    AccountBlockedError,
    AntiBotError,
    ChallengedError,
    ContentRefusedError,
    ProtocolChangedError,
    RateLimitedError,
    TokenRejectedError,
    UpstreamError,
    UpstreamUnavailableError,
)
from grokdesk.simulator.script import AccountScript, HttpOverride
from grokdesk.upstream.web.statsig import PastedStatsig
from tests.unit.web_rig import PROMPT, SPEC, TOKEN, WebRig, account_of, web_rig

DIRECT = "/http/upload-file-v2/direct"
LEGACY = "/rest/app-chat/upload-file"


@pytest.fixture
async def rig() -> AsyncIterator[WebRig]:
    async with web_rig() as rig:
        yield rig


def file(name: str = "photo.png", data: bytes = b"\x89PNG\r\n\x00\xff--x", mime: str = "image/png"):
    return UploadFile(name, mime, data, hashlib.sha256(data).hexdigest())


async def upload(rig: WebRig, what: UploadFile | None = None, token: str = TOKEN) -> str:
    return await rig.client.upload(account_of(token), Token(token), what or file())


async def test_a_file_arrives_as_it_is_and_its_metadata_id_is_returned(rig):
    sent = file('фото "1" \\.png', bytes(range(256)) * 500)
    file_id = await upload(rig, sent)
    (stored,) = rig.simulator.stats.uploads
    assert (stored.path, stored.token, stored.file_id) == (DIRECT, TOKEN, file_id)
    assert (stored.sha256, stored.size_bytes) == (sent.digest, len(sent.data))
    assert (stored.file_name, stored.mime_type) == (sent.name, "image/png")
    assert stored.file_source is None


async def test_the_form_is_sent_as_a_browser_sends_it(rig):
    rig.change(statsig=PastedStatsig("c29tZS12YWx1ZQ"))
    await upload(rig)
    headers = dict(rig.simulator.stats.headers(DIRECT))
    assert headers["content-type"].startswith("multipart/form-data; boundary=----WebKitFormB")
    assert headers["origin"] == rig.simulator.origin
    assert headers["referer"] == f"{rig.simulator.origin}/"
    assert not {"x-statsig-id", "x-xai-request-id", "expect"} & headers.keys()
    assert rig.simulator.stats.cookies(DIRECT)["sso"] == TOKEN


@pytest.mark.parametrize("status", [404, 405])
async def test_the_older_way_is_taken_where_the_newer_is_unknown(rig, status):
    rig.simulator.script.overrides[DIRECT] = HttpOverride(status, "gone")
    sent = file()
    file_id = await upload(rig, sent)
    (stored,) = rig.simulator.stats.uploads
    assert (stored.path, stored.file_id, stored.sha256) == (LEGACY, file_id, sent.digest)
    assert dict(rig.simulator.stats.headers(LEGACY))["x-xai-request-id"]


async def test_for_a_while_the_newer_way_is_not_tried_again(rig):
    rig.simulator.script.overrides[DIRECT] = HttpOverride(404, times=1)
    await upload(rig)
    await upload(rig)
    assert rig.simulator.stats.requests[DIRECT] == 1
    rig.clock.advance(601)
    await upload(rig)
    assert [each.path for each in rig.simulator.stats.uploads] == [LEGACY, LEGACY, DIRECT]


async def test_without_either_way_the_site_has_changed(rig):
    for path in (DIRECT, LEGACY):
        rig.simulator.script.overrides[path] = HttpOverride(404, "{}")
    with pytest.raises(ProtocolChangedError):
        await upload(rig)


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        ("401", TokenRejectedError),
        ("blocked", AccountBlockedError),
        ("cf", ChallengedError),
        ("antibot", AntiBotError),
        ("429", RateLimitedError),
        ("500", UpstreamUnavailableError),
        ("reset", UpstreamError),
        ("garbage", ProtocolChangedError),
    ],
)
async def test_a_failed_upload_is_told_apart_like_any_other_failure(rig, outcome, error):
    rig.simulator.script.accounts[TOKEN] = AccountScript(elsewhere=[outcome])
    with pytest.raises(error):
        await upload(rig)
    assert not rig.simulator.stats.uploads


async def test_a_file_that_is_not_accepted_is_the_callers_affair(rig):
    body = '{"uploadId":"up","terminalError":{"code":"UNSUPPORTED_TYPE","message":"no"}}'
    rig.simulator.script.overrides[DIRECT] = HttpOverride(200, body)
    with pytest.raises(ContentRefusedError):
        await upload(rig)


async def test_an_upload_that_goes_on_in_the_background_has_its_upload_id(rig):
    body = '{"uploadId":"up-7","terminalError":{},"fileMetadata":{}}'
    rig.simulator.script.overrides[DIRECT] = HttpOverride(200, body)
    assert await upload(rig) == "up-7"


async def test_a_challenged_upload_can_be_repeated_in_a_new_session(rig):
    rig.change(clearance=rig.solver_at())
    rig.demand_clearance()
    with pytest.raises(ChallengedError) as caught:
        await upload(rig)
    assert await rig.client.renew_session(caught.value)
    assert await upload(rig)


async def test_cancelling_ends_the_upload_at_once(rig):
    rig.simulator.script.accounts[TOKEN] = AccountScript(elsewhere=["stall"])
    task = asyncio.get_running_loop().create_task(upload(rig))
    async with asyncio.timeout(5):
        while not rig.simulator.stats.requests[DIRECT]:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert rig.client.running == 0
    async with asyncio.timeout(2):
        while rig.simulator.stats.open_connections:
            await asyncio.sleep(0.01)


async def test_large_files_arrive_whole(rig):
    sent = file("large.bin", b"0123456789abcdef" * (20 << 16), "application/pdf")
    await upload(rig, sent)
    assert rig.simulator.stats.uploads[0].sha256 == sent.digest


@pytest.mark.parametrize("transport", ["mgw", "rest"])
async def test_the_prompt_names_the_files_that_the_account_holds(rig, transport):
    rig.chat_transport = transport
    rig.simulator.script.keep_prompts = True
    ids = (await upload(rig), await upload(rig, file("b.png", b"\x89PNG other")))

    async def emit(_chunk: Chunk) -> None: ...

    prompt = replace(PROMPT, file_ids=ids)
    await rig.client.chat(account_of(TOKEN), Token(TOKEN), SPEC, prompt, emit)
    (received,) = rig.simulator.stats.prompts
    assert received.attachments == ids
    assert {each.file_id for each in rig.simulator.stats.uploads} == set(ids)
