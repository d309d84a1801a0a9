"""What the simulated site tells about accounts, keeps for them, and how it is driven."""

import asyncio
import base64
import hashlib
import io
import json
import struct
import time
import uuid
from datetime import datetime
from pathlib import Path

import aiohttp
import pytest

from grokdesk.simulator.accounts import account_uuid
from grokdesk.simulator.script import AccountScript, HttpOverride, Quota
from grokdesk.simulator.server import Simulator

SAMPLES = Path(__file__).parents[1] / "wire" / "samples"
CREDITS = "/grok_api_v2.GrokBuildBilling/GetGrokCreditsConfig"
CHAT = "/rest/app-chat/conversations/new"


@pytest.fixture
async def sim():
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
async def http():
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        yield session


async def call(http, sim, method, path, token="anna", **how):
    headers = {"Cookie": f"sso={token}"} if token else {}
    async with http.request(method, sim.origin + path, headers=headers, **how) as response:
        return response.status, await response.read()


async def json_of(http, sim, method, path, token="anna", **how):
    status, body = await call(http, sim, method, path, token, **how)
    assert status == 200, body
    return json.loads(body)


def case(file, name):
    lines = (SAMPLES / file).read_text().splitlines()
    return next(c for c in map(json.loads, lines) if c["case"] == name)


class TestSession:
    async def test_every_token_is_an_account_with_its_own_uuid(self, sim, http):
        ids = set()
        for token in ("anna", "ben"):
            body = await json_of(http, sim, "GET", "/api/auth/session", token)
            sample = case("media-bodies.ndjson", "session-ok")["response"]
            assert body.keys() == sample.keys()
            assert body["session"].keys() == sample["session"].keys()
            assert body["status"] == "authenticated"
            assert uuid.UUID(body["session"]["userId"])
            assert body["session"]["userId"] == account_uuid(token)
            ids.add(body["session"]["userId"])
        assert len(ids) == 2

    @pytest.mark.parametrize("token", ["anna-401", None])
    async def test_a_dead_token_is_unauthenticated(self, sim, http, token):
        body = await json_of(http, sim, "GET", "/api/auth/session", token)
        assert body == {"status": "unauthenticated"}

    async def test_a_blocked_account_keeps_its_name(self, sim, http):
        body = await json_of(http, sim, "GET", "/api/auth/session", "anna-blocked")
        assert body == {
            "status": "blocked",
            "session": {"userId": account_uuid("anna-blocked")},
        }

    async def test_cloudflare_guards_it_too(self, sim, http):
        status, body = await call(http, sim, "GET", "/api/auth/session", "anna-cf")
        assert status == 403
        assert b"Just a moment" in body


class TestEverywhere:
    @pytest.mark.parametrize(
        ("token", "status"),
        [("anna-401", 401), ("anna-blocked", 403), ("anna-cf", 403), ("anna-502", 502)],
    )
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/rest/rate-limits"),
            ("POST", "/rest/media/imagine/quota_info"),
            ("POST", "/http/upload-file-v2/direct"),
            ("POST", "/rest/app-chat/upload-file"),
            ("GET", "/rest/assets"),
            ("DELETE", "/rest/assets-metadata/1"),
        ],
    )
    async def test_some_troubles_concern_the_whole_site(
        self, sim, http, token, status, method, path
    ):
        assert (await call(http, sim, method, path, token))[0] == status

    @pytest.mark.parametrize("trouble", ["429", "antibot", "stall", "cut", "empty", "nomgw"])
    async def test_others_concern_the_chat_alone(self, sim, http, trouble):
        await json_of(http, sim, "GET", "/rest/assets", f"anna-{trouble}")
        await json_of(http, sim, "GET", "/api/auth/session", f"anna-{trouble}")

    async def test_outcomes_elsewhere_are_scripted_apart(self, sim, http):
        sim.script.accounts["anna"] = AccountScript(
            outcomes=["500"], elsewhere=["cf", "garbage", "empty", "ok"]
        )
        got = [await call(http, sim, "GET", "/rest/assets") for _ in range(5)]
        assert [status for status, _ in got] == [403, 200, 200, 200, 200]
        assert got[2][1] == b""
        assert json.loads(got[3][1]) == json.loads(got[4][1])
        assert sim.script.accounts["anna"].outcomes == ["500"]

    async def test_a_reset_elsewhere_drops_the_connection(self, sim, http):
        sim.script.accounts["anna"] = AccountScript(elsewhere=["reset"])
        with pytest.raises(aiohttp.ClientConnectionError):
            await call(http, sim, "POST", "/rest/rate-limits", json={"modelName": "fast"})

    async def test_without_a_token_nothing_is_served(self, sim, http):
        assert (await call(http, sim, "GET", "/rest/assets", None))[0] == 401

    async def test_unknown_paths_are_not_found(self, sim, http):
        status, body = await call(http, sim, "GET", "/nowhere")
        assert (status, json.loads(body)) == (
            404,
            case("http-errors.ndjson", "not-found-404")["body"],
        )

    @pytest.mark.parametrize("path", ["/", "/index"])
    async def test_the_page_carries_the_verification_tag(self, sim, http, path):
        status, body = await call(http, sim, "GET", path, None)
        assert status == 200
        assert b'<meta name="grok-site-verification" content="' in body


