"""JSON schemas for answers, as all dialects have them."""

from typing import Any

from grokdesk.domain.chat import AnswerFormat
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.services.shaping.schemas import check_schema


def schema_format(schema: Any, name: Any, param: str) -> AnswerFormat:
    """Raise InvalidRequestError about `param` when the schema is none, or cannot be applied."""
    if not isinstance(schema, dict):
        raise InvalidRequestError("The schema is missing.", param=param)
    check_schema(schema, param)
    return AnswerFormat(schema, name if isinstance(name, str) else "")
