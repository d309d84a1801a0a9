"""Finds calls in an answer while it is written, in all the forms that models have for them.

Text goes on as soon as it cannot be the beginning of a call. What begins like a call and is none
is text to the letter, and so is JSON of which only a part is calls. Tags in strings mean nothing.
The time taken grows with the length alone, however the text is cut.
"""

import re

from grokdesk.domain.tools import ToolCall
from grokdesk.services.shaping.tool_element import read_element
from grokdesk.services.shaping.tool_findings import FENCE_WORD, Finding, Findings
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
_REWINDS = 16
"""How many calls that never end are looked into for others; each costs the rest of the answer."""


class ToolParser:
    """`ended`: from here on the model speaks for others; nothing is found any more."""

    def __init__(self, declared: Declared) -> None:
        self.ended = False
        self._declared = declared
        self._reader = Reader()
        self._findings = Findings()
        self._begins_line = True
        self._rewinds = _REWINDS
        self._steps = self._answer()

    def feed(self, text: str) -> list[Finding]:
        if text:
            self._reader.feed(text)
            next(self._steps, None)
        return self._findings.take()

    def finish(self) -> list[Finding]:
        self._reader.over = True
        next(self._steps, None)
        if not self.ended:
            self._findings.finish(self._reader.place)
        return self._findings.take()

    def _answer(self) -> Steps[None]:
        reader, findings = self._reader, self._findings
        while not self.ended and (yield from reader.more()):
            char = reader.text[reader.at]
            if char == "<":
                yield from self._tag()
            elif char == "`" and self._is_at_start:
                yield from self._fence()
            elif char in "[T" and findings.called and self._is_at_start:
                yield from self._heading()
            elif char in "{[" and self._may_be_json:
                yield from self._json()
            else:
                self._pass(self._text_from_here())

    @property
    def _is_at_start(self) -> bool:
        return self._begins_line or self._findings.is_fresh

    @property
    def _may_be_json(self) -> bool:
        return self._findings.is_fresh or self._findings.is_opened

    def _text_from_here(self) -> int:
        """Up to where something else may begin."""
        text, at = self._reader.text, self._reader.at
        called = self._findings.called
        if (called or self._may_be_json) and (space := _SPACE.match(text, at)):
            return space.end()
        hot = (_HOT_AFTER_CALL if called else _HOT).search(text, at + 1)
        return hot.end() if hot else len(text)

    def _tag(self) -> Steps[None]:
        reader, findings = self._reader, self._findings
        found = yield from reader.see(OUTER)
        if found is None:
            self._pass_one()
            return
        tag = tag_of(found)
        if tag.opens_item:
            yield from self._item(tag)
        elif tag.part is Part.RESULT and findings.called and not tag.closing:
            self.ended = True
        elif tag.part is Part.RESULT or tag.is_empty:
            self._pass_one()
        else:
            reader.at += tag.length
            self._root(tag)

    def _root(self, tag: Tag) -> None:
        findings, place = self._findings, self._reader.place
        if not tag.closing:
            findings.open(tag.word)
        elif findings.belongs_to_a_call(tag.word):
            findings.close_to(place, tag.word)
        else:
            findings.close_text_to(place, tag.word)

    def _fence(self) -> Steps[None]:
        reader, findings = self._reader, self._findings
        found = yield from reader.see(FENCE)
        if found is None:
            self._pass_one()
            return
        reader.at += found.end()
        if findings.is_hidden(FENCE_WORD) and not found[2]:
            findings.close_to(reader.place, FENCE_WORD)
        else:
            findings.open(FENCE_WORD)

    def _heading(self) -> Steps[None]:
        if (yield from self._reader.see(MADE_UP_TURN)):
            self.ended = True
        elif self._reader.text[self._reader.at] == "[" and self._may_be_json:
            yield from self._json()
        else:
            self._pass_one()

    def _item(self, tag: Tag) -> Steps[None]:
        reader = self._reader
        reader.mark()
        try:
            written = yield from read_element(reader, tag, self._declared)
        except UnfinishedError:
            self._look_into()
        except NotACallError:
            self._conclude(())
        else:
            if written is None:
                reader.unmark()
                self._findings.open(tag.word)
            else:
                self._conclude(self._declared.calls_of(written))

    def _json(self) -> Steps[None]:
        """A call without tags, if it begins like one."""
        reader = self._reader
        reader.mark()
        try:
            yield from self._json_head()
            reader.rewind()
            reader.mark()
            yield from json_value(reader)
        except UnfinishedError:
            self._look_into()
        except NotACallError:
            self._conclude(())
        else:
            alone = not self._findings.is_in_tags
            self._conclude(self._declared.calls_in_json(reader.since_mark(), alone=alone))

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

    def _conclude(self, calls: tuple[ToolCall, ...]) -> None:
        """What was read since the mark is these calls, or text."""
        reader = self._reader
        if calls:
            self._findings.call_to(reader.place, calls)
        else:
            self._findings.text_to(reader.place)
            self._begins_line = reader.since_mark().rstrip(" \t").endswith("\n")
        reader.unmark()

    def _look_into(self) -> None:
        """The answer ended within what began like a call: text, but there may be calls in it."""
        if self._rewinds:
            self._rewinds -= 1
            self._reader.rewind()
            self._pass_one()
        else:
            self._conclude(())

    def _pass_one(self) -> None:
        self._pass(self._reader.at + 1)

    def _pass(self, end: int) -> None:
        """Text up to `end`; white space at its end stays in the gap."""
        reader = self._reader
        passed = reader.text[reader.at : end]
        if solid := passed.rstrip():
            self._findings.text_to(reader.place + len(solid))
        if line := passed.rstrip(" \t"):
            self._begins_line = line[-1] in "\r\n"
        reader.at = end
