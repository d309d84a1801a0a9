"""The simulator's chat socket, as any WebSocket client sees it."""

import asyncio
import json
import uuid
from pathlib import Path

import aiohttp
import pytest

from grokdesk.simulator.accounts import account_uuid
from grokdesk.simulator.script import AccountScript, Quota
from grokdesk.simulator.server import Simulator

SAMPLES = Path(__file__).parents[1] / "wire" / "samples"
PATH = "/ws/mgw/"


@pytest.fixture
async def sim():
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
async def http():
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        yield session


def connect(http, sim, token, *, uid=None, origin="https://grok.com"):
    headers = {"Cookie": f"sso={token}; sso-rw={token}"}
    if origin:
        headers["Origin"] = origin
    return http.ws_connect(
        f"{sim.origin}{PATH}?uid={uid or account_uuid(token)}", headers=headers, autoping=True
    )


def recorded(name):
    return [json.loads(line) for line in (SAMPLES / name).read_text().splitlines() if line.strip()]


def session_create(model="fast", session_id=None):
    name = "mgw-client-continue-with-file" if session_id else "mgw-client-new"
    frame = recorded(f"{name}.ndjson")[0]
    frame["event"]["event_id"] = f"evt_init_{uuid.uuid4()}"
    frame["event"]["session"]["model"] = model
    if session_id:
        frame["session_id"] = session_id
        frame["event"]["session"]["x_grok"]["conversation_id"] = session_id
    return frame


def item_create(session_id, message, parent=None, files=()):
    chunks = [{"mention": {"target": {"file_mention": {"file_id": f}}}} for f in files]
    event = {
        "type": "conversation.item.create",
        "event_id": "evt_msg_1",
        "item": {
            "type": "message",
            "role": "user",
            "x_grok": {
                "client_message_id": str(uuid.uuid4()),
                "input_chunks": [*chunks, {"text": {"text": message}}],
            },
        },
    }
    if files:
        event["file_attachment_ids"] = event["item"]["file_attachment_ids"] = list(files)
    if parent:
        event["parent_response_id"] = parent
    return {"session_id": session_id, "event": event}


def response_create(session_id):
    return {
        "session_id": session_id,
        "event": {"type": "response.create", "event_id": "evt_resp_1"},
    }


PING = {"event": {"type": "ping", "event_id": "evt_hb_1"}}


async def attach(ws, **create):
    """The session id, after the handshake frames."""
    frame = session_create(**create)
    await ws.send_json(frame)
    created, attached = await ws.receive_json(), await ws.receive_json()
    assert created["event"] == {
        "type": "session.created",
        "client_event_id": frame["event"]["event_id"],
    }
    assert attached["event"]["type"] == "conversation.attached"
    assert attached["event"]["conversation"]["id"] == attached["session_id"]
    return attached["session_id"]


async def ask(ws, message, *, parent=None, files=(), **create):
    session_id = await attach(ws, **create)
    await ws.send_json(item_create(session_id, message, parent, files))
    await ws.send_json(response_create(session_id))
    return session_id


ENDS = {"response.done", "error", "session.ended"}


async def events_of(ws):
    """Until an end, an in-band error or the end of the socket."""
    events = []
    async for message in ws:
        assert message.type is aiohttp.WSMsgType.TEXT
        event = json.loads(message.data)["event"]
        events.append(event)
        if event["type"] in ENDS or "stream_error" in event.get("output", {}):
            break
    return events


async def turn(http, sim, token, message="[user]\nWhy?", **create):
    async with connect(http, sim, token) as ws:
        await ask(ws, message, **create)
        return await events_of(ws)


async def events_until_silence(ws):
    events = []
    while True:
        try:
            message = await ws.receive(timeout=0.3)
        except TimeoutError:
            return events
        assert message.type is aiohttp.WSMsgType.TEXT
        events.append(json.loads(message.data)["event"])


