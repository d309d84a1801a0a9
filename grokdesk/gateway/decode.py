"""The one JSON decoder for what clients send: bounded, and every fault is a 400.

A duplicate key counts with its last value. Fields that nobody asks for are skipped unread.
"""

import re
from typing import Generic, TypeVar

import msgspec

from grokdesk.domain.errors import InvalidRequestError

_DEPTH = 64
_NODES = 200_000
_CODE = "invalid_json"
_BOM = b"\xef\xbb\xbf"

T = TypeVar("T")


class JsonDecoder(Generic[T]):
    """Decodes into `kind`; unknown fields are ignored."""

    def __init__(self, kind: type[T]) -> None:
        self._decoder = msgspec.json.Decoder(kind)

    def decode(self, body: bytes) -> T:
        """Raise InvalidRequestError whose `param` names the field at fault."""
        if body.count(b"[") + body.count(b"{") > _DEPTH:
            _check_shape(body)
        try:
            return self._decode(body.removeprefix(_BOM))
        except msgspec.ValidationError as error:
            raise _wrong_value(str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidRequestError(f"The body is no JSON: {error}.", code=_CODE) from None
        except (RecursionError, ValueError):
            raise InvalidRequestError("The body is no usable JSON.", code=_CODE) from None

    def _decode(self, body: bytes) -> T:
        try:
            return self._decoder.decode(body)
        except msgspec.DecodeError:
            mended = _mend_surrogates(body)
            if mended == body:
                raise
            return self._decoder.decode(mended)


def _check_shape(body: bytes) -> None:
    """Depth and number of values, without a Python step per byte."""
    bare = body.replace(rb"\\", b"").replace(rb"\"", b"").translate(None, _NO_STRUCTURE)
    skeleton = re.sub(rb'"[^"]*"', b"", bare)
    if len(skeleton) > _NODES:
        raise InvalidRequestError("The body holds too many values.", code=_CODE)
    skeleton = skeleton.translate(None, b',"')
    for _ in range(_DEPTH):
        inner = skeleton.replace(b"[]", b"").replace(b"{}", b"")
        if inner == skeleton:
            return
        skeleton = inner
    if skeleton:
        raise InvalidRequestError(f"The body is nested deeper than {_DEPTH}.", code=_CODE)


_NO_STRUCTURE = bytes(set(range(256)) - set(b'[]{},"'))

_SURROGATES = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


def _mend_surrogates(body: bytes) -> bytes:
    """Clients that cut strings in the middle of an emoji send half of it."""
    return _SURROGATES.sub(
        lambda found: rb"\ufffd" if len(found.group()) == 6 else found.group(), body
    )


_PROBLEM = re.compile(r"^(?P<text>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)
_MISSING = re.compile(r"missing required field `(?P<field>\w+)`")


def _wrong_value(text: str) -> InvalidRequestError:
    """msgspec's `Expected `str`, got `int` - at `$.messages[0].role`` in a client's words."""
    found = _PROBLEM.match(text)
    problem, path = (found["text"], found["path"] or "") if found else (text, "")
    missing = _MISSING.search(problem)
    if missing is not None:
        path = f"{path}.{missing['field']}".lstrip(".")
        return InvalidRequestError(f"'{path}' is missing.", param=path, code=_CODE)
    problem = problem.replace("`", "'")
    if not path:
        return InvalidRequestError(f"The body does not fit: {problem}.", code=_CODE)
    return InvalidRequestError(f"'{path}' does not fit: {problem}.", param=path, code=_CODE)
