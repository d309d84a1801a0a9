"""The simulator's REST chat, as any HTTP client sees it."""

import asyncio
import json
import re
from pathlib import Path

import aiohttp
import pytest

from grokdesk.simulator.script import AccountScript, HttpOverride, Quota, Script
from grokdesk.simulator.server import Simulator

SAMPLES = Path(__file__).parents[1] / "wire" / "samples"
PATH = "/rest/app-chat/conversations/new"


@pytest.fixture
async def sim():
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
async def http():
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        yield session


def post(http, sim, token, message="[user]\nWhy?", **body):
    cookie = f"sso={token}; sso-rw={token}"
    return http.post(
        sim.origin + PATH,
        json={"message": message, "modeId": "fast", **body},
        headers={"Cookie": cookie, "Origin": "https://grok.com"},
    )


async def read(http, sim, token, message="[user]\nWhy?", **body):
    async with post(http, sim, token, message, **body) as response:
        assert response.status == 200
        return await response.read()


async def until_error(response):
    """What arrives, and why no more did: an error or half a second of silence."""
    got = bytearray()
    try:
        while data := await asyncio.wait_for(response.content.readany(), 0.5):
            got += data
    except (aiohttp.ClientError, TimeoutError) as exc:
        return bytes(got), exc
    return bytes(got), None


def frames_of(body):
    """JSON objects in any framing."""
    decoder = json.JSONDecoder()
    text, at, frames = body.decode(), 0, []
    while (start := text.find("{", at)) >= 0:
        frame, at = decoder.raw_decode(text, start)
        frames.append(frame)
    return frames


def responses_of(frames):
    return [f["result"]["response"] for f in frames if "response" in f.get("result", {})]


def answer_of(frames):
    return "".join(
        r["token"]
        for r in responses_of(frames)
        if "token" in r and not r["isThinking"] and r["messageTag"] == "final"
    )


def key_paths(value, at=""):
    if isinstance(value, dict):
        for key, entry in value.items():
            yield f"{at}.{key}"
            yield from key_paths(entry, f"{at}.{key}")
    elif isinstance(value, list):
        for entry in value:
            yield from key_paths(entry, f"{at}[]")


def sample_paths(*patterns):
    lines = (
        line
        for pattern in patterns
        for file in SAMPLES.glob(pattern)
        for line in file.read_text().splitlines()
        if line.strip()
    )
    return {path for line in lines for path in key_paths(json.loads(line))}


