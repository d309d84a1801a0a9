"""What a call continues: responses that we keep, as the items of a conversation."""

import logging
from collections.abc import Iterable
from typing import Any

import msgspec

from grokdesk.domain.errors import InvalidRequestError, UnknownResponseError
from grokdesk.gateway.errors import NO_PREVIOUS, HttpError
from grokdesk.gateway.exchange import Exchange
from grokdesk.gateway.responses.history import History
from grokdesk.gateway.responses.outline import Outline, response_of_item
from grokdesk.gateway.responses.parse import ResponseCall
from grokdesk.gateway.responses.render import items_of
from grokdesk.services.response_record import ResponseState, StoredResponse

_log = logging.getLogger(__name__)

_outlines = msgspec.json.Decoder(Outline)


def key_id_of(exchange: Exchange) -> str:
    """Whose responses are looked at."""
    return exchange.api_key.id if exchange.api_key is not None else ""


def outline_of(response: StoredResponse) -> Outline:
    return _outlines.decode(response.heading)


async def past_of(exchange: Exchange, call: ResponseCall) -> tuple[StoredResponse, ...]:
    """Oldest first. Raise HttpError (404) when a part of it is gone."""
    previous = call.body.previous_response_id
    if not previous:
        return ()
    try:
        return await exchange.services.responses.conversation(previous, key_id_of(exchange))
    except UnknownResponseError as gone:
        raise HttpError(
            NO_PREVIOUS,
            f"{gone} It cannot be continued: send the whole conversation as input, and have "
            "responses stored with store: true if they are to be continued later.",
        ) from None


def history_of(past: Iterable[StoredResponse]) -> History:
    """Raise InvalidRequestError when one of them holds no answer."""
    history = History()
    for response in past:
        if response.state is not ResponseState.DONE:
            raise InvalidRequestError(
                f"The response '{response.id}' has no answer that could be continued.",
                param="previous_response_id",
            )
        history.add_items(msgspec.json.decode(response.input), "input")
        history.add_items(items_of(outline_of(response), response.answer.chunks), "output")
    return history


async def referred_in(exchange: Exchange, call: ResponseCall) -> dict[str, Any]:
    """The items that stand behind references, as far as we still have them."""
    references = call.references()
    found: dict[str, Any] = {}
    for id in dict.fromkeys(map(response_of_item, references)):
        try:
            response = await exchange.services.responses.find(id, key_id_of(exchange))
        except UnknownResponseError:
            continue
        items = items_of(outline_of(response), response.answer.chunks)
        found |= {item["id"]: item for item in items}
    missing = len(set(references) - found.keys())
    if missing:
        _log.debug("%s: %d references lead nowhere any more", exchange.request_id, missing)
    return found