class TestRateLimits:
    @pytest.mark.parametrize(
        ("token", "mode", "total", "window_s"),
        [
            ("anna", "fast", 30, 86_400),
            ("anna-basic", "fast", 30, 86_400),
            ("anna-super", "auto", 50, 7_200),
            ("anna-super", "fast", 140, 7_200),
            ("anna-heavy", "expert", 150, 7_200),
            ("anna-heavy", "heavy", 20, 7_200),
        ],
    )
    async def test_totals_are_those_of_the_tier(self, sim, http, token, mode, total, window_s):
        body = await json_of(
            http, sim, "POST", "/rest/rate-limits", token, json={"modelName": mode}
        )
        sample = case("quota-bodies.ndjson", "basic-fast")["response"]
        assert list(body) == list(sample)
        assert body["totalQueries"] == body["remainingQueries"] == total
        assert body["windowSizeSeconds"] == window_s

    @pytest.mark.parametrize(
        ("token", "mode"), [("anna", "auto"), ("anna-super", "heavy"), ("anna", "nonsense")]
    )
    async def test_a_mode_that_is_not_offered_is_empty(self, sim, http, token, mode):
        body = await json_of(
            http, sim, "POST", "/rest/rate-limits", token, json={"modelName": mode}
        )
        assert body == {}

    async def chat(self, http, sim, token="anna"):
        return await call(http, sim, "POST", CHAT, token, json={"message": "hi", "modeId": "fast"})

    async def remaining(self, http, sim, token="anna"):
        body = await json_of(
            http, sim, "POST", "/rest/rate-limits", token, json={"modelName": "fast"}
        )
        return body["remainingQueries"]

    async def test_turns_count_down_and_failed_ones_do_not(self, sim, http):
        sim.script.accounts["anna"] = AccountScript(
            outcomes=["ok", "cf", "inband429", "ok", "empty"]
        )
        for _ in range(5):
            await self.chat(http, sim)
        assert await self.remaining(http, sim) == 27

    async def test_an_exhausted_account_says_when_to_come_back(self, sim, http):
        body = await json_of(
            http, sim, "POST", "/rest/rate-limits", "anna-exhausted", json={"modelName": "fast"}
        )
        assert body["remainingQueries"] == 0
        assert body["totalQueries"] == 30
        assert 86_300 < body["waitTimeSeconds"] <= 86_400

    async def test_a_window_is_full_again_after_its_time(self, sim, http):
        sim.script.quotas["fast"] = Quota(5, window_s=1)
        for _ in range(3):
            await self.chat(http, sim)
        assert await self.remaining(http, sim) == 2
        await asyncio.sleep(1.05)
        assert await self.remaining(http, sim) == 5

    async def test_quotas_are_overridden_for_all_or_for_one(self, sim, http):
        sim.script.quotas["fast"] = Quota(9, 60, remaining=4)
        sim.script.accounts["ben"] = AccountScript(quotas={"fast": Quota(2)})
        assert await self.remaining(http, sim, "anna") == 4
        assert await self.remaining(http, sim, "ben") == 2
        sim.script.quotas["fast"] = Quota(100)
        assert await self.remaining(http, sim, "anna") == 100

    async def test_the_tier_can_be_scripted(self, sim, http):
        sim.script.accounts["anna"] = AccountScript(tier="heavy")
        assert await self.remaining(http, sim) == 400

    async def test_a_body_without_a_model_is_refused(self, sim, http):
        assert (await call(http, sim, "POST", "/rest/rate-limits", json={}))[0] == 400


