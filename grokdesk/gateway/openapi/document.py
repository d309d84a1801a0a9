"""The OpenAPI document, put together from the routes and the types of their bodies."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from grokdesk import __version__
from grokdesk.gateway.anthropic.errors import ANTHROPIC
from grokdesk.gateway.dialect import OPENAI, Dialect
from grokdesk.gateway.ollama.errors import OLLAMA
from grokdesk.gateway.openapi.answers import AnthropicError, OllamaError, OpenAIError
from grokdesk.gateway.openapi.examples import EXAMPLES
from grokdesk.gateway.openapi.operations import OPERATIONS, Operation
from grokdesk.gateway.routing import Route, usual_path

_REF = "#/components/schemas/"
_ERRORS = "Errors"
_FORMS: tuple[tuple[Dialect | None, tuple[type, ...]], ...] = (
    (OPENAI, (OpenAIError,)),
    (ANTHROPIC, (AnthropicError,)),
    (OLLAMA, (OllamaError,)),
    (None, (OpenAIError, AnthropicError)),
)
_DESCRIPTION = (
    "A gateway on this computer that answers in the manner of several APIs. All paths are also "
    "served without /v1, and fields that are not listed here are ignored. Numbers of tokens are "
    "estimates."
)
_SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "x-api-key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    "api-key": {"type": "apiKey", "in": "header", "name": "api-key"},
}


def describe(routes: Iterable[Route]) -> dict[str, Any]:
    """Routes that only say what is not there are left out."""
    served = [route for route in routes if route.served and _is_described(route)]
    schemas, components = _schemas_of(served)
    paths: dict[str, dict[str, Any]] = {}
    for route in served:
        operation = OPERATIONS[route.method, route.path]
        path = _path_of(route.path, operation)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Grokdesk", "version": __version__, "description": _DESCRIPTION},
        "security": [{name: []} for name in _SECURITY_SCHEMES],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _SECURITY_SCHEMES},
    }


def _is_described(route: Route) -> bool:
    return (route.method, route.path) in OPERATIONS


_Schemas = dict[tuple[str, Any], dict[str, Any]]
"""By tag and type."""


def _schemas_of(routes: Sequence[Route]) -> tuple[_Schemas, dict[str, Any]]:
    """For each tag by itself: two APIs may have the same name for different things."""
    errors = (OpenAIError, AnthropicError, OllamaError)
    types: dict[str, dict[Any, None]] = {_ERRORS: dict.fromkeys(errors)}
    for route in routes:
        operation = OPERATIONS[route.method, route.path]
        needed = filter(None, (operation.body, *operation.answers))
        types.setdefault(operation.tag, {}).update(dict.fromkeys(needed))
    schemas: _Schemas = {}
    components: dict[str, Any] = {}
    for tag, kinds in types.items():
        template = f"{_REF}{tag}.{{name}}"
        found, parts = msgspec.json.schema_components(list(kinds), ref_template=template)
        schemas |= {(tag, kind): schema for kind, schema in zip(kinds, found, strict=True)}
        components |= {f"{tag}.{name}": part for name, part in parts.items()}
    return schemas, components


def _path_of(path: str, operation: Operation) -> str:
    return usual_path(path).replace("*", f"{{{operation.tail}}}")


def _operation(route: Route, operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    told: dict[str, Any] = {
        "tags": [operation.tag],
        "summary": operation.summary,
        "operationId": _id_of(route),
        "parameters": _parameters(operation),
        "responses": {
            "200": _success(operation, schemas),
            "4XX": _failure("The request cannot be served as it is.", route, schemas),
            "5XX": _failure("The request cannot be served now.", route, schemas),
        },
    }
    if operation.body is not None:
        content = _of(schemas[operation.tag, operation.body])
        content["examples"] = {"plain": {"value": EXAMPLES[route.path]}}
        told["requestBody"] = {"required": True, "content": {"application/json": content}}
    if not route.needs_key:
        told["security"] = []
    return told


def _id_of(route: Route) -> str:
    words = route.path.replace("*", "one").replace(".", "/").replace("_", "/").split("/")
    return "_".join(filter(None, (route.method.lower(), *words)))


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    tail = [operation.tail] if operation.tail else []
    text = {"type": "string"}
    return [
        *({"name": name, "in": "path", "required": True, "schema": text} for name in tail),
        *({"name": name, "in": "query", "schema": text} for name in operation.query),
    ]


def _success(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    content: dict[str, Any] = {}
    forms = [schemas[operation.tag, kind] for kind in operation.answers]
    if forms:
        content["application/json"] = _of(_any_of(forms))
    if operation.stream:
        # A schema would be of one event, and OpenAPI 3.1 has no way to say so.
        content[operation.stream] = {}
    if operation.text:
        content["text/plain"] = _of({"type": "string"})
    return {"description": "The answer.", "content": content}


def _failure(description: str, route: Route, schemas: _Schemas) -> dict[str, Any]:
    forms = next(forms for dialect, forms in _FORMS if dialect is route.dialect)
    schema = _any_of([schemas[_ERRORS, kind] for kind in forms])
    return {"description": description, "content": {"application/json": _of(schema)}}


def _any_of(schemas: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return schemas[0] if len(schemas) == 1 else {"anyOf": list(schemas)}


def _of(schema: dict[str, Any]) -> dict[str, Any]:
    return {"schema": schema}