def text_of(events, channel="CHANNEL_ASSISTANT_RESPONSE"):
    texts = (e["chunk"].get("text") for e in events if e["type"] == "response.chunk")
    return "".join(t["text"] for t in texts if t and t["channel"] == channel)


def key_paths(value, at=""):
    if isinstance(value, dict):
        for key, entry in value.items():
            yield f"{at}.{key}"
            yield from key_paths(entry, f"{at}.{key}")


class TestTurn:
    async def test_a_plain_turn_has_the_frames_of_the_recording(self, sim, http):
        events = await turn(http, sim, "anna", "[user]\nWhy is it blue?")
        assert "Why is it blue?" in text_of(events)
        assert events[-1]["type"] == "response.done"
        assert events[-1]["response"]["status"] == "completed"
        known = {
            path for f in recorded("mgw-server-plain.ndjson") for path in key_paths(f["event"])
        }
        assert {path for event in events for path in key_paths(event)} <= known

    async def test_every_frame_names_the_session(self, sim, http):
        async with connect(http, sim, "anna") as ws:
            session_id = await ask(ws, "!think Why?")
            frames = []
            while not frames or frames[-1]["event"]["type"] != "response.done":
                frames.append(await ws.receive_json())
        assert {frame["session_id"] for frame in frames} == {session_id}

    async def test_reasoning_has_its_own_channel(self, sim, http):
        events = await turn(http, sim, "anna", "!think Why?")
        assert "Thinking about" in text_of(events, "CHANNEL_ANALYSIS")
        assert "Thinking about" not in text_of(events)
        assert text_of(events)

    async def test_search_calls_tools_and_cites(self, sim, http):
        events = await turn(http, sim, "anna", "!search copper")
        chunks = [e["chunk"] for e in events if e["type"] == "response.chunk"]
        calls = [c["tool_usage_card"] for c in chunks if "tool_usage_card" in c]
        results = [c["tool_result"] for c in chunks if "tool_result" in c]
        citations = [c["render_citation"] for c in chunks if "render_citation" in c]
        assert calls[0]["web_search"]["args"]["query"] == "!search copper"
        assert [c["tool_usage_card_id"] for c in calls] == [r["tool_call_id"] for r in results]
        page = results[0]["web_search"]["webpages"][0]
        assert set(page) == {"url", "title", "snippet"}
        assert set(results[1]["x_post"]["posts"][0]) == {"userhandle", "name", "text", "post_id"}
        assert [c["kind"] for c in citations] == [
            "CITATION_KIND_WEB_PAGE",
            "CITATION_KIND_X_POST",
            "CITATION_KIND_WEB_PAGE",
        ]
        assert citations[0]["url"] == page["url"]

    @pytest.mark.parametrize("message", ["!size 100", "!size 5000", "!size 1000000", "!unicode"])
    async def test_frames_of_all_lengths_arrive(self, sim, http, message):
        sim.script.accounts["anna"] = AccountScript(
            answer="x" * 70_000 if message == "!size 5000" else None
        )
        events = await turn(http, sim, "anna", message)
        expected = {"!size 100": 100, "!size 5000": 70_000, "!size 1000000": 1_000_000}
        if message in expected:
            assert len(text_of(events)) == expected[message]
        else:
            assert "👨‍👩‍👧‍👦" in text_of(events)

    async def test_echo_returns_the_received_prompt(self, sim, http):
        prompt = "[system]\nBe terse.\n\n[user]\n!echo  this\n\n"
        assert text_of(await turn(http, sim, "anna", prompt)) == prompt

    async def test_pings_are_accepted_at_any_time_and_never_answered(self, sim, http):
        async with connect(http, sim, "anna") as ws:
            await ws.send_json(PING)
            session_id = await attach(ws)
            await ws.send_json(PING)
            await ws.send_json(item_create(session_id, "!slow 40 !long 5"))
            await ws.send_json(PING)
            await ws.send_json(response_create(session_id))
            await ws.send_json(PING)
            events = await events_of(ws)
            await ws.send_json(PING)
            await asyncio.sleep(0.05)
        assert {e["type"] for e in events} == {"response.chunk", "response.done"}
        assert len(events) == 6
        assert sim.stats.pings == 5

    async def test_slow_pauses_between_chunks(self, sim, http):
        loop = asyncio.get_running_loop()
        started = loop.time()
        await turn(http, sim, "anna", "!slow 30 !long 5")
        assert loop.time() - started >= 0.15

    async def test_model_and_attachments_are_recorded(self, sim, http):
        sim.script.keep_prompts = True
        async with connect(http, sim, "anna-super") as ws:
            await ask(ws, "[user]\nSum up", files=("file-meta-1",), model="expert")
            await events_of(ws)
        prompt = sim.stats.prompts[0]
        assert (prompt.transport, prompt.mode, prompt.text) == ("mgw", "expert", "[user]\nSum up")
        assert prompt.attachments == ("file-meta-1",)
        assert sim.stats.transports == {"mgw": 1}
        assert sim.stats.chats == {"anna-super": 1}


