"""JSON of what upstream says: whatever it is, it becomes valid UTF-8."""

from collections.abc import Iterator
from typing import Any

import msgspec

_FRAGMENT_CHARS = 16_384
"""Some clients cannot read longer lines than 64 KB."""

_encode = msgspec.json.encode


def json_text(text: str) -> bytes:
    """Half a character, of which upstream's pieces have some, is replaced."""
    try:
        return _encode(text)
    except UnicodeEncodeError:
        return _encode(mended(text))


def json_object(value: dict[str, Any]) -> bytes:
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return _encode(_mended_within(value))


def mended(text: str) -> str:
    """Join halves of a character that came in two pieces, replace what is left alone."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def fragments(text: str) -> Iterator[str]:
    """A long text in pieces that every client can read as lines."""
    for start in range(0, len(text), _FRAGMENT_CHARS):
        yield text[start : start + _FRAGMENT_CHARS]


def _mended_within(value: Any) -> Any:
    match value:
        case str():
            return mended(value)
        case dict():
            return {name: _mended_within(inner) for name, inner in value.items()}
        case list():
            return [_mended_within(inner) for inner in value]
        case _:
            return value
