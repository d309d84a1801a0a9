"""JSON text: of what upstream says, which becomes valid UTF-8 whatever it is, and of what clients
sent as a value where a text is needed."""

from collections.abc import Iterator
from typing import Any

import msgspec

from grokdesk.domain.characters import mended

_FRAGMENT_CHARS = 16_384
"""Some clients cannot read longer lines than 64 KB."""

_encode = msgspec.json.encode


def json_text(text: str) -> bytes:
    """Half a character, of which upstream's pieces have some, is replaced."""
    try:
        data = _encode(text)
    except UnicodeEncodeError:
        data = _encode(mended(text))
    if text.isascii() or not ("\u2028" in text or "\u2029" in text or "\x85" in text):
        return data
    return _on_one_line(data)


def json_object(value: dict[str, Any]) -> bytes:
    try:
        data = _encode(value)
    except UnicodeEncodeError:
        data = _encode(_mended_within(value))
    return data if data.isascii() else _on_one_line(data)


def json_of(value: object) -> str:
    """Of a value that came as JSON."""
    return _encode(value).decode()


def raw_json(text: str) -> msgspec.Raw:
    """A text that is JSON already, to stand in an answer: in one line, and otherwise as it is.

    Decoding it would fail where others' decoders do not, for example at `1e999`.
    """
    line = text.replace("\n", " ").replace("\r", " ")
    try:
        return msgspec.Raw(line.encode())
    except UnicodeEncodeError:
        return msgspec.Raw(mended(line).encode())


def fragments(text: str) -> Iterator[str]:
    """A long text in pieces that every client can read as lines."""
    for start in range(0, len(text), _FRAGMENT_CHARS):
        yield text[start : start + _FRAGMENT_CHARS]


def _on_one_line(data: bytes) -> bytes:
    """Python's `splitlines`, by which some clients read events, ends lines at these as well."""
    if b"\xe2\x80" in data:
        data = data.replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029")
    return data.replace(b"\xc2\x85", b"\\u0085") if b"\xc2\x85" in data else data


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
