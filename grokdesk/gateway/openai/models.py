"""GET /v1/models and /v1/models/{id}: from the catalog, in the form that whoever asks expects."""

from collections.abc import Iterable
from typing import Any

import msgspec
from aiohttp import web

from grokdesk.domain.account import AccountState, Tier
from grokdesk.domain.catalog import ModelKind, ModelSpec
from grokdesk.gateway.exchange import Exchange
from grokdesk.gateway.openai.models_anthropic import anthropic_model, anthropic_page
from grokdesk.gateway.openai.models_codex import codex_models
from grokdesk.services.accounts import AccountService

_SERVED = ModelKind.CHAT
"""The one kind that has an endpoint."""
_HOPELESS = frozenset(
    {AccountState.EXPIRED, AccountState.BLOCKED, AccountState.DISABLED, AccountState.SEALED}
)


async def list_models(exchange: Exchange) -> web.StreamResponse:
    models = exchange.services.admission.models(exchange.api_key, _SERVED)
    query = exchange.request.query
    if _is_anthropic(exchange):
        return _answer(exchange, anthropic_page(models, query))
    listed = _listed(models, _best_tier(exchange.services.accounts))
    if "client_version" in query:
        return _answer(exchange, listed | {"models": codex_models(models)})
    return _answer(exchange, listed)


async def show_model(exchange: Exchange) -> web.StreamResponse:
    model = exchange.services.admission.model(exchange.api_key, exchange.tail, _SERVED)
    if _is_anthropic(exchange):
        return _answer(exchange, anthropic_model(model))
    return _answer(exchange, _model(model, _best_tier(exchange.services.accounts)))


def _listed(models: Iterable[ModelSpec], tier: Tier | None) -> dict[str, Any]:
    return {"object": "list", "data": [_model(model, tier) for model in models]}


def _model(model: ModelSpec, tier: Tier | None) -> dict[str, Any]:
    """OpenAI's four fields, and what the tools that show more look for."""
    return {
        "id": model.id,
        "object": "model",
        "created": model.created,
        "owned_by": "xai",
        "name": model.display_name,
        "available": tier is not None and tier >= model.floor,
        "context_length": model.context_window,
        "context_window": model.context_window,
        "max_output_tokens": model.max_output_tokens,
        "input_modalities": ["text", "image", "file"],
        "output_modalities": ["text"],
        "supports_tools": True,
        "supports_vision": True,
        "supports_reasoning": model.reasoning,
    }


def _is_anthropic(exchange: Exchange) -> bool:
    return "anthropic-version" in exchange.request.headers


def _answer(exchange: Exchange, value: dict[str, Any]) -> web.StreamResponse:
    return exchange.answer(msgspec.json.encode(value))


def _best_tier(accounts: AccountService) -> Tier | None:
    """Of the accounts that can serve, now or after a pause; None without any."""
    return max(
        (
            account.tier or Tier.BASIC
            for account in accounts.snapshot()
            if account.enabled and account.state not in _HOPELESS
        ),
        default=None,
    )
