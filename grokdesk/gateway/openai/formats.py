"""`response_format` to what the answer must be."""

from typing import Any

from grokdesk.domain.chat import AnswerFormat
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.formats import schema_format
from grokdesk.gateway.values import unsupported

_PARAM = "response_format"


def parse_format(value: Any) -> AnswerFormat | None:
    """None for text. Raise InvalidRequestError, also when a schema is none."""
    match value:
        case None | {"type": "text"}:
            return None
        case {"type": "json_object"}:
            return AnswerFormat()
        case {"type": "json_schema", "json_schema": dict(inner)}:
            return schema_format(
                inner.get("schema"), inner.get("name"), f"{_PARAM}.json_schema.schema"
            )
        case {"type": "json_schema"}:
            return schema_format(value.get("schema"), value.get("name"), f"{_PARAM}.schema")
        case {"type": str(kind)}:
            raise unsupported(
                _PARAM, f"'{kind[:40]}' is no format; use text, json_object or json_schema."
            )
        case _:
            raise InvalidRequestError("This is an object with a type.", param=_PARAM)
