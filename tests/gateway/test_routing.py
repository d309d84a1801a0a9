"""Paths: what a route's pattern takes, and what it leaves to others."""

import pytest

from grokdesk.gateway.app import ROUTES
from grokdesk.gateway.errors import HttpError
from grokdesk.gateway.routing import Route, RouteTable


async def handler(_exchange):
    raise NotImplementedError


TABLE = RouteTable(
    Route(method, path, handler)
    for method, path in (
        ("GET", "/"),
        ("GET", "/models"),
        ("GET", "/models/*"),
        ("POST", "/responses"),
        ("GET", "/responses/*"),
        ("DELETE", "/responses/*"),
        ("GET", "/responses/*/input_items"),
        ("POST", "/responses/*/cancel"),
        ("POST", "/messages"),
        ("POST", "/messages/count_tokens"),
        ("POST", "/chat/completions"),
    )
)


@pytest.mark.parametrize(
    ("method", "target", "path", "tail"),
    [
        ("GET", "/", "/", ""),
        ("GET", "/v1", "/", ""),
        ("GET", "/v1/", "/", ""),
        ("HEAD", "/v1/models", "/models", ""),
        ("GET", "/v1/models?limit=1000&x=/y", "/models", ""),
        ("GET", "/v1/models/grok-4", "/models/*", "grok-4"),
        ("GET", "/models/xai/grok-4/", "/models/*", "xai/grok-4"),
        ("GET", "/v1/models/xai%2Fgrok-4", "/models/*", "xai/grok-4"),
        ("GET", "/v1/models/v1", "/models/*", "v1"),
        ("POST", "//v1//v1///responses//", "/responses", ""),
        ("GET", "/v1/responses/resp_1", "/responses/*", "resp_1"),
        ("DELETE", "/responses/resp_1?x", "/responses/*", "resp_1"),
        ("GET", "/v1/responses/resp_1/input_items", "/responses/*/input_items", "resp_1"),
        ("GET", "/v1/responses/resp%5f1/input_items/", "/responses/*/input_items", "resp_1"),
        ("POST", "/v1/responses/resp_1/cancel", "/responses/*/cancel", "resp_1"),
        ("POST", "/v1/messages?beta=true", "/messages", ""),
        ("POST", "/v1/v1/messages/count_tokens", "/messages/count_tokens", ""),
        ("POST", "/v1/chat%2Fcompletions", "/chat/completions", ""),
    ],
)
def test_a_path_finds_its_route(method, target, path, tail):
    route, found = TABLE.resolve(method, target)
    assert (route.path, found) == (path, tail)


@pytest.mark.parametrize(
    "target",
    [
        "/v2/models",
        "/V1/models",
        "/v1/Models",
        "/v1/../models",
        "/v1/chat/completions/chat/completions",
        "/v1/messages/count_tokens/more",
        "/chat",
        "/models%00",
        "*",
        "",
    ],
)
def test_any_other_path_is_unknown(target):
    if target in ("", "*"):
        target = f"/{target}x"
    with pytest.raises(HttpError) as caught:
        TABLE.resolve("GET", target)
    assert caught.value.verdict.status == 404
    assert "/v1/chat/completions" in str(caught.value)


@pytest.mark.parametrize(
    ("method", "target", "allowed"),
    [
        ("POST", "/v1/models", "GET, HEAD, OPTIONS"),
        ("POST", "/v1/responses/resp_1", "DELETE, GET, HEAD, OPTIONS"),
        ("GET", "/v1/responses/resp_1/cancel", "OPTIONS, POST"),
        ("BREW", "/v1/messages", "OPTIONS, POST"),
    ],
)
def test_a_wrong_method_hears_the_right_ones(method, target, allowed):
    with pytest.raises(HttpError) as caught:
        TABLE.resolve(method, target)
    assert caught.value.verdict.status == 405
    assert caught.value.headers == {"Allow": allowed}
    assert ", ".join(TABLE.methods(target)) == allowed


@pytest.mark.parametrize(
    ("target", "allowed"),
    [("/v1/responses", "OPTIONS, POST"), ("/v1/embeddings", "DELETE, GET, HEAD, OPTIONS, POST")],
)
def test_a_method_that_is_only_refused_is_no_advice(target, allowed):
    with pytest.raises(HttpError) as caught:
        RouteTable(ROUTES).resolve("PUT", target)
    assert caught.value.headers == {"Allow": allowed}


def test_an_id_of_two_segments_belongs_to_the_open_pattern():
    route, tail = TABLE.resolve("GET", "/v1/responses/a/b/input_items")
    assert (route.path, tail) == ("/responses/*", "a/b/input_items")


def test_the_advice_names_paths_as_clients_write_them():
    with pytest.raises(HttpError) as caught:
        RouteTable(ROUTES).resolve("GET", "/nothing")
    paths = str(caught.value).rstrip(".").partition("are: ")[2].split(", ")
    assert {"/v1/chat/completions", "/v1/messages", "/api/chat", "/metrics"} <= set(paths)