class TestAnswer:
    async def test_a_plain_answer_has_the_frames_of_the_recording_in_order(self, sim, http):
        frames = frames_of(await read(http, sim, "anna"))
        kinds = [next(iter(f["result"].get("response", f["result"]))) for f in frames]
        recorded = frames_of((SAMPLES / "rest-chat-plain.ndjson").read_bytes())
        expected = [next(iter(f["result"].get("response", f["result"]))) for f in recorded]
        assert sorted(set(kinds), key=kinds.index) == sorted(set(expected), key=expected.index)

    @pytest.mark.parametrize("keyword", ["", "!think", "!search", "!markdown", "!error-mid"])
    async def test_no_key_is_sent_that_no_recording_has(self, sim, http, keyword):
        frames = frames_of(await read(http, sim, "anna", f"[user]\n{keyword} copper"))
        known = sample_paths("rest-chat-*.ndjson", "rest-error-*.ndjson")
        assert {path for frame in frames for path in key_paths(frame)} <= known

    async def test_the_final_message_is_the_streamed_text(self, sim, http):
        frames = frames_of(await read(http, sim, "anna", "!think !markdown"))
        final = next(r for r in responses_of(frames) if "modelResponse" in r)["modelResponse"]
        assert final["message"] == answer_of(frames)
        assert final["message"].startswith("# A heading")

    async def test_search_sends_cards_before_the_markup_that_uses_them(self, sim, http):
        frames = frames_of(await read(http, sim, "anna", "!search copper"))
        known = set()
        for response in responses_of(frames):
            if "cardAttachment" in response:
                known.add(json.loads(response["cardAttachment"]["jsonData"])["id"])
            elif "modelResponse" not in response:
                used = set(re.findall(r'card_id="(\w+)"', response.get("token", "")))
                assert used <= known
        assert len(known) == 4

    async def test_ids_are_uuids_and_differ_between_turns(self, sim, http):
        first = frames_of(await read(http, sim, "anna"))
        second = frames_of(await read(http, sim, "anna"))
        ids = [f[0]["result"]["conversation"]["conversationId"] for f in (first, second)]
        assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", i) for i in ids)
        assert ids[0] != ids[1]

    async def test_a_large_answer_arrives_whole(self, sim, http):
        frames = frames_of(await read(http, sim, "anna", "!size 1000000"))
        assert len(answer_of(frames)) == 1_000_000

    async def test_a_scripted_answer_replaces_the_composed_one(self, sim, http):
        sim.script.accounts["anna"] = AccountScript(answer="Exactly  this.\n")
        assert answer_of(frames_of(await read(http, sim, "anna"))) == "Exactly  this.\n"

    async def test_a_small_answer_is_one_piece_with_its_length(self, sim, http):
        async with post(http, sim, "anna") as response:
            assert "Content-Length" in response.headers

    async def test_a_body_that_is_no_chat_request_is_refused(self, sim, http):
        for bad in (b"", b"{", b'{"text":"hi"}'):
            async with http.post(
                sim.origin + PATH, data=bad, headers={"Cookie": "sso=anna"}
            ) as response:
                assert response.status == 400
                assert (await response.json())["error"]["code"] == 3

    async def test_without_a_token_there_is_no_answer(self, sim, http):
        async with http.post(sim.origin + PATH, json={"message": "hi"}) as response:
            assert response.status == 401


class TestFraming:
    async def test_all_framings_carry_the_same_frames(self, sim, http):
        kinds, answers = [], []
        for framing in ("ndjson", "sse", "concatenated", "mixed"):
            sim.script.framing = framing
            frames = frames_of(await read(http, sim, "anna", "!think !unicode"))
            kinds.append([sorted(key_paths(f)) for f in frames])
            answers.append(answer_of(frames))
        assert kinds[1:] == kinds[:-1]
        assert answers[1:] == answers[:-1]

    async def test_ndjson_has_one_object_a_line(self, sim, http):
        lines = (await read(http, sim, "anna")).splitlines()
        assert all(json.loads(line) for line in lines)

    async def test_sse_looks_like_the_recording(self, sim, http):
        sim.script.framing = "sse"
        async with post(http, sim, "anna") as response:
            assert response.content_type == "text/event-stream"
            body = await response.text()
        recorded = (SAMPLES / "rest-chat-plain.sse.txt").read_text()
        shape = re.compile(r"(?<=data: )\{.*\}")
        assert set(shape.sub("*", body).splitlines()) == set(shape.sub("*", recorded).splitlines())

    async def test_concatenated_has_no_line_ends(self, sim, http):
        sim.script.framing = "concatenated"
        assert b"\n" not in await read(http, sim, "anna")

    async def test_mixed_changes_between_bare_lines_and_events(self, sim, http):
        sim.script.framing = "mixed"
        body = await read(http, sim, "anna")
        assert body.startswith(b"{")
        assert b"\n{" in body
        assert b"\ndata: {" in body
        assert b"\n: still here" in body
        assert body.endswith(b"data: [DONE]\n\n")


