"""The list of models in its three forms, from the catalog alone."""

import datetime
import json
import time

import anthropic
import pytest

from grokdesk.gateway.app import ROUTES

CLAUDE = {"anthropic-version": "2023-06-01"}


async def get(http, gateway, path, method="GET", **headers):
    async with http.request(
        method, gateway.origin + path, headers=gateway.headers | headers
    ) as response:
        return response.status, await response.read()


async def fetch(http, gateway, path, **headers):
    status, body = await get(http, gateway, path, **headers)
    assert status == 200
    return json.loads(body)


IDS = ["grok-fast", "vendor/grok-slash", "grok-heavy"]


async def test_the_list_in_openais_form(http, gateway):  # M1, M7
    listed = await fetch(http, gateway, "/v1/models")
    assert listed["object"] == "list"
    assert [model["id"] for model in listed["data"]] == IDS
    assert listed["data"][0] == {
        "id": "grok-fast",
        "object": "model",
        "created": 1_700_000_000,
        "owned_by": "xai",
        "name": "Grok-Fast",
        "available": True,
        "context_length": 131_072,
        "context_window": 131_072,
        "max_output_tokens": 16_384,
        "input_modalities": ["text", "image", "file"],
        "output_modalities": ["text"],
        "supports_tools": True,
        "supports_vision": True,
        "supports_reasoning": True,
    }
    assert listed["data"][2]["available"] is False


async def test_the_list_is_never_empty(http, start_gateway):  # M2
    gateway = await start_gateway(accounts=0)
    listed = await fetch(http, gateway, "/v1/models")
    assert [(model["id"], model["available"]) for model in listed["data"]] == [
        (id, False) for id in IDS
    ]


@pytest.mark.parametrize(
    "name",
    ["vendor/grok-slash", "vendor%2Fgrok-slash", "VENDOR/Grok-Slash", "xai/vendor/grok-slash"],
)
async def test_one_model_by_any_spelling_of_its_name(http, gateway, name):  # M3, M8
    assert (await fetch(http, gateway, f"/v1/models/{name}"))["id"] == "vendor/grok-slash"


@pytest.mark.parametrize("name", ["gpt-9", "grok-picture"])
async def test_a_model_that_is_not_served_is_not_found(http, gateway, name):  # M3
    status, body = await get(http, gateway, f"/v1/models/{name}")
    assert (status, json.loads(body)["error"]["code"]) == (404, "model_not_found")
    status, body = await get(http, gateway, f"/v1/models/{name}", **CLAUDE)
    assert (status, json.loads(body)["error"]["type"]) == (404, "not_found_error")


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/grok-fast"])
async def test_a_head_has_the_status_and_no_body(http, gateway, path):  # T3
    assert await get(http, gateway, path, "HEAD") == (200, b"")


async def test_the_list_in_anthropics_form(http, gateway):  # M4
    page = await fetch(http, gateway, "/v1/models", **CLAUDE)
    assert page["data"][0] == {
        "type": "model",
        "id": "grok-fast",
        "display_name": "Grok-Fast",
        "created_at": "2023-11-14T22:13:20Z",
        "lifecycle": "active",
        "max_input_tokens": 131_072,
        "max_tokens": 16_384,
    }
    assert [model["id"] for model in page["data"]] == IDS
    assert (page["has_more"], page["first_id"], page["last_id"]) == (False, IDS[0], IDS[2])


@pytest.mark.parametrize(
    ("query", "ids", "has_more"),
    [
        ("limit=1000", IDS, False),
        ("limit=2", IDS[:2], True),
        ("limit=2&after_id=vendor/grok-slash", IDS[2:], False),
        ("after_id=grok-heavy", [], False),
        ("limit=1&before_id=grok-heavy", IDS[1:2], True),
        ("before_id=grok-fast", [], False),
    ],
)
async def test_anthropics_list_has_pages(http, gateway, query, ids, has_more):  # M4
    page = await fetch(http, gateway, f"/v1/models?{query}", **CLAUDE)
    assert ([model["id"] for model in page["data"]], page["has_more"]) == (ids, has_more)
    ends = (ids[0], ids[-1]) if ids else (None, None)
    assert (page["first_id"], page["last_id"]) == ends


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "limit=²", "after_id=gone"])
async def test_a_page_that_cannot_be_is_refused(http, gateway, query):
    status, body = await get(http, gateway, f"/v1/models?{query}", **CLAUDE)
    assert (status, json.loads(body)["error"]["type"]) == (400, "invalid_request_error")