class TestContinuation:
    async def first_turn(self, http, sim, token):
        async with connect(http, sim, token) as ws:
            session_id = await ask(ws, "[user]\nOne")
            events = await events_of(ws)
        return session_id, events[-1]["response"]["id"]

    async def test_a_conversation_goes_on_with_its_last_response(self, sim, http):
        sim.script.keep_prompts = True
        session_id, parent = await self.first_turn(http, sim, "anna")
        async with connect(http, sim, "anna") as ws:
            assert await ask(ws, "Two", parent=parent, session_id=session_id) == session_id
            events = await events_of(ws)
        assert events[-1]["response"]["status"] == "completed"
        assert events[-1]["response"]["id"] != parent
        last = sim.stats.prompts[-1]
        assert (last.conversation_id, last.parent_response_id) == (session_id, parent)

    async def test_another_account_does_not_find_it(self, sim, http):
        session_id, _ = await self.first_turn(http, sim, "anna")
        async with connect(http, sim, "ben") as ws:
            await ws.send_json(session_create(session_id=session_id))
            event = (await ws.receive_json())["event"]
        assert event["error"]["code"] == "not_found"

    async def test_an_unknown_parent_is_refused(self, sim, http):
        session_id, _ = await self.first_turn(http, sim, "anna")
        async with connect(http, sim, "anna") as ws:
            await ask(ws, "Two", parent=str(uuid.uuid4()), session_id=session_id)
            events = await events_of(ws)
        assert events[-1]["error"]["code"] == "not_found"


class TestOrder:
    async def first_event(self, ws, *frames):
        for frame in frames:
            await ws.send_json(frame)
        return (await ws.receive_json())["event"]

    async def test_the_first_frame_must_be_session_create(self, sim, http):
        async with connect(http, sim, "anna") as ws:
            event = await self.first_event(ws, item_create("x", "hi"))
            assert event["error"]["code"] == "invalid_argument"
            assert "session.create" in event["error"]["message"]
            assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE

    async def test_the_item_comes_before_the_response(self, sim, http):
        async with connect(http, sim, "anna") as ws:
            session_id = await attach(ws)
            event = await self.first_event(ws, response_create(session_id))
        assert "conversation.item.create" in event["error"]["message"]

    async def test_later_frames_must_name_the_session(self, sim, http):
        async with connect(http, sim, "anna") as ws:
            await attach(ws)
            event = await self.first_event(ws, item_create(str(uuid.uuid4()), "hi"))
        assert "another session" in event["error"]["message"]

    async def test_a_socket_has_one_turn(self, sim, http):
        async with connect(http, sim, "anna") as ws:
            session_id = await ask(ws, "hi")
            await events_of(ws)
            event = await self.first_event(ws, item_create(session_id, "again"))
        assert "one turn" in event["error"]["message"]

    @pytest.mark.parametrize("text", ["{", "[]", '{"event":{}}'])
    async def test_a_frame_that_is_no_client_frame_is_refused(self, sim, http, text):
        async with connect(http, sim, "anna") as ws:
            await ws.send_str(text)
            assert (await ws.receive_json())["event"]["type"] == "error"

    async def test_violations_are_not_counted_as_answers(self, sim, http):
        async with connect(http, sim, "anna") as ws:
            await self.first_event(ws, item_create("x", "hi"))
        assert (sim.stats.answered, sim.stats.closed_early) == (0, 0)