async def http_chunks(sim, token, message):
    """The chunks of the transfer encoding, as they are on the wire."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sim.origin.rsplit(":")[-1]))
    body = json.dumps({"message": message, "modeId": "fast"}).encode()
    writer.write(
        f"POST {PATH} HTTP/1.1\r\nHost: grok.com\r\nCookie: sso={token}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"chunked" in head
    chunks = []
    while size := int(await reader.readline(), 16):
        chunks.append((await reader.readexactly(size + 2))[:-2])
    writer.close()
    await writer.wait_closed()
    return chunks


class TestSplit:
    async def test_every_n_bytes_cuts_inside_characters(self, sim):
        sim.script.split = 7
        chunks = await http_chunks(sim, "anna", "!unicode")
        assert {len(chunk) for chunk in chunks[:-1]} == {7}
        cut = [chunk for chunk in chunks if not decodes(chunk)]
        assert cut
        assert "👨‍👩‍👧‍👦" in answer_of(frames_of(b"".join(chunks)))

    async def test_random_cuts_repeat_with_their_seed(self, sim):
        sim.script.split = "random"
        sizes = []
        for seed in (1, 1, 2):
            sim.script.seed = seed
            sizes.append([len(c) for c in await http_chunks(sim, "anna", "!unicode")])
        # The first frames hold times of equal length, so equal seeds give equal cuts.
        assert sizes[0] == sizes[1]
        assert sizes[0] != sizes[2]


def decodes(chunk):
    try:
        chunk.decode()
    except UnicodeDecodeError:
        return False
    return True


class TestPace:
    async def test_slow_pauses_before_every_chunk(self, sim, http):
        loop = asyncio.get_running_loop()
        started = loop.time()
        async with post(http, sim, "anna", "!slow 30 !long 5") as response:
            await response.content.readany()
            first = loop.time() - started
            await response.read()
            whole = loop.time() - started
        assert whole >= 0.15
        assert first < whole - 0.1

    async def test_the_first_delay_comes_before_the_headers(self, sim, http):
        sim.script.first_delay_s = 0.2
        loop = asyncio.get_running_loop()
        started = loop.time()
        async with post(http, sim, "anna"):
            assert loop.time() - started >= 0.2

    async def test_a_slow_account_is_slow(self, sim, http):
        loop = asyncio.get_running_loop()
        started = loop.time()
        await read(http, sim, "anna-slow", "!long 3")
        assert loop.time() - started >= 0.3


class TestRefusals:
    @pytest.mark.parametrize(
        ("case", "sample"),
        [
            ("401", "invalid-token-401"),
            ("blocked", "blocked-user-grpc-shape"),
            ("forbidden", "generic-403-json"),
            ("502", "upstream-502"),
        ],
    )
    async def test_they_are_as_recorded(self, sim, http, case, sample):
        lines = (SAMPLES / "http-errors.ndjson").read_text().splitlines()
        recorded = next(r for r in map(json.loads, lines) if r["case"] == sample)
        async with post(http, sim, f"anna-{case}") as response:
            assert response.status == recorded["status"]
            body = await response.text()
        assert (json.loads(body) if body.startswith("{") else body) == recorded["body"]

    async def test_cloudflare_sends_its_page(self, sim, http):
        async with post(http, sim, "anna-cf") as response:
            assert response.status == 403
            assert response.headers["cf-mitigated"] == "challenge"
            assert response.headers["server"] == "cloudflare"
            assert response.content_type == "text/html"
            assert "Just a moment" in await response.text()

    @pytest.mark.parametrize(
        ("case", "status", "code", "word"),
        [
            ("antibot", 403, 7, "anti-bot"),
            ("moderated", 403, 7, "content-moderated"),
            ("429", 429, 8, "Too many requests"),
            ("500", 500, 13, "Internal"),
        ],
    )
    async def test_json_refusals_have_code_and_text(self, sim, http, case, status, code, word):
        async with post(http, sim, f"anna-{case}") as response:
            assert response.status == status
            error = (await response.json())["error"]
        assert error["code"] == code
        assert word in error["message"]

    async def test_retry_after_is_sent_when_scripted(self, sim, http):
        async with post(http, sim, "anna-429") as response:
            assert "Retry-After" not in response.headers
        sim.script.retry_after_s = 30
        async with post(http, sim, "anna-429") as response:
            assert response.headers["Retry-After"] == "30"
        sim.script.accounts["anna-429"] = AccountScript(retry_after_s=7)
        async with post(http, sim, "anna-429") as response:
            assert response.headers["Retry-After"] == "7"

    async def test_a_disabled_chat_is_not_found(self, sim, http):
        sim.script.rest_enabled = False
        async with post(http, sim, "anna") as response:
            assert response.status == 404

    async def test_nomgw_leaves_the_rest_chat_alone(self, sim, http):
        assert answer_of(frames_of(await read(http, sim, "anna-nomgw")))


class TestTroubleInTheStream:
    @pytest.mark.parametrize(
        ("case", "sample"),
        [
            ("inband429", "rest-error-inband-ratelimit.ndjson"),
            ("exhausted", "rest-error-nested-usage-limit.ndjson"),
        ],
    )
    async def test_in_band_errors_are_as_recorded(self, sim, http, case, sample):
        frames = frames_of(await read(http, sim, f"anna-{case}"))
        recorded = frames_of((SAMPLES / sample).read_bytes())
        assert frames[1:] == recorded[1:]
        assert set(key_paths(frames[0])) == set(key_paths(recorded[0]))

    async def test_error_mid_comes_after_text(self, sim, http):
        frames = frames_of(await read(http, sim, "anna", "!error-mid"))
        recorded = frames_of((SAMPLES / "rest-error-inband-midstream.ndjson").read_bytes())
        assert answer_of(frames)
        assert frames[-1] == recorded[-1]

    async def test_empty_is_a_success_without_a_byte(self, sim, http):
        assert await read(http, sim, "anna-empty") == b""

    async def test_garbage_is_neither_utf8_nor_json(self, sim, http):
        body = await read(http, sim, "anna-garbage")
        assert not decodes(body)
        assert len(body) > 10

    @pytest.mark.parametrize("case", ["incomplete", "sessionended"])
    async def test_incomplete_ends_inside_a_frame(self, sim, http, case):
        async with post(http, sim, f"anna-{case}") as response:
            got, error = await until_error(response)
        assert isinstance(error, aiohttp.ClientPayloadError)
        lines = got.splitlines()
        assert answer_of([json.loads(line) for line in lines[:-1]])
        with pytest.raises(json.JSONDecodeError):
            json.loads(lines[-1])

    async def test_cut_resets_the_connection_after_some_text(self, sim):
        received, error = await raw_exchange(sim, "anna-cut")
        assert b'"messageTag":"final"' in received
        assert b'isSoftStop":true' not in received
        assert isinstance(error, ConnectionResetError)

    async def test_reset_comes_instead_of_an_answer(self, sim):
        received, error = await raw_exchange(sim, "anna-reset")
        assert received == b""
        assert isinstance(error, ConnectionResetError)

    async def test_stall_sends_not_even_headers(self, sim, http):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2), post(http, sim, "anna-stall"):
                pass

    @pytest.mark.parametrize(
        ("token", "message", "wants_text"),
        [("anna", "!stall", False), ("anna-stallmid", "[user]\nWhy?", True)],
    )
    async def test_stalls_keep_the_connection(self, sim, http, token, message, wants_text):
        async with post(http, sim, token, message) as response:
            assert response.status == 200
            got, error = await until_error(response)
        assert isinstance(error, TimeoutError)
        frames = frames_of(got)
        assert "conversation" in frames[0]["result"]
        assert bool(answer_of(frames)) is wants_text


async def raw_exchange(sim, token):
    """What arrives until the connection ends, and the error that ends it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sim.origin.rsplit(":")[-1]))
    body = b'{"message":"Why?","modeId":"fast"}'
    writer.write(
        f"POST {PATH} HTTP/1.1\r\nHost: grok.com\r\nCookie: sso={token}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    received = bytearray()
    try:
        while data := await reader.read(65536):
            received += data
    except ConnectionError as exc:
        return bytes(received), exc
    finally:
        writer.transport.abort()
    return bytes(received), None


class TestScripted:
    async def test_outcomes_are_used_up_one_per_turn(self, sim, http):
        sim.script.accounts["anna"] = AccountScript(outcomes=["cf", "429", "ok"])
        statuses = []
        for _ in range(4):
            async with post(http, sim, "anna") as response:
                statuses.append(response.status)
        assert statuses == [403, 429, 200, 200]

    async def test_afterwards_replaces_the_suffix(self, sim, http):
        sim.script.accounts["anna-cf"] = AccountScript(outcomes=["500"], afterwards="ok")
        statuses = []
        for _ in range(3):
            async with post(http, sim, "anna-cf") as response:
                statuses.append(response.status)
        assert statuses == [500, 200, 200]

    @pytest.mark.parametrize("name", ["rest-chat-plain.sse.txt", "rest-chat-image-lite.ndjson"])
    async def test_a_recording_is_replayed_byte_by_byte(self, sim, http, name):
        recorded = (SAMPLES / name).read_bytes()
        sim.script.raw_rest_bytes = [recorded]
        assert await read(http, sim, "anna") == recorded
        assert await read(http, sim, "anna") != recorded

    async def test_an_override_replaces_the_answer_of_a_path(self, sim, http):
        sim.script.overrides[PATH] = HttpOverride(
            418, "short and stout", {"Content-Type": "text/plain", "X-Pot": "tea"}, times=1
        )
        async with post(http, sim, "anna") as response:
            assert (response.status, response.headers["X-Pot"]) == (418, "tea")
            assert await response.text() == "short and stout"
        assert answer_of(frames_of(await read(http, sim, "anna")))

    async def test_turns_are_paid_and_end_with_the_usage_limit(self, sim, http):
        sim.script.quotas["fast"] = Quota(2)
        frames = [frames_of(await read(http, sim, "anna")) for _ in range(3)]
        assert [bool(answer_of(f)) for f in frames] == [True, True, False]
        assert "usage limit" in frames[2][1]["result"]["response"]["error"]["message"]

    async def test_a_basic_account_may_not_use_expert(self, sim, http):
        frames = frames_of(await read(http, sim, "anna", modeId="expert"))
        assert "error" in frames[1]["result"]["response"]
        frames = frames_of(await read(http, sim, "anna-super", modeId="expert"))
        assert answer_of(frames)

    async def test_quotas_need_not_be_enforced(self, http):
        async with Simulator(Script(quotas={"fast": None}, enforce_quotas=False)) as sim:
            assert answer_of(frames_of(await read(http, sim, "anna")))


class TestStats:
    async def test_chats_and_prompts_are_recorded(self, sim, http):
        sim.script.keep_prompts = True
        await read(http, sim, "anna", "[user]\nOne", fileAttachments=["f1"])
        await read(http, sim, "anna-empty", "[user]\nTwo")
        assert sim.stats.chats == {"anna": 1, "anna-empty": 1}
        assert sim.stats.transports == {"rest": 2}
        assert sim.stats.requests == {PATH: 2}
        assert sim.stats.answered == 1
        assert (sim.stats.open_chats, sim.stats.closed_early) == (0, 0)
        first = sim.stats.prompts[0]
        assert (first.token, first.transport, first.mode) == ("anna", "rest", "fast")
        assert (first.text, first.attachments) == ("[user]\nOne", ("f1",))

    async def test_prompts_are_forgotten_unless_asked_for(self, sim, http):
        await read(http, sim, "anna")
        assert not sim.stats.prompts

    async def test_headers_and_cookies_of_the_last_request_are_kept_as_sent(self, sim, http):
        async with http.post(
            sim.origin + PATH,
            json={"message": "hi"},
            headers={"Cookie": "sso=a; cf_clearance=x=y", "X-Odd-CASE": "1"},
        ):
            pass
        assert ("X-Odd-CASE", "1") in sim.stats.headers(PATH)
        assert sim.stats.cookies(PATH) == {"sso": "a", "cf_clearance": "x=y"}

    async def test_refused_chats_count_but_are_not_answered(self, sim, http):
        for case in ("cf", "429", "inband429"):
            async with post(http, sim, f"anna-{case}") as response:
                await response.read()
        assert sum(sim.stats.chats.values()) == 3
        assert sim.stats.answered == 0
        assert sim.stats.closed_early == 0
