"""JSON schemas of clients: whether they can be applied, and whether an answer conforms to one.

A schema is a stranger's program: references that multiply and patterns that backtrack run for ever.
So steps are counted, and a pattern that may be slow is told to the model but not insisted on.

jsonschema has its one home here, and is loaded when first needed: it takes longer than the rest of
a start.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from grokdesk.domain.errors import InvalidRequestError

_LARGEST_BYTES = 64 * 1024
_MOST_STEPS = 50_000
"""Keywords applied, of 5 µs or more each."""
_PROBLEM_CHARS = 300
_CIRCLES = "the answer is nested too deeply for the schema"
_DATA = frozenset({"const", "enum", "default", "examples"})

_LOOP = re.compile(r"[*+]|\{\d*,\d*\}")
_OPTION = re.compile(r"\?")
_LOOPED_GROUP = re.compile(r"\)[*+{]")
_MATCHES_PER_STEP = 300
_LONGEST_PATTERN_STEPS = 2_000
_LONGEST_NAME = 64


class _TooLongError(Exception):
    """The schema multiplies what is to be looked at."""


def check_schema(schema: Mapping[str, Any], param: str) -> None:
    """Raise InvalidRequestError about `param` when it is none, or cannot be applied.

    Takes 10 ms per KB.
    """
    if not isinstance(schema.get("$schema", ""), str):
        raise InvalidRequestError("The JSON schema is not valid: $schema is a text.", param=param)
    if len(msgspec.json.encode(schema)) > _LARGEST_BYTES:
        raise InvalidRequestError(
            f"The JSON schema is larger than {_LARGEST_BYTES // 1024} KB.", param=param
        )
    from jsonschema import SchemaError

    try:
        _validator_of(schema).check_schema(dict(schema))
        if problem_in({}, schema) == _CIRCLES:
            raise InvalidRequestError("The JSON schema leads in circles.")
    except SchemaError as error:
        raise InvalidRequestError(
            f"The JSON schema is not valid: {error.message[:_PROBLEM_CHARS]}", param=param
        ) from None
    except InvalidRequestError as error:
        raise InvalidRequestError(str(error), param=param) from None


def problem_in(answer: Any, schema: Mapping[str, Any]) -> str:
    """Why an answer does not conform; empty when it does.

    Raise InvalidRequestError when the schema turns out not to be applicable.
    """
    from jsonschema.exceptions import UnknownType, best_match
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    # An empty registry: a `$ref` to somewhere else is not fetched.
    validator = _counting(_validator_of(schema))(_bounded(schema), registry=Registry())
    try:
        error = best_match(validator.iter_errors(answer))
    except Unresolvable as unknown:
        raise InvalidRequestError(
            f"The JSON schema refers to something it does not hold: {str(unknown)[:_PROBLEM_CHARS]}"
        ) from None
    except RecursionError:
        return _CIRCLES
    except (UnknownType, re.error, TypeError, ValueError, AttributeError, LookupError):
        # A `$ref` may lead to what is no part of the schema, and was not checked as such.
        raise InvalidRequestError("The JSON schema refers to what is no schema.") from None
    except _TooLongError:
        raise InvalidRequestError("The JSON schema takes too long to apply.") from None
    if error is None:
        return ""
    return f"{error.json_path}: {error.message}"[:_PROBLEM_CHARS]


def _validator_of(schema: Mapping[str, Any]) -> Any:
    """For the draft that the schema names, or for the newest."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for

    return validator_for(schema, default=Draft202012Validator)


def _bounded(value: Any) -> Any:
    """Without what would bring in uncounted keywords, or patterns that nobody can count."""
    match value:
        case dict():
            return {
                name: inner if name in _DATA else _bounded(inner)
                for name, inner in value.items()
                if not _is_unbounded(name, inner)
            }
        case list():
            return [_bounded(inner) for inner in value]
        case _:
            return value


def _is_unbounded(name: str, value: Any) -> bool:
    match name, value:
        case "$schema", str():
            return True
        case "patternProperties", dict():
            return any(_steps_of(pattern, _LONGEST_NAME) > _MATCHES_PER_STEP for pattern in value)
        case _:
            return False


_Keyword = Callable[[Any, Any, Any, Any], Iterator[Any] | None]


def _counting(kind: Any) -> Any:
    """The same validator, which gives up after so many steps."""
    from jsonschema.validators import extend

    left = _MOST_STEPS

    def take(steps: int) -> None:
        nonlocal left
        left -= steps
        if left < 0:
            raise _TooLongError

    def counted(keyword: _Keyword) -> _Keyword:
        def apply(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any] | None:
            take(1)
            return keyword(validator, value, instance, schema)

        return apply

    def counted_pattern(keyword: _Keyword) -> _Keyword:
        def apply(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any] | None:
            steps = _steps_of(value, len(instance)) if isinstance(instance, str) else 1
            if steps > _LONGEST_PATTERN_STEPS:
                return None
            take(steps)
            return keyword(validator, value, instance, schema)

        return apply

    keywords = {name: counted(keyword) for name, keyword in kind.VALIDATORS.items()}
    keywords["pattern"] = counted_pattern(kind.VALIDATORS["pattern"])
    return extend(kind, keywords)  # type: ignore[no-untyped-call]


def _steps_of(pattern: str, length: int) -> int:
    """What a search may cost at worst, in a text of so many characters."""
    if _LOOPED_GROUP.search(pattern):
        return _MOST_STEPS
    depth = len(_LOOP.findall(pattern)) + (not pattern.startswith("^"))
    options = len(_OPTION.findall(pattern))
    if depth > 6 or options > 12:
        return _MOST_STEPS
    return 1 + int((length + 1) ** depth * 2**options) // _MATCHES_PER_STEP