async def refusal_of(http, sim, token, **how):
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        async with connect(http, sim, token, **how):
            pass
    return caught.value


class TestHandshake:
    @pytest.mark.parametrize(
        ("token", "status"),
        [
            ("anna-401", 401),
            ("anna-blocked", 403),
            ("anna-cf", 403),
            ("anna-forbidden", 403),
            ("anna-500", 500),
            ("anna-502", 502),
            ("anna-nomgw", 404),
        ],
    )
    async def test_some_accounts_are_refused_with_a_status(self, sim, http, token, status):
        refusal = await refusal_of(http, sim, token)
        assert refusal.status == status
        assert (refusal.headers.get("cf-mitigated") == "challenge") is (token == "anna-cf")

    async def test_the_uid_must_be_the_accounts(self, sim, http):
        assert (await refusal_of(http, sim, "anna", uid=account_uuid("ben"))).status == 403
        assert (await refusal_of(http, sim, "anna", uid="nonsense")).status == 403

    @pytest.mark.parametrize("origin", [None, "https://evil.example"])
    async def test_the_origin_must_be_the_sites(self, sim, http, origin):
        assert (await refusal_of(http, sim, "anna", origin=origin)).status == 403

    async def test_its_own_origin_is_accepted(self, sim, http):
        async with connect(http, sim, "anna", origin=sim.origin) as ws:
            await attach(ws)

    async def test_a_token_is_needed(self, sim, http):
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            async with http.ws_connect(
                f"{sim.origin}{PATH}?uid={account_uuid('anna')}",
                headers={"Origin": "https://grok.com"},
            ):
                pass
        assert caught.value.status == 401

    async def test_a_disabled_socket_is_not_found(self, sim, http):
        sim.script.mgw_enabled = False
        assert (await refusal_of(http, sim, "anna")).status == 404

    async def test_an_ordinary_request_is_no_handshake(self, sim, http):
        headers = {"Cookie": "sso=anna", "Origin": "https://grok.com"}
        url = f"{sim.origin}{PATH}?uid={account_uuid('anna')}"
        async with http.get(url, headers=headers) as response:
            assert response.status == 400
        assert sim.stats.open_chats == 0

    async def test_reset_comes_instead_of_an_upgrade(self, sim, http):
        with pytest.raises(aiohttp.ClientOSError):
            async with connect(http, sim, "anna-reset"):
                pass


