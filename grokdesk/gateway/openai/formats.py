"""`response_format` to what the answer must be."""

from typing import Any

from grokdesk.domain.chat import AnswerFormat
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.openai.values import unsupported
from grokdesk.services.shaping.structured import check_schema

_PARAM = "response_format"


def parse_format(value: Any) -> AnswerFormat | None:
    """None for text. Raise InvalidRequestError, also when a schema is none."""
    match value:
        case None | {"type": "text"}:
            return None
        case {"type": "json_object"}:
            return AnswerFormat()
        case {"type": "json_schema", "json_schema": dict(inner)}:
            return _with_schema(inner, f"{_PARAM}.json_schema")
        case {"type": "json_schema"}:
            return _with_schema(value, _PARAM)
        case {"type": str(kind)}:
            raise unsupported(
                _PARAM, f"'{kind[:40]}' is no format; use text, json_object or json_schema."
            )
        case _:
            raise InvalidRequestError("This is an object with a type.", param=_PARAM)


def _with_schema(value: dict[str, Any], param: str) -> AnswerFormat:
    schema, name = value.get("schema"), value.get("name")
    if not isinstance(schema, dict):
        raise InvalidRequestError("The schema is missing.", param=f"{param}.schema")
    wanted = AnswerFormat(schema, name if isinstance(name, str) else "")
    check_schema(wanted, f"{param}.schema")
    return wanted
