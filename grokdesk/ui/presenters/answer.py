"""Splits a growing answer into what is final and what may still change.

Markdown is only ever rendered again for the last, growing block; code between fences is
passed on as it comes.
"""

import re
from dataclasses import dataclass, field

_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<mark>`{3,}|~{3,})[ \t]*(?P<language>[^`\n]*)$")
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_LONGEST_LINE = 4_000
_LONGEST_BLOCK = 4_000
_LONGEST_TABLE = 32_000
"""Longer blocks are cut, so that rendering the growing one again stays cheap."""


@dataclass(frozen=True, slots=True)
class Prose:
    """Markdown that will not change any more."""

    text: str


@dataclass(frozen=True, slots=True)
class CodeStart:
    language: str


@dataclass(frozen=True, slots=True)
class Code:
    """A piece of the code begun last."""

    text: str


@dataclass(frozen=True, slots=True)
class CodeEnd:
    pass


Part = Prose | CodeStart | Code | CodeEnd


@dataclass(slots=True)
class _Fence:
    mark: str
    indent: int
    empty: bool = True
    mid_line: bool = False
    """The beginning of the current line was passed on already."""


@dataclass(slots=True)
class AnswerSplitter:
    """Feed it pieces of any size; the parts do not depend on how the text was cut."""

    _line: str = ""
    _block: list[str] = field(default_factory=list)
    _block_chars: int = 0
    _fence: _Fence | None = None
    _parts: list[Part] = field(default_factory=list)

    @property
    def tail(self) -> str:
        """The block that still grows, as Markdown; empty inside code."""
        if self._fence is not None:
            return ""
        unfinished = "" if self._line.lstrip().startswith(("``", "~~")) else self._line
        return "".join(self._block) + unfinished

    @property
    def code_tail(self) -> str:
        """The unfinished line of the code, with the break before it."""
        if self._fence is None or _may_close(self._line, self._fence):
            return ""
        return self._code_line(self._line, self._fence)

    def feed(self, piece: str) -> tuple[Part, ...]:
        """What became final by this piece."""
        *lines, self._line = (self._line + piece).split("\n")
        for line in lines:
            self._take(self._cut(line))
        self._line = self._cut(self._line)
        return self._drain()

    def finish(self) -> tuple[Part, ...]:
        """The rest; the splitter is empty afterwards."""
        line, self._line = self._line, ""
        if line or (self._fence is not None and self._fence.mid_line):
            self._take(line)
        if self._fence is not None:
            self._fence = None
            self._parts.append(CodeEnd())
        self._settle()
        return self._drain()

    def _cut(self, line: str) -> str:
        """Pass on the beginning of an overlong line; a break in a paragraph reads as a space."""
        while len(line) > _LONGEST_LINE:
            if self._fence is not None:
                self._pass_on(line[:_LONGEST_LINE], self._fence)
                self._fence.mid_line = True
                line = line[_LONGEST_LINE:]
            else:
                at = line.rfind(" ", 1, _LONGEST_LINE) + 1 or _LONGEST_LINE
                self._take_prose(line[:at])
                line = line[at:]
        return line

    def _take(self, line: str) -> None:
        if self._fence is not None:
            self._take_code(line, self._fence)
        elif (opening := _FENCE.match(line)) and self._may_open(opening["indent"]):
            self._settle()
            self._fence = _Fence(opening["mark"], len(opening["indent"]))
            self._parts.append(CodeStart(opening["language"].strip()))
        else:
            self._take_prose(line)

    def _take_code(self, line: str, fence: _Fence) -> None:
        if _closes(line, fence):
            self._fence = None
            self._parts.append(CodeEnd())
        else:
            self._pass_on(line, fence)
            fence.mid_line = False

    def _pass_on(self, line: str, fence: _Fence) -> None:
        self._parts.append(Code(self._code_line(line, fence)))
        fence.empty = False

    @staticmethod
    def _code_line(line: str, fence: _Fence) -> str:
        if fence.mid_line:
            return line
        indent = len(line) - len(line.lstrip(" \t"))
        text = line[min(indent, fence.indent) :]
        return text if fence.empty else f"\n{text}"

    def _take_prose(self, line: str) -> None:
        if self._block and self._starts_block(line):
            self._settle()
        self._block.append(f"{line}\n")
        self._block_chars += len(line) + 1

    def _starts_block(self, line: str) -> bool:
        """Whether what came before `line` can no longer change its meaning."""
        if not line.strip() or line[0] in " \t":
            return False
        if self._block[-1].strip():
            longest = _LONGEST_TABLE if line[0] == "|" else _LONGEST_BLOCK
            return self._block_chars > longest
        continues_list = _LIST_ITEM.match(line) and self._in_list()
        return not continues_list or self._block_chars > _LONGEST_BLOCK

    def _may_open(self, indent: str) -> bool:
        return len(indent.expandtabs(4)) <= 3 or self._in_list()

    def _in_list(self) -> bool:
        return any(_LIST_ITEM.match(line) for line in self._block)

    def _settle(self) -> None:
        text = "".join(self._block)
        self._block, self._block_chars = [], 0
        if text.strip():
            self._parts.append(Prose(text))

    def _drain(self) -> tuple[Part, ...]:
        parts, self._parts = tuple(self._parts), []
        return parts


def _closes(line: str, fence: _Fence) -> bool:
    bare = line.strip()
    return not fence.mid_line and len(bare) >= len(fence.mark) and bare == fence.mark[0] * len(bare)


def _may_close(line: str, fence: _Fence) -> bool:
    """Whether the unfinished line could become the closing fence."""
    bare = line.strip()
    return bool(bare) and not fence.mid_line and bare == fence.mark[0] * len(bare)