class TestImagineQuota:
    @pytest.mark.parametrize("tier", ["basic", "super"])
    async def test_all_five_products_are_there(self, sim, http, tier):
        body = await json_of(
            http, sim, "POST", "/rest/media/imagine/quota_info", f"anna-{tier}", json={}
        )
        sample = case("quota-bodies.ndjson", f"imagine-{tier}")["response"]
        assert body.keys() == sample.keys()
        assert [v is None for v in body.values()] == [v is None for v in sample.values()]
        assert body["image"].keys() == sample["image"].keys()
        assert body["image"]["available"] is True

    async def test_nothing_is_available_when_exhausted(self, sim, http):
        body = await json_of(
            http, sim, "POST", "/rest/media/imagine/quota_info", "anna-exhausted", json={}
        )
        assert body["image"]["available"] is False
        sample = case("quota-bodies.ndjson", "imagine-basic")["response"]["video720p"]
        assert body["image"].keys() == sample.keys()
        back = datetime.fromisoformat(body["image"]["nextAvailableAt"]).timestamp()
        assert 86_390 < back - time.time() <= 86_400


def grpc_frames(body):
    while body:
        flag, size = body[0], int.from_bytes(body[1:5], "big")
        yield flag, body[5 : 5 + size]
        body = body[5 + size :]


def protobuf_fields(message):
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        elif key & 7 == 5:
            yield key >> 3, struct.unpack("<f", message[at : at + 4])[0]
            at += 4
        else:
            assert key & 7 == 2
            size = varint()
            yield key >> 3, message[at : at + size]
            at += size


def config_of(body):
    (flag, message), (trailer_flag, trailer) = grpc_frames(body)
    assert (flag, trailer_flag, trailer) == (0x00, 0x80, b"grpc-status:0\r\n")
    ((number, config),) = protobuf_fields(message)
    assert number == 1
    return list(protobuf_fields(config))


class TestWeeklyCredits:
    async def credits(self, http, sim, token):
        request = bytes.fromhex(case("weekly-credits-grpcweb.ndjson", "request")["hex"])
        status, body = await call(http, sim, "POST", CREDITS, token, data=request)
        assert status == 200
        return body

    async def test_a_paying_account_has_the_fields_of_the_recording(self, sim, http):
        sim.script.weekly_used_percent = 42.5
        config = config_of(await self.credits(http, sim, "anna-super"))
        recorded = config_of(
            bytes.fromhex(case("weekly-credits-grpcweb.ndjson", "response-42.5-percent")["hex"])
        )
        assert [number for number, _ in config] == [number for number, _ in recorded]
        assert config[0] == recorded[0] == (1, 42.5)
        bounds = [dict(protobuf_fields(value)) for number, value in config if number in {4, 5}]
        assert bounds[1][1] - bounds[0][1] == 7 * 86_400
        shares = [dict(protobuf_fields(value)) for number, value in config if number == 7]
        assert [share[1] for share in shares] == [4, 5]
        assert sum(share[2] for share in shares) == pytest.approx(42.5)

    async def test_an_unused_pool_has_no_percentage_but_fractions_of_seconds(self, sim, http):
        sim.script.weekly_used_percent = 0.0
        config = config_of(await self.credits(http, sim, "anna-super"))
        assert 1 not in dict(config)
        bounds = [dict(protobuf_fields(value)) for number, value in config if number in {4, 5}]
        assert all(2 in bound for bound in bounds)

    async def test_a_free_account_has_whole_seconds_and_no_percentage(self, sim, http):
        config = config_of(await self.credits(http, sim, "anna"))
        assert [number for number, _ in config] == [4, 5]
        assert all(2 not in dict(protobuf_fields(value)) for _, value in config)

    async def test_an_exhausted_account_has_used_everything(self, sim, http):
        config = config_of(await self.credits(http, sim, "anna-super-exhausted"))
        assert config[0] == (1, 100.0)

    async def test_a_dead_token_gets_the_recorded_trailer(self, sim, http):
        body = await self.credits(http, sim, "anna-401")
        sample = case("weekly-credits-grpcweb.ndjson", "trailer-unauthenticated")
        assert body == bytes.fromhex(sample["hex"])


