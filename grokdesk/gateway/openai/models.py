"""GET /v1/models and /v1/models/{id}: from the catalog, without asking anybody."""

from typing import Any

import msgspec
from aiohttp import web

from grokdesk.domain.account import AccountState, Tier
from grokdesk.domain.catalog import ModelKind, ModelSpec
from grokdesk.domain.errors import UnknownModelError
from grokdesk.gateway.exchange import Exchange
from grokdesk.services.accounts import AccountService

_SERVED = ModelKind.CHAT
"""The one kind that has an endpoint."""
_HOPELESS = frozenset(
    {AccountState.EXPIRED, AccountState.BLOCKED, AccountState.DISABLED, AccountState.SEALED}
)


async def list_models(exchange: Exchange) -> web.StreamResponse:
    tier = _best_tier(exchange.services.accounts)
    models = exchange.services.admission.models(exchange.api_key, _SERVED)
    data = [_render(model, tier) for model in models]
    return exchange.answer(msgspec.json.encode({"object": "list", "data": data}))


async def show_model(exchange: Exchange) -> web.StreamResponse:
    model = exchange.services.admission.model(exchange.api_key, exchange.tail)
    if model.kind is not _SERVED:
        raise UnknownModelError(exchange.tail)
    tier = _best_tier(exchange.services.accounts)
    return exchange.answer(msgspec.json.encode(_render(model, tier)))


def _render(model: ModelSpec, tier: Tier | None) -> dict[str, Any]:
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
        "input_modalities": ["text"],
        "output_modalities": ["text"],
        "supports_tools": False,
        "supports_vision": False,
        "supports_reasoning": model.reasoning,
    }


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