class TestTrouble:
    @pytest.mark.parametrize(
        ("case", "sample"),
        [
            ("antibot", "mgw-server-error-antibot.ndjson"),
            ("inbandantibot", "mgw-server-error-antibot.ndjson"),
            ("exhausted", "mgw-server-error-usage-limit.ndjson"),
        ],
    )
    async def test_errors_are_as_recorded(self, sim, http, case, sample):
        assert await turn(http, sim, f"anna-{case}") == [recorded(sample)[-1]["event"]]

    @pytest.mark.parametrize("case", ["429", "inband429"])
    async def test_too_many_requests_is_an_error_frame(self, sim, http, case):
        events = await turn(http, sim, f"anna-{case}")
        assert events == [
            {"type": "error", "error": {"code": 8, "message": "Too many requests"}},
        ]

    async def test_error_mid_comes_after_text(self, sim, http):
        events = await turn(http, sim, "anna", "!error-mid")
        assert text_of(events)
        assert events[-1]["error"]["code"] == 13

    async def test_incomplete_is_done_with_failed(self, sim, http):
        events = await turn(http, sim, "anna-incomplete")
        assert text_of(events)
        assert events[-1]["response"]["status"] == "failed"

    async def test_the_session_may_end_early(self, sim, http):
        async with connect(http, sim, "anna-sessionended") as ws:
            await ask(ws, "Why?")
            events = await events_of(ws)
            assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE
        assert text_of(events)
        assert events[-1] == recorded("mgw-server-session-ended.ndjson")[-1]["event"]

    async def test_empty_is_done_without_text(self, sim, http):
        events = await turn(http, sim, "anna-empty")
        assert [e["type"] for e in events] == ["response.done"]
        assert events[0]["response"]["status"] == "completed"

    async def test_garbage_is_no_json(self, sim, http):
        async with connect(http, sim, "anna-garbage") as ws:
            await ask(ws, "Why?")
            with pytest.raises(json.JSONDecodeError):
                json.loads(await ws.receive_str())

    async def test_cut_drops_the_connection_after_text(self, sim, http):
        async with connect(http, sim, "anna-cut") as ws:
            await ask(ws, "Why?")
            assert (await ws.receive_json())["event"]["chunk"]["text"]["text"]
            while (message := await ws.receive()).type is aiohttp.WSMsgType.TEXT:
                assert "response.done" not in message.data
            assert ws.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE

    async def test_stall_answers_not_even_the_first_frame(self, sim, http):
        async with connect(http, sim, "anna-stall") as ws:
            await ws.send_json(session_create())
            with pytest.raises(TimeoutError):
                await ws.receive(timeout=0.2)

    @pytest.mark.parametrize(
        ("token", "message", "wants_text"),
        [("anna", "!stall", False), ("anna-stallmid", "Why?", True)],
    )
    async def test_stalls_keep_the_socket(self, sim, http, token, message, wants_text):
        async with connect(http, sim, token) as ws:
            await ask(ws, message)
            got = await events_until_silence(ws)
            await ws.send_json(PING)
            await asyncio.sleep(0.05)
            assert sim.stats.pings == 1
            assert sim.stats.open_chats == 1
        assert bool(text_of(got)) is wants_text

    async def test_quota_is_shared_with_the_rest_chat(self, sim, http):
        sim.script.quotas["fast"] = Quota(1)
        assert text_of(await turn(http, sim, "anna"))
        async with http.post(
            f"{sim.origin}/rest/app-chat/conversations/new",
            json={"message": "hi", "modeId": "fast"},
            headers={"Cookie": "sso=anna"},
        ) as response:
            assert "usage limit" in await response.text()


class TestReplay:
    @pytest.mark.parametrize(
        "name", ["plain", "thinking", "image-lite", "incomplete", "session-ended"]
    )
    async def test_a_recording_is_played_to_the_next_socket(self, sim, http, name):
        lines = (SAMPLES / f"mgw-server-{name}.ndjson").read_text().splitlines()
        sim.script.raw_mgw_frames = [lines]
        async with connect(http, sim, "anna") as ws:
            session_id = await ask(ws, "Why?")
            events = await events_of(ws)
        assert session_id == json.loads(lines[0])["session_id"]
        assert events == [json.loads(line)["event"] for line in lines[2:]]
        assert text_of(await turn(http, sim, "anna", "fresh")).startswith("You asked")

    async def test_a_recording_without_a_greeting_gets_one(self, sim, http):
        done = '{"event":{"type":"response.done","response":{"id":"r","status":"completed"}}}'
        sim.script.raw_mgw_frames = [["not json", done]]
        async with connect(http, sim, "anna") as ws:
            await ask(ws, "Why?")
            assert await ws.receive_str() == "not json"
            assert await ws.receive_str() == done
