"""JSON as models write it, with the slips that leave no doubt about what was meant."""

import json
import re
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
            for candidate in (lambda t: t, mended):
                try:
                    return _loads(candidate(written), strict=False)
                except ValueError:
                    continue
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
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair can be sent as an escape only
        return json.dumps(value, separators=(",", ":"))
    return text


def mended(text: str) -> str:
    """With brackets that match and no comma before a closing one. Raise ValueError when a string
    does not end."""
    parts: list[str] = []
    opened: list[str] = []
    at = 0
    while found := _MARK.search(text, at):
        char, start = found[0], found.start()
        parts.append(text[at:start])
        at = found.end()
        if char == '"':
            at = _string_end(text, at)
            parts.append(text[start:at])
        elif char in _PARTNERS:
            opened.append(char)
            parts.append(char)
        elif char == ",":
            parts.append(char)
        else:
            _close(char, opened, parts)
        if not opened:
            break
    if opened:
        parts.append(text[at:])
    elif text[at:].strip(_SURPLUS):
        raise ValueError("there is more behind the value")
    while opened:
        _drop_comma(parts)
        parts.append(_PARTNERS[opened.pop()])
    return "".join(parts)


def _close(bracket: str, opened: list[str], parts: list[str]) -> None:
    """Close what is open up to the partner; without one the bracket is surplus."""
    if not any(_PARTNERS[char] == bracket for char in opened):
        return
    while True:
        _drop_comma(parts)
        partner = _PARTNERS[opened.pop()]
        parts.append(partner)
        if partner == bracket:
            return


def _drop_comma(parts: list[str]) -> None:
    while parts and not parts[-1].strip():
        parts.pop()
    if parts and parts[-1] == ",":
        parts.pop()


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
