"""An answer that must be JSON: asked for in words, checked, and asked for once more if wrong."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from grokdesk.domain.chat import AnswerFormat, Chunk, TextDelta
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.tools import ToolCall
from grokdesk.services.shaping.held import PLACED, HeldText
from grokdesk.services.shaping.stage import Stage, Trouble

_FENCE = re.compile(r"^\s*```[a-zA-Z0-9_-]*[ \t]*\n(.*?)\n?[ \t]*```\s*$", re.DOTALL)
_CITATION = re.compile(r" ?\[\[\d+\]\]\([^)\s]*\)")
_PROBLEM_CHARS = 300
_CIRCLES = "the answer is nested too deeply for the schema"


def instruction(wanted: AnswerFormat) -> str:
    """What the model is told."""
    told = (
        "Answer with one JSON object and nothing else: no code fence, no words before or after it."
    )
    if wanted.schema is None:
        return told
    return f"{told} It must conform to this JSON schema:\n{_text(wanted.schema)}"


def check_schema(wanted: AnswerFormat, param: str) -> None:
    """Raise InvalidRequestError when the schema itself is none, or cannot be applied."""
    schema = wanted.schema
    if schema is None:
        return
    if not isinstance(schema.get("$schema", ""), str):
        raise InvalidRequestError("The JSON schema is not valid: $schema is a text.", param=param)
    # Imported when first needed: it takes longer than the rest of a start.
    from jsonschema import SchemaError

    try:
        _validator_of(schema).check_schema(dict(schema))
        if _problem("{}", schema) == _CIRCLES:
            raise InvalidRequestError("The JSON schema leads in circles.")
    except SchemaError as error:
        raise InvalidRequestError(
            f"The JSON schema is not valid: {error.message[:_PROBLEM_CHARS]}", param=param
        ) from None
    except InvalidRequestError as error:
        raise InvalidRequestError(str(error), param=param) from None


class StructuredStage(Stage):
    """Holds the answer back until it is whole and right; with a tool call it is no answer."""

    def __init__(self, wanted: AnswerFormat) -> None:
        self._wanted = wanted
        self._held = HeldText()
        self._called = False

    def feed(self, chunk: Chunk) -> Iterable[Chunk]:
        held = self._held
        if isinstance(chunk, ToolCall):
            self._called = True
            return (*held.release(), chunk)
        if self._called or not isinstance(chunk, PLACED):
            return (chunk,)
        held.add(chunk)
        return ()

    def finish(self) -> Iterable[Chunk]:
        if self._called:
            return ()
        said = self._held.text
        text = bare_json(said)
        problem = _problem(text, self._wanted.schema)
        if problem:
            self.trouble = Trouble(
                said,
                f"That is not what was asked for: {problem}. {instruction(self._wanted)}",
                f"Grok did not keep to the requested format, also when told so: {problem}.",
            )
            return ()
        if text == said:
            return self._held.release()
        return (*self._held.drop(), TextDelta(text))


def bare_json(said: str) -> str:
    """The JSON text in an answer: without a fence, or without the words around one object."""
    text = said.strip()
    if (fenced := _FENCE.match(text)) is not None:
        text = fenced[1].strip()
    if _decoded(text) is not None:
        return text
    start, end = text.find("{"), text.rfind("}")
    for candidate in (text[start : end + 1], _CITATION.sub("", text[start : end + 1])):
        if start >= 0 and _decoded(candidate) is not None:
            return candidate
    return text


def _problem(text: str, schema: Mapping[str, Any] | None) -> str:
    """Why the answer will not do; empty when it does."""
    answer = _decoded(text)
    if answer is None:
        return "the answer is not valid JSON"
    if schema is None:
        return "" if isinstance(answer, dict) else "the answer is not a JSON object"
    from jsonschema.exceptions import best_match
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    # An empty registry: a `$ref` to somewhere else is not fetched.
    validator = _validator_of(schema)(schema, registry=Registry())
    try:
        error = best_match(validator.iter_errors(answer))
    except Unresolvable as unknown:
        raise InvalidRequestError(
            f"The JSON schema refers to something it does not hold: {str(unknown)[:_PROBLEM_CHARS]}"
        ) from None
    except RecursionError:
        return _CIRCLES
    if error is None:
        return ""
    return f"{error.json_path}: {error.message}"[:_PROBLEM_CHARS]


def _validator_of(schema: Mapping[str, Any]) -> Any:
    """For the draft that the schema names, or for the newest."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for

    return validator_for(schema, default=Draft202012Validator)


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None


def _text(schema: Mapping[str, Any]) -> str:
    return msgspec.json.encode(schema).decode()
