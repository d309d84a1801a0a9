"""What Ollama's clients ask about models, answered from the catalog."""

import hashlib
from typing import Any

import msgspec
from aiohttp import web

from grokdesk.domain.catalog import ModelKind, ModelSpec
from grokdesk.gateway.body import read_json_body
from grokdesk.gateway.errors import NOT_OFFERED, HttpError
from grokdesk.gateway.exchange import Exchange
from grokdesk.gateway.ollama.parse import parse_name
from grokdesk.gateway.times import iso_time

_VERSION = b'{"version":"0.12.6"}'
"""Of Ollama, whose API of that version this is: clients refuse what they think too old."""
_FAMILY = "grok"


async def show_version(exchange: Exchange) -> web.StreamResponse:
    return exchange.answer(_VERSION)


async def list_models(exchange: Exchange) -> web.StreamResponse:
    models = exchange.services.admission.models(exchange.api_key, ModelKind.CHAT)
    return exchange.answer(msgspec.json.encode({"models": [_entry(model) for model in models]}))


async def list_running(exchange: Exchange) -> web.StreamResponse:
    """None is ever loaded into this computer's memory."""
    return exchange.answer(b'{"models":[]}')


async def show_model(exchange: Exchange) -> web.StreamResponse:
    name = parse_name(await read_json_body(exchange))
    model = exchange.services.admission.model(exchange.api_key, name)
    return exchange.answer(msgspec.json.encode(_description(model)))


async def refuse_upkeep(_exchange: Exchange) -> web.StreamResponse:
    raise HttpError(NOT_OFFERED, "Grok's models cannot be changed, copied, loaded or embedded.")


def _entry(model: ModelSpec) -> dict[str, Any]:
    return {
        "name": model.id,
        "model": model.id,
        "modified_at": iso_time(model.created),
        "size": 0,
        "digest": hashlib.sha256(model.id.encode()).hexdigest(),
        "details": _details(),
    }


def _description(model: ModelSpec) -> dict[str, Any]:
    thinking = ["thinking"] if model.reasoning else []
    return {
        "license": "",
        "modelfile": "",
        "parameters": "",
        "template": "",
        "details": _details(),
        "model_info": {
            "general.architecture": _FAMILY,
            "general.basename": model.display_name,
            "general.parameter_count": 0,
            f"{_FAMILY}.context_length": model.context_window,
        },
        "capabilities": ["completion", "tools", "vision", *thinking],
        "modified_at": iso_time(model.created),
    }


def _details() -> dict[str, Any]:
    return {
        "parent_model": "",
        "format": "",
        "family": _FAMILY,
        "families": [_FAMILY],
        "parameter_size": "",
        "quantization_level": "",
    }
