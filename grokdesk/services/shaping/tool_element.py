"""One call in tags: the name, and the arguments in any of the ways that models have for them."""

import re
from html import unescape

from grokdesk.domain.tools import ToolKind
from grokdesk.services.shaping.tool_forms import Declared, Written
from grokdesk.services.shaping.tool_markup import (
    ANY_OPENING,
    CDATA,
    FENCE,
    INNER,
    Mark,
    Part,
    Tag,
    name_attribute,
    tag_of,
)
from grokdesk.services.shaping.tool_reader import Reader, Steps
from grokdesk.services.shaping.tool_scan import (
    NotACallError,
    Span,
    cdata_sections,
    json_value,
    raw_value,
)

_NAME_TEXT = Mark(re.compile(r"([^<]{0,200})(?=<)"), re.compile(r"[^<]{0,200}"))
_SURPLUS = "}],;"


def read_element(reader: Reader, tag: Tag, declared: Declared) -> Steps[Written | None]:
    """Past the element that begins here and is marked; None when it only wraps another one.

    Raise NotACallError. An end tag may be missing where something else shows the end.
    """
    element = _Element(reader, tag.name, declared)
    reader.at += tag.length
    if not tag.is_empty and (yield from element.read()):
        return None
    return element.written()


class _Element:
    def __init__(self, reader: Reader, name: str, declared: Declared) -> None:
        self._reader = reader
        self._declared = declared
        self._start = reader.place
        self._name = name
        self._values: list[list[Span]] = []
        self._is_literal = False
        self._parameters: list[tuple[str, Span]] = []

    def written(self) -> Written:
        text, start = self._reader.since_mark(), self._start
        return Written(
            self._name,
            ["".join(text[a - start : b - start] for a, b in spans) for spans in self._values],
            self._is_literal,
            [(name, text[a - start : b - start]) for name, (a, b) in self._parameters],
        )

    def read(self) -> Steps[bool]:
        """Whether it holds nothing before another element of a call."""
        reader = self._reader
        while (yield from reader.space()):
            char = reader.text[reader.at]
            if char in "{[":
                self._values.append([(yield from json_value(reader))])
            elif char == "<":
                tag = yield from self._tag()
                if tag is not None and tag.part in (Part.ROOT, Part.ITEM):
                    return self._ends_at(tag)
            elif char == "`":
                yield from self._fence()
            elif char in _SURPLUS and self._values:
                reader.at += 1
            else:
                raise NotACallError
        return False

    def _ends_at(self, tag: Tag) -> bool:
        if tag.closing:
            # The end of the root is left to those who know of the root.
            self._reader.at += tag.length if tag.part is Part.ITEM else 0
            return False
        return not (self._name or self._values or self._parameters)

    def _tag(self) -> Steps[Tag | None]:
        """Past what begins with this tag, unless that is no part of this element."""
        found = yield from self._reader.see(INNER)
        if found is None:
            yield from self._literal()
            return None
        tag = tag_of(found)
        if tag.part in (Part.ROOT, Part.ITEM):
            return tag
        self._reader.at += tag.length
        if tag.closing:
            return tag
        if tag.part is Part.NAME:
            yield from self._name_text(tag)
        elif tag.part is Part.PARAMETER:
            yield from self._parameter(tag.word, tag.name, is_empty=tag.is_empty, known=True)
        elif not tag.is_empty:
            yield from self._arguments(tag.word)
        return tag

    def _name_text(self, tag: Tag) -> Steps[None]:
        if tag.is_empty:
            return
        found = yield from self._reader.see(_NAME_TEXT)
        if found is None:
            raise NotACallError
        self._reader.at += found.end()
        self._name = self._name or unescape(found[1]).strip()

    def _arguments(self, word: str) -> Steps[None]:
        """What is not read here is read like any content: JSON, fences, sections, parameters."""
        reader, start = self._reader, self._reader.place
        if not (yield from reader.space()):
            return
        char = reader.text[reader.at]
        if self._takes_free_text:
            if (yield from reader.see(CDATA)) is None:
                self._values.append([(start, (yield from raw_value(reader, word, known=True))[1])])
        elif char == "<":
            yield from self._named_elements()
        elif char not in "{[`":
            self._values.append([(yield from raw_value(reader, word, known=True))])

    def _named_elements(self) -> Steps[None]:
        """`<city>Oslo</city>`, as many as there are."""
        reader = self._reader
        while (yield from reader.space()):
            known = yield from reader.see(INNER)
            if known and ((tag := tag_of(known)).closing or tag.part is Part.PARAMETER):
                return
            found = yield from reader.see(ANY_OPENING)
            if found is None:
                return
            word, attributes = found.groups()
            reader.at += found.end()
            is_empty = attributes.rstrip().endswith("/")
            name = name_attribute(attributes) or word
            yield from self._parameter(word, name, is_empty=is_empty, known=False)

    def _parameter(self, word: str, name: str, *, is_empty: bool, known: bool) -> Steps[None]:
        """The opening tag was read."""
        if not name:
            raise NotACallError
        here = self._reader.place
        span = (here, here) if is_empty else (yield from raw_value(self._reader, word, known=known))
        self._parameters.append((name, span))

    def _literal(self) -> Steps[None]:
        spans = yield from cdata_sections(self._reader)
        if not spans:
            raise NotACallError
        self._values.append(spans)
        self._is_literal = True

    def _fence(self) -> Steps[None]:
        found = yield from self._reader.see(FENCE)
        if found is None:
            raise NotACallError
        self._reader.at += found.end()

    @property
    def _takes_free_text(self) -> bool:
        tool = self._declared.find(self._name)
        return tool is not None and tool.kind is ToolKind.CUSTOM