class TestUploads:
    async def upload(self, http, sim, name="фото 1.png", content=b"\x89PNG\x00\xff", source=None):
        boundary = "----simulated"
        part = f"--{boundary}\r\nContent-Disposition: form-data; name="
        source_part = f'{part}"file_source"\r\n\r\n{source}\r\n' if source else ""
        body = (
            f'{source_part}--{boundary}\r\nContent-Disposition: form-data; name="file"; '
            f'filename="{name}"\r\nContent-Type: image/png\r\n\r\n'.encode()
            + content
            + f"\r\n--{boundary}--\r\n".encode()
        )
        headers = {
            "Cookie": "sso=anna",
            "Content-Type": f"multipart/form-data; boundary={boundary}",
        }
        url = f"{sim.origin}/http/upload-file-v2/direct"
        async with http.post(url, data=io.BytesIO(body), headers=headers) as response:
            assert response.status == 200
            return await response.json()

    async def test_multipart_answers_as_recorded(self, sim, http):
        body = await self.upload(http, sim)
        sample = case("upload-bodies.ndjson", "v2-complete")["response"]
        assert body.keys() == sample.keys()
        assert body["fileMetadata"].keys() == sample["fileMetadata"].keys()
        assert body["terminalError"] is None
        metadata = body["fileMetadata"]
        assert metadata["fileUri"] == (
            f"users/{account_uuid('anna')}/{metadata['fileMetadataId']}/content"
        )

    async def test_uploads_are_recorded_with_their_names(self, sim, http):
        content = bytes(range(256)) * 10_000
        await self.upload(http, sim, "фото 1.png", content, "IMAGINE_SELF_UPLOAD_FILE_SOURCE")
        (upload,) = sim.stats.uploads
        assert upload.file_name == "фото 1.png"
        assert upload.mime_type == "image/png"
        assert upload.size_bytes == len(content)
        assert upload.sha256 == hashlib.sha256(content).hexdigest()
        assert upload.file_source == "IMAGINE_SELF_UPLOAD_FILE_SOURCE"
        assert upload.token == "anna"

    async def test_aiohttps_own_form_is_understood(self, sim, http):
        form = aiohttp.FormData()
        form.add_field("file", b"text", filename="a.txt", content_type="text/plain")
        status, _ = await call(http, sim, "POST", "/http/upload-file-v2/direct", data=form)
        assert status == 200
        assert sim.stats.uploads[0].file_name == "a.txt"

    async def test_a_client_that_asks_first_is_invited_to_send(self, sim, http):
        async with asyncio.timeout(5):
            body = await json_of(
                http, sim, "POST", "/rest/rate-limits", json={"modelName": "fast"}, expect100=True
            )
        assert body["totalQueries"] == 30

    async def test_a_form_without_a_file_is_refused(self, sim, http):
        form = aiohttp.FormData({"file_source": "x"}, default_to_multipart=True)
        status, _ = await call(http, sim, "POST", "/http/upload-file-v2/direct", data=form)
        assert status == 400
        status, _ = await call(http, sim, "POST", "/http/upload-file-v2/direct", data=b"raw")
        assert status == 400

    async def test_the_older_upload_answers_as_recorded(self, sim, http):
        body = await json_of(
            http,
            sim,
            "POST",
            "/rest/app-chat/upload-file",
            json={
                "fileName": "photo.png",
                "fileMimeType": "image/png",
                "content": base64.b64encode(b"abc").decode(),
            },
        )
        assert body.keys() == case("upload-bodies.ndjson", "legacy-json")["response"].keys()
        assert sim.stats.uploads[0].size_bytes == 3

    async def test_the_older_upload_refuses_bad_base64(self, sim, http):
        upload = {"fileName": "a", "fileMimeType": "b", "content": "%%%"}
        status, _ = await call(http, sim, "POST", "/rest/app-chat/upload-file", json=upload)
        assert status == 400

    async def test_files_are_listed_in_pages_and_deleted(self, sim, http):
        ids = [
            (await self.upload(http, sim, f"{i}.png"))["fileMetadata"]["fileMetadataId"]
            for i in range(3)
        ]
        first = await json_of(http, sim, "GET", "/rest/assets?pageSize=2&isLatest=true")
        second = await json_of(
            http, sim, "GET", f"/rest/assets?pageSize=2&pageToken={first['nextPageToken']}"
        )
        listed = [asset["assetId"] for asset in first["assets"] + second["assets"]]
        assert listed == ids
        assert second["nextPageToken"] == ""
        sample = case("media-bodies.ndjson", "assets-list")["response"]["assets"][0]
        assert first["assets"][0].keys() == sample.keys()
        deleted = await json_of(http, sim, "DELETE", f"/rest/assets-metadata/{ids[0]}")
        assert deleted == {}
        assert (await call(http, sim, "DELETE", f"/rest/assets-metadata/{ids[0]}"))[0] == 404
        assert list(sim.stats.deleted_assets) == [ids[0]]
        assert sim.stats.requests["/rest/assets-metadata/"] == 2

    async def test_nobody_else_sees_the_files(self, sim, http):
        await self.upload(http, sim)
        body = await json_of(http, sim, "GET", "/rest/assets", "ben")
        assert body == {"assets": [], "nextPageToken": ""}