async def test_the_anthropic_package_pages_through_all_models(gateway):  # M4
    async with anthropic.AsyncAnthropic(
        base_url=gateway.origin, api_key=gateway.key, max_retries=0
    ) as client:
        models = [model async for model in client.models.list(limit=1)]
        one = await client.models.retrieve("vendor/grok-slash")
    assert [model.id for model in models] == IDS
    assert one.created_at == datetime.datetime.fromtimestamp(1_700_000_000, datetime.UTC)


CODEX_NEEDS = {
    "slug": str,
    "display_name": str,
    "supported_reasoning_levels": list,
    "shell_type": str,
    "visibility": str,
    "supported_in_api": bool,
    "priority": int,
    "base_instructions": str,
    "model_messages": dict,
    "supports_reasoning_summaries": bool,
    "support_verbosity": bool,
    "truncation_policy": dict,
    "supports_parallel_tool_calls": bool,
    "context_window": int,
    "experimental_supported_tools": list,
    "input_modalities": list,
}


async def test_codex_gets_its_catalog_next_to_the_list(http, gateway):  # M5
    listed = await fetch(http, gateway, "/v1/models?client_version=0.169.0")
    assert [model["id"] for model in listed["data"]] == IDS
    assert [model["slug"] for model in listed["models"]] == IDS
    assert [model["priority"] for model in listed["models"]] == [1, 2, 3]
    for model in listed["models"]:
        assert {name: type(model[name]) for name in CODEX_NEEDS} == CODEX_NEEDS
        assert [level["effort"] for level in model["supported_reasoning_levels"]] == [
            "low",
            "medium",
            "high",
        ]


async def test_other_names_are_listed_only_where_the_user_wants_it(http, start_gateway):  # M6
    aliases = {"models.aliases": "claude-sonnet-5 = grok-fast"}
    gateway = await start_gateway(settings=aliases)
    assert [model["id"] for model in (await fetch(http, gateway, "/v1/models"))["data"]] == IDS
    assert (await fetch(http, gateway, "/v1/models/claude-sonnet-5"))["id"] == "grok-fast"
    other = await start_gateway(settings=aliases | {"models.list_aliases": True})
    page = await fetch(http, other, "/v1/models", **CLAUDE)
    assert [model["id"] for model in page["data"]] == [*IDS, "claude-sonnet-5"]


@pytest.mark.alone
async def test_models_are_told_at_once_and_without_asking_anybody(http, gateway):  # M9
    await fetch(http, gateway, "/v1/models")
    began = time.perf_counter()
    for _ in range(20):
        await fetch(http, gateway, "/v1/models?client_version=1")
    assert (time.perf_counter() - began) / 20 < 0.05
    assert gateway.upstream.requests == []


async def test_an_account_that_cannot_serve_makes_no_model_available(http, gateway):
    (account,) = gateway.services.accounts.snapshot()
    await gateway.services.accounts.configure(account.id, enabled=False)
    listed = await fetch(http, gateway, "/v1/models")
    assert not any(model["available"] for model in listed["data"])


# -- what is not there


ABSENT = [
    ("POST", "/embeddings"),
    ("POST", "/moderations"),
    ("POST", "/rerank"),
    ("GET", "/batches"),
    ("POST", "/batches/b_1/cancel"),
    ("POST", "/fine_tuning/jobs"),
    ("GET", "/fine_tuning/jobs/ft_1/events"),
    ("POST", "/audio/speech"),
    ("POST", "/audio/transcriptions"),
    ("POST", "/assistants"),
    ("POST", "/threads/runs"),
    ("GET", "/threads/t_1/messages/m_1"),
    ("DELETE", "/vector_stores/v_1"),
    ("POST", "/files"),
    ("GET", "/files/file-1/content"),
    ("POST", "/uploads"),
    ("POST", "/images/variations"),
    ("POST", "/realtime/sessions"),
]


@pytest.mark.parametrize(("method", "path"), ABSENT)
@pytest.mark.parametrize("prefix", ["", "/v1"])
async def test_what_grok_does_not_have_is_said_in_a_sentence(  # L2
    http, gateway, method, path, prefix
):
    status, body = await get(http, gateway, prefix + path, method)
    error = json.loads(body)["error"]
    assert (status, error["code"]) == (501, "not_supported")
    assert error["message"].count(".") == 1


async def test_unknown_paths_list_only_what_is_served(http, gateway):
    status, body = await get(http, gateway, "/v1/nowhere")
    message = json.loads(body)["error"]["message"]
    assert status == 404
    assert "/v1/chat/completions" in message
    assert "/v1/completions" in message
    assert "embeddings" not in message


def test_every_route_stands_in_the_table_once():
    routes = [(route.method, route.path) for route in ROUTES]
    assert len(set(routes)) == len(routes)
