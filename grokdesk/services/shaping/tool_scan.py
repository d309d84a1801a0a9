"""Where a value within a call ends: told by its own syntax, not by the next closing tag."""

import re

from grokdesk.services.shaping.tool_markup import (
    ANY_CLOSING,
    CDATA,
    CDATA_END,
    FENCE,
    INNER,
    QUOTE_ENTITY,
)
from grokdesk.services.shaping.tool_reader import Reader, Steps

Span = tuple[int, int]
"""Two places in the answer."""

_JSON_MARK = re.compile(r'["{}\[\]<`&]')
_STRING_MARK = re.compile(r'["\\]')
_ESCAPED_STRING_MARK = re.compile(r"[&\\]")
_WHOLE_ENDINGS = ('"', "}", "]", "&quot;", "&#34;")
"""After another one at the end of the answer, a number may lack its last digits."""
_TAG_START = re.compile("<")
_BRACKET = re.compile(r"\]")


class NotACallError(Exception):
    """What was read so far is text after all."""


class UnfinishedError(NotACallError):
    """The answer ended within a value: half of it is worse than nothing."""


def json_value(reader: Reader) -> Steps[Span]:
    """Past the JSON value that begins here; its last brackets may be missing.

    Closing tags in its strings are a part of it. The reader's mark stands at it or before.
    """
    start, depth = reader.place, 0
    while char := (yield from reader.to_next(_JSON_MARK)):
        if char == "<":
            break
        if char == "`" and (yield from reader.see(FENCE)):
            break
        if char == "&":
            yield from _escaped_string(reader)
            continue
        reader.at += 1
        if char == '"':
            yield from _string(reader)
        elif char in "{[":
            depth += 1
        elif char in "}]":
            depth -= 1
        if depth <= 0:
            break
    else:
        if not reader.since_mark().rstrip().endswith(_WHOLE_ENDINGS):
            raise UnfinishedError
    return start, reader.place


def cdata_sections(reader: Reader) -> Steps[list[Span]]:
    """Past the CDATA sections that begin here; nothing when there is none."""
    spans: list[Span] = []
    while opening := (yield from reader.see(CDATA)):
        reader.at += opening.end()
        start = reader.place
        while True:
            if not (yield from reader.to_next(_BRACKET)):
                raise UnfinishedError
            if closing := (yield from reader.see(CDATA_END)):
                spans.append((start, reader.place))
                reader.at += closing.end()
                break
            reader.at += 1
    return spans


def raw_value(reader: Reader, word: str, *, known: bool) -> Steps[Span]:
    """Free text, past its closing tag: the first one after which the markup goes on.

    `known`: only tags of calls are such markup, otherwise any tag is.
    """
    start = reader.place
    while (yield from reader.to_next(_TAG_START)):
        end = reader.place
        closing = yield from reader.see(ANY_CLOSING)
        if closing is None or _bare(closing[1]) != word:
            reader.at += 1
            continue
        reader.at += closing.end()
        if not (yield from reader.space()) or (yield from _markup_follows(reader, known)):
            return start, end
    raise UnfinishedError


def _markup_follows(reader: Reader, known: bool) -> Steps[bool]:
    if not known:
        return reader.text[reader.at] == "<"
    return (yield from reader.see(INNER)) is not None


def _string(reader: Reader) -> Steps[None]:
    """The opening quote was read."""
    while char := (yield from reader.to_next(_STRING_MARK)):
        reader.at += 1
        if char == '"':
            return
        if (yield from reader.more()):
            reader.at += 1
    raise UnfinishedError


def _escaped_string(reader: Reader) -> Steps[None]:
    """A string whose quotes are written as entities; an `&` that is no quote is passed."""
    opening = yield from reader.see(QUOTE_ENTITY)
    reader.at += opening.end() if opening else 1
    if opening is None:
        return
    while char := (yield from reader.to_next(_ESCAPED_STRING_MARK)):
        if char == "&" and (closing := (yield from reader.see(QUOTE_ENTITY))):
            reader.at += closing.end()
            return
        reader.at += 1
        # A backslash before the entity: the quote belongs to the text.
        if char == "\\" and (escaped := (yield from reader.see(QUOTE_ENTITY))):
            reader.at += escaped.end()
    raise UnfinishedError


def _bare(word: str) -> str:
    return word.rpartition(":")[2].lower()
