"""Finds calls in an answer as it is written: what is text, what is markup, which calls it makes.

Text goes on as soon as it cannot be the beginning of a call. An opening tag, a fence and white
space are a *gap*: they go with a call that follows them, and are text before anything else.
What begins like a call and is none is text to the letter, and so is a JSON value of which only a
part is calls. In strings, tags mean nothing; the time taken grows with the length alone.
"""

import re
from collections import Counter
from dataclasses import dataclass

from grokdesk.domain.tools import ToolCall
from grokdesk.services.shaping.tool_element import read_element
from grokdesk.services.shaping.tool_forms import Declared
from grokdesk.services.shaping.tool_markup import (
    CALL_KEY,
    FENCE,
    MADE_UP_TURN,
    OUTER,
    Part,
    Tag,
    tag_of,
)
from grokdesk.services.shaping.tool_reader import Reader, Steps
from grokdesk.services.shaping.tool_scan import NotACallError, UnfinishedError, json_value

_HOT = re.compile("(?=[<`])")
_HOT_AFTER_CALL = re.compile(r"(?=[<`])|(?<=\n)[ \t]*(?=[\[T])")
_SPACE = re.compile(r"\s+")
_FENCE = "```"
_REWINDS = 16
"""How many calls that never end are looked into for others; each costs the rest of the answer."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the next `length` characters are: markup of `calls`, which may be none, or text."""

    length: int
    calls: tuple[ToolCall, ...] | None = None


