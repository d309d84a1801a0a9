"""JSON as models write it, with the slips that leave no doubt about what was meant."""

import json
import re
from collections import Counter
from contextlib import suppress
from html import unescape
from typing import Any, NoReturn

_MARK = re.compile(r'["{}\[\],]')
_STRING_END = re.compile(r'["\\]')
_SURPLUS = "}],; \t\r\n"
_PARTNERS = {"{": "}", "[": "]"}


def decode(text: str) -> Any:
    """Raise ValueError when it is no JSON, and cannot be made JSON without guessing at a value.

    Line breaks in strings, commas before a closing bracket, missing or surplus brackets and HTML
    entities in the place of quotes are forgiven.
    """
    try:
        for written in dict.fromkeys((text, unescape(text))):
            with suppress(ValueError):
                return _loads(written, strict=False)
            with suppress(ValueError):
                return _loads(mended(written), strict=False)
    except RecursionError:
        pass
    raise ValueError("this is not JSON")


def decode_strictly(text: str) -> Any:
    """Raise ValueError."""
    try:
        return _loads(text, strict=True)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def encode(value: Any) -> str:
    """Raise ValueError when it is nested too deeply."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        text.encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeEncodeError:  # half of a surrogate pair can be sent as an escape only
        return json.dumps(value, separators=(",", ":"))
    return text


def mended(text: str) -> str:
    """With brackets that match and no comma before a closing one.

    Raise ValueError when a string does not end, or more follows the value.
    """
    mending = _Mending()
    at = 0
    while found := _MARK.search(text, at):
        mending.parts.append(text[at : found.start()])
        at = found.end()
        if found[0] == '"':
            at = _string_end(text, at)
            mending.parts.append(text[found.start() : at])
        else:
            mending.take(found[0])
        if not mending.wanted:
            break
    if not mending.wanted and text[at:].strip(_SURPLUS):
        raise ValueError("there is more behind the value")
    if mending.wanted:
        mending.parts.append(text[at:])
        mending.close_all()
    return "".join(mending.parts)


class _Mending:
    """JSON in parts, and the brackets that it still wants."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.wanted: list[str] = []
        self._missing: Counter[str] = Counter()

    def take(self, mark: str) -> None:
        if partner := _PARTNERS.get(mark):
            self.wanted.append(partner)
            self._missing[partner] += 1
            self.parts.append(mark)
        elif mark == ",":
            self.parts.append(mark)
        elif self._missing[mark]:
            while self._close_one() != mark:
                pass  # an inner one was forgotten
        # Otherwise the bracket is surplus.

    def close_all(self) -> None:
        while self.wanted:
            self._close_one()

    def _close_one(self) -> str:
        while self.parts and not self.parts[-1].strip():
            self.parts.pop()
        if self.parts and self.parts[-1] == ",":
            self.parts.pop()
        bracket = self.wanted.pop()
        self._missing[bracket] -= 1
        self.parts.append(bracket)
        return bracket


def _string_end(text: str, at: int) -> int:
    while found := _STRING_END.search(text, at):
        if found[0] == '"':
            return found.end()
        at = found.end() + 1
    raise ValueError("a string does not end")


def _loads(text: str, *, strict: bool) -> Any:
    return json.loads(text, strict=strict, parse_constant=_refuse)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
