"""The list of models in Anthropic's form: in pages, each model with its limits."""

from collections.abc import Mapping, Sequence
from typing import Any

from grokdesk.domain.catalog import ModelSpec
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.times import iso_time

_PAGE = 20
_LARGEST_PAGE = 1000


def anthropic_page(models: Sequence[ModelSpec], query: Mapping[str, str]) -> dict[str, Any]:
    """Raise InvalidRequestError about a parameter of the query."""
    limit = _limit_of(query)
    ids = [model.id for model in models]
    start, end = 0, len(models)
    if "after_id" in query:
        start = _place(ids, query, "after_id") + 1
    if "before_id" in query:
        end = _place(ids, query, "before_id")
        page = models[max(start, end - limit) : end]
        has_more = end - limit > start
    else:
        page = models[start : start + limit]
        has_more = start + limit < end
    return {
        "data": [anthropic_model(model) for model in page],
        "has_more": has_more,
        "first_id": page[0].id if page else None,
        "last_id": page[-1].id if page else None,
    }


def anthropic_model(model: ModelSpec) -> dict[str, Any]:
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.display_name,
        "created_at": iso_time(model.created),
        "lifecycle": "active",
        "max_input_tokens": model.context_window,
        "max_tokens": model.max_output_tokens,
    }


def _limit_of(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(_PAGE))
    limit = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    if not 1 <= limit <= _LARGEST_PAGE:
        raise InvalidRequestError(f"This must be from 1 to {_LARGEST_PAGE}.", param="limit")
    return limit


def _place(ids: list[str], query: Mapping[str, str], param: str) -> int:
    try:
        return ids.index(query[param])
    except ValueError:
        raise InvalidRequestError("There is no such model.", param=param) from None