class ToolParser:
    """`ended`: from here on the model speaks for others; nothing of that is found."""

    def __init__(self, declared: Declared) -> None:
        self.ended = False
        self._declared = declared
        self._reader = Reader()
        self._found: list[Finding] = []
        self._given = 0
        self._text_end = 0
        """Where the gap begins."""
        self._call_end = 0
        self._called = False
        self._begins_line = True
        self._gap_marks: list[str] = []
        """The opening tags and fences in the gap."""
        self._open: Counter[str] = Counter()
        """Those that went with a call, so that their ends go as well."""
        self._rewinds = _REWINDS
        self._steps = self._answer()

    def feed(self, text: str) -> list[Finding]:
        if text:
            self._reader.feed(text)
            next(self._steps, None)
        return self._new_findings()

    def finish(self) -> list[Finding]:
        self._reader.over = True
        next(self._steps, None)
        if self._called and self._is_fresh and not self._gap_marks:
            self._give_markup(())  # white space behind the last call
        elif not self.ended:
            self._end_text(self._reader.place)
        return self._new_findings()

    def _new_findings(self) -> list[Finding]:
        self._give_text()
        found, self._found = self._found, []
        return found

    def _answer(self) -> Steps[None]:
        reader = self._reader
        while not self.ended and (yield from reader.more()):
            char = reader.text[reader.at]
            if char == "<":
                yield from self._tag()
            elif char == "`" and (self._begins_line or self._is_fresh):
                yield from self._fence()
            elif char in "[T" and self._called and (self._begins_line or self._is_fresh):
                yield from self._heading()
            elif char in "{[" and (self._is_fresh or self._gap_marks):
                yield from self._json()
            else:
                self._pass(self._text_from_here())

    @property
    def _is_fresh(self) -> bool:
        """No text yet, or none since the last call."""
        return self._text_end == self._call_end

    def _text_from_here(self) -> int:
        """Up to where something else may begin."""
        text, at = self._reader.text, self._reader.at
        if space := _SPACE.match(text, at):
            return space.end()
        found = (_HOT_AFTER_CALL if self._called else _HOT).search(text, at + 1)
        return found.end() if found else len(text)

    def _tag(self) -> Steps[None]:
        found = yield from self._reader.see(OUTER)
        if found is None:
            self._pass_one()
            return
        tag = tag_of(found)
        if tag.opens_item:
            yield from self._item(tag)
        elif tag.part is Part.RESULT and self._called and not tag.closing:
            self.ended = True
        elif tag.part is Part.ROOT and not tag.closing and not tag.is_empty:
            self._open_gap(tag.word, tag.length)
        elif tag.closing and (self._open[tag.word] or (self._called and self._is_fresh)):
            self._close(tag.word, tag.length)
        else:
            self._pass(self._reader.at + tag.length)

    def _fence(self) -> Steps[None]:
        found = yield from self._reader.see(FENCE)
        if found is None:
            self._pass_one()
        elif self._open[_FENCE] and not found[2]:
            self._close(_FENCE, found.end())
        else:
            self._open_gap(_FENCE, found.end())

    def _heading(self) -> Steps[None]:
        if (yield from self._reader.see(MADE_UP_TURN)):
            self.ended = True
        elif self._reader.text[self._reader.at] == "[" and (self._is_fresh or self._gap_marks):
            yield from self._json()
        else:
            self._pass_one()

    def _item(self, tag: Tag) -> Steps[None]:
        self._reader.mark()
        try:
            written = yield from read_element(self._reader, tag, self._declared)
        except UnfinishedError:
            self._look_into()
        except NotACallError:
            self._conclude(())
        else:
            if written is None:
                self._open_gap(tag.word, 0)
            else:
                self._conclude(self._declared.calls_of(written))

    def _json(self) -> Steps[None]:
        """A call without tags, if it begins like one."""
        self._reader.mark()
        try:
            yield from self._json_head()
            self._reader.rewind()
            self._reader.mark()
            yield from json_value(self._reader)
        except UnfinishedError:
            self._look_into()
        except NotACallError:
            self._conclude(())
        else:
            text = self._reader.since_mark()
            self._conclude(self._declared.calls_in_json(text, alone=not self._is_in_tags))

    def _json_head(self) -> Steps[None]:
        reader = self._reader
        if reader.text[reader.at] == "[":
            reader.at += 1
            yield from reader.space()
        if not (yield from reader.more()) or reader.text[reader.at] != "{":
            raise NotACallError
        reader.at += 1
        yield from reader.space()
        if not (yield from reader.see(CALL_KEY)):
            raise NotACallError

    @property
    def _is_in_tags(self) -> bool:
        words = {*self._gap_marks, *(word for word, number in self._open.items() if number)}
        return bool(words - {_FENCE})

    def _conclude(self, calls: tuple[ToolCall, ...]) -> None:
        """What was read since the mark is these calls, or text."""
        if calls:
            self._reader.unmark()
            self._called = True
            self._open.update(self._gap_marks)
            self._give_markup(calls)
        else:
            self._begins_line = self._reader.since_mark().rstrip(" \t").endswith("\n")
            self._reader.unmark()
            self._end_text(self._reader.place)

    def _look_into(self) -> None:
        """The answer ended within what began like a call: text, but there may be calls in it."""
        if self._rewinds:
            self._rewinds -= 1
            self._reader.rewind()
            self._pass_one()
        else:
            self._conclude(())

    def _open_gap(self, word: str, length: int) -> None:
        self._reader.unmark()
        self._reader.at += length
        self._gap_marks.append(word)

    def _close(self, word: str, length: int) -> None:
        self._reader.at += length
        self._open[word] = max(0, self._open[word] - 1)
        self._give_markup(())

    def _pass_one(self) -> None:
        self._pass(self._reader.at + 1)

    def _pass(self, end: int) -> None:
        """Text up to `end`; white space at its end stays in the gap."""
        reader = self._reader
        passed = reader.text[reader.at : end]
        if solid := passed.rstrip():
            self._end_text(reader.place + len(solid))
        if line := passed.rstrip(" \t"):
            self._begins_line = line[-1] in "\r\n"
        reader.at = end

    def _end_text(self, place: int) -> None:
        self._text_end = place
        self._gap_marks.clear()

    def _give_text(self) -> None:
        if self._text_end > self._given:
            self._found.append(Finding(self._text_end - self._given))
            self._given = self._text_end

    def _give_markup(self, calls: tuple[ToolCall, ...]) -> None:
        """The gap and what was read behind it."""
        self._give_text()
        place = self._reader.place
        self._found.append(Finding(place - self._given, calls))
        self._given = self._call_end = place
        self._end_text(place)
