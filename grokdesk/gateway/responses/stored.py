"""Responses that are kept: shown, their input listed, cancelled, deleted."""

from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.body import aside
from grokdesk.gateway.exchange import Exchange
from grokdesk.gateway.responses.follow import follow, replay
from grokdesk.gateway.responses.past import key_id_of, outline_of
from grokdesk.gateway.responses.render import render_response
from grokdesk.services.response_record import StoredResponse

_LIMIT = 20
_MOST = 100
_PREFIXES = {
    "message": "msg",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "reasoning": "rs",
}


async def show(exchange: Exchange) -> web.StreamResponse:
    responses = exchange.services.responses
    response = await responses.find(exchange.tail, key_id_of(exchange))
    outline = outline_of(response)
    if exchange.request.query.get("stream") != "true":
        return _answer(exchange, response)
    if not response.in_background:
        raise InvalidRequestError(
            "Only a response that is made in the background can be streamed again.", param="stream"
        )
    after = _number(exchange, "starting_after", -1)
    job = responses.job(exchange.tail, key_id_of(exchange))
    if job is None:
        return await replay(exchange, outline, response, after=after)
    return await follow(exchange, outline, job, after=after)


async def cancel(exchange: Exchange) -> web.StreamResponse:
    responses = exchange.services.responses
    response = await responses.find(exchange.tail, key_id_of(exchange))
    if not response.in_background:
        raise InvalidRequestError(
            "Only a response that is made in the background can be cancelled: close the "
            "connection of any other."
        )
    return _answer(exchange, await responses.cancel(exchange.tail, key_id_of(exchange)))


async def delete(exchange: Exchange) -> web.StreamResponse:
    await exchange.services.responses.delete(exchange.tail, key_id_of(exchange))
    gone = {"id": exchange.tail, "object": "response", "deleted": True}
    return exchange.answer(msgspec.json.encode(gone))


async def list_input(exchange: Exchange) -> web.StreamResponse:
    response = await exchange.services.responses.find(exchange.tail, key_id_of(exchange))
    said = await aside(lambda: msgspec.json.decode(response.input), len(response.input))
    item_id = outline_of(response).item_id
    items = [_listed(item, item_id, index) for index, item in enumerate(said)]
    if exchange.request.query.get("order", "desc") != "asc":
        items.reverse()
    after = exchange.request.query.get("after")
    if after:
        places = [place for place, item in enumerate(items) if item["id"] == after]
        if not places:
            raise InvalidRequestError("There is no such item.", param="after")
        items = items[places[0] + 1 :]
    limit = _number(exchange, "limit", _LIMIT)
    if not 1 <= limit <= _MOST:
        raise InvalidRequestError(f"This must be from 1 to {_MOST}.", param="limit")
    page = items[:limit]
    return exchange.answer(
        msgspec.json.encode(
            {
                "object": "list",
                "data": page,
                "first_id": page[0]["id"] if page else "",
                "last_id": page[-1]["id"] if page else "",
                "has_more": len(items) > limit,
            }
        )
    )


def _listed(item: dict[str, Any], item_id: Callable[[str, int], str], index: int) -> dict[str, Any]:
    """With the id and the form that its kind has in a list."""
    kind = item.get("type") or ("message" if "role" in item else "item_reference")
    listed = item | {"type": kind}
    if not isinstance(item.get("id"), str):
        listed["id"] = item_id(f"in_{_PREFIXES.get(kind, 'item')}", index)
    content = item.get("content")
    if kind == "message" and isinstance(content, str):
        part = "output_text" if item.get("role") == "assistant" else "input_text"
        listed["content"] = [{"type": part, "text": content}]
    return listed


def _answer(exchange: Exchange, response: StoredResponse) -> web.StreamResponse:
    body = render_response(outline_of(response), response.state, response.answer)
    return exchange.answer(body)


def _number(exchange: Exchange, name: str, default: int) -> int:
    text = exchange.request.query.get(name)
    if text is None:
        return default
    if not text.isdecimal() or not text.isascii() or len(text) > 9:
        raise InvalidRequestError("This is a whole number.", param=name)
    return int(text)