class TestControl:
    async def test_counters_are_readable_over_http(self, sim, http):
        sim.script.keep_prompts = True
        await call(http, sim, "POST", CHAT, json={"message": "hi", "modeId": "fast"})
        stats = await json_of(http, sim, "GET", "/_simulator/stats", None)
        assert stats["requests"] == {CHAT: 1}
        assert stats["chats"] == {"anna": 1}
        assert stats["answered"] == 1
        assert stats["connections"] == 1
        assert stats["prompts"][0]["text"] == "hi"
        assert stats["cookies"][CHAT] == {"sso": "anna"}

    async def test_the_script_is_editable_over_http(self, sim, http):
        patch = {"accounts": {"anna": {"outcomes": ["cf"]}}, "framing": "sse"}
        script = await json_of(http, sim, "POST", "/_simulator/script", None, json=patch)
        assert script["framing"] == "sse"
        chat = {"message": "hi", "modeId": "fast"}
        assert (await call(http, sim, "POST", CHAT, json=chat))[0] == 403
        status, body = await call(http, sim, "POST", CHAT, json=chat)
        assert status == 200
        assert body.startswith(b": keep-alive")

    @pytest.mark.parametrize("patch", [b"{", b"[]", b'{"nonsense":1}', b'{"seed":"x"}'])
    async def test_a_wrong_patch_is_refused(self, sim, http, patch):
        status, _ = await call(http, sim, "POST", "/_simulator/script", None, data=patch)
        assert status == 400

    async def test_an_override_ends_after_its_times(self, sim, http):
        sim.script.overrides["/api/auth/session"] = HttpOverride(503, "{}", times=2)
        got = [(await call(http, sim, "GET", "/api/auth/session"))[0] for _ in range(3)]
        assert got == [503, 503, 200]

    async def test_an_override_also_answers_an_upgrade(self, sim, http):
        sim.script.overrides["/ws/mgw/"] = HttpOverride(429, "", {"Retry-After": "9"})
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            async with http.ws_connect(f"{sim.origin}/ws/mgw/?uid=x"):
                pass
        assert caught.value.status == 429
        assert caught.value.headers["Retry-After"] == "9"
