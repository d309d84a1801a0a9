"""The OpenAPI document says what is served, and what is served keeps to it.

`GROKDESK_OPENAPI=update` writes docs/openapi.json anew.
"""

import json
import os
import re
from pathlib import Path

import jsonschema
import pytest

from grokdesk.domain.errors import ContentRefusedError
from grokdesk.gateway.app import ROUTES
from grokdesk.gateway.openapi.document import describe
from grokdesk.gateway.openapi.operations import OPERATIONS
from tests.gateway.stand_in import chat_body, fails

FILE = Path(__file__).parents[2] / "docs/openapi.json"
DOCUMENT = describe(ROUTES)
MESSAGE = {"model": "grok-fast", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}


def test_the_document_in_docs_is_the_one_that_is_served():
    text = json.dumps(DOCUMENT, indent=2) + "\n"
    if os.environ.get("GROKDESK_OPENAPI") == "update":
        FILE.write_text(text, encoding="utf-8", newline="\n")
    assert FILE.read_text(encoding="utf-8") == text, "GROKDESK_OPENAPI=update writes it anew"


def test_each_served_route_is_described_and_nothing_else():
    served = {(route.method, route.path) for route in ROUTES if route.served}
    assert served == set(OPERATIONS)


def test_operations_have_names_of_their_own():
    ids = [one["operationId"] for path in DOCUMENT["paths"].values() for one in path.values()]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z_]+", id) for id in ids)


def test_each_reference_leads_somewhere():
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(DOCUMENT)))
    assert references
    assert references <= set(DOCUMENT["components"]["schemas"])


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_each_schema_is_one(name):
    jsonschema.Draft202012Validator.check_schema(DOCUMENT["components"]["schemas"][name])


async def test_the_document_needs_a_key_and_is_found_without_v1_too(http, gateway):
    async with http.get(gateway.origin + "/openapi.json") as response:
        assert response.status == 401
    for path in ("/openapi.json", "/v1/openapi.json"):
        async with http.get(gateway.origin + path, headers=gateway.headers) as response:
            assert await response.json() == DOCUMENT


def test_no_key_is_asked_for_where_none_is_needed():
    for path in ("/", "/health"):
        assert DOCUMENT["paths"][path]["get"]["security"] == []
    assert "security" not in DOCUMENT["paths"]["/v1/models"]["get"]
    assert {"bearer": []} in DOCUMENT["security"]


CALLS = [
    ("GET", "/", "/", None, 200),
    ("GET", "/health", "/health", None, 200),
    ("GET", "/v1/models", "/v1/models", None, 200),
    ("GET", "/v1/models/grok-fast", "/v1/models/{model}", None, 200),
    ("GET", "/v1/models/nothing", "/v1/models/{model}", None, 404),
    ("POST", "/v1/chat/completions", None, chat_body(), 200),
    ("POST", "/v1/chat/completions", None, chat_body(model="nothing"), 404),
    ("POST", "/v1/completions", None, {"model": "grok-fast", "prompt": "Hi"}, 200),
    ("POST", "/v1/responses", None, {"model": "grok-fast", "input": "Hi", "store": False}, 200),
    ("POST", "/v1/responses", None, {"model": "grok-fast", "input": 7}, 400),
    ("GET", "/v1/responses/resp_0", "/v1/responses/{response_id}", None, 404),
    ("POST", "/v1/messages", None, MESSAGE, 200),
    ("POST", "/v1/messages", None, {"model": "grok-fast"}, 400),
    ("POST", "/v1/messages/count_tokens", None, MESSAGE, 200),
]


@pytest.mark.parametrize(("method", "path", "named", "body", "status"), CALLS)
async def test_answers_have_the_form_that_the_document_gives(
    http, gateway, method, path, named, body, status
):
    data = None if body is None else json.dumps(body)
    async with http.request(
        method, gateway.origin + path, data=data, headers=gateway.headers
    ) as response:
        assert response.status == status, await response.text()
        check(await response.json(), named or path, method, status)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
async def test_refusals_of_upstream_have_the_form_that_the_document_gives(http, gateway, path):
    gateway.upstream.play = fails(ContentRefusedError("No."))
    url = gateway.origin + path
    async with http.post(url, json=MESSAGE, headers=gateway.headers) as response:
        check(await response.json(), path, "POST", response.status)


async def test_models_in_anthropics_form_are_in_the_document_too(http, gateway):
    headers = {**gateway.headers, "anthropic-version": "2023-06-01"}
    async with http.get(gateway.origin + "/v1/models", headers=headers) as response:
        answer = await response.json()
    assert "first_id" in answer
    check(answer, "/v1/models", "GET", 200)


def check(answer, path, method, status):
    kind = "200" if status == 200 else f"{status // 100}XX"
    told = DOCUMENT["paths"][path][method.lower()]["responses"][kind]
    schema = told["content"]["application/json"]["schema"]
    whole = schema | {"components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(whole).validate(answer)
