"""A cursor in text that comes piece by piece: its functions are suspended where the text ends.

What was read is let go, so a piece costs no more than its length; only from `mark` on it is kept.
"""

import re
from collections.abc import Generator
from typing import TypeAlias, TypeVar

from grokdesk.services.shaping.tool_markup import Mark

T = TypeVar("T")
Steps: TypeAlias = Generator[None, None, T]
"""Yields when more text is needed."""

_SPACE = re.compile(r"\s*")
_LONGEST_MARK = 300


class Reader:
    """`text` is what is at hand, `at` the place in it; `over`: no more will come."""

    __slots__ = ("_before", "_kept", "_kept_to", "_mark", "at", "over", "text")

    def __init__(self) -> None:
        self.text = ""
        self.at = 0
        self.over = False
        self._before = 0
        self._mark: int | None = None
        self._kept: list[str] = []
        self._kept_to = 0

    @property
    def place(self) -> int:
        """Characters from the very beginning."""
        return self._before + self.at

    def feed(self, piece: str) -> None:
        self._keep()
        self.text = self.text[self.at :] + piece
        self._before += self.at
        self.at = self._kept_to = 0

    def mark(self) -> None:
        self._mark = self.place
        self._kept = []
        self._kept_to = self.at

    def unmark(self) -> None:
        self._mark = None
        self._kept = []

    def since_mark(self) -> str:
        self._keep()
        self._kept = ["".join(self._kept)]
        return self._kept[0]

    def rewind(self) -> None:
        """Back to the mark, which is gone then."""
        if self._mark is None:
            raise RuntimeError("nothing is marked")
        self.text = self.since_mark() + self.text[self.at :]
        self._before, self.at = self._mark, 0
        self.unmark()

    def more(self) -> Steps[bool]:
        """Whether there is a character here."""
        while self.at == len(self.text):
            if self.over:
                return False
            yield
        return True

    def space(self) -> Steps[bool]:
        """Past white space. Whether there is a character here then."""
        while (yield from self.more()):
            self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.text):
                return True
        return False

    def to_next(self, pattern: re.Pattern[str]) -> Steps[str]:
        """Up to what one character of the pattern matches, and which; "" at the end."""
        while (yield from self.more()):
            if found := pattern.search(self.text, self.at):
                self.at = found.start()
                return found[0]
            self.at = len(self.text)
        return ""

    def see(self, mark: Mark) -> Steps[re.Match[str] | None]:
        """Whether the mark stands here; wait while it may."""
        while True:
            rest = self.text[self.at : self.at + _LONGEST_MARK]
            is_cut = len(rest) == _LONGEST_MARK
            # A mark that ends before something else may as well end with the text.
            if found := mark.whole.match(f"{rest}\n" if self.over and not is_cut else rest):
                return found
            if self.over or is_cut or not mark.begun.fullmatch(rest):
                return None
            yield

    def _keep(self) -> None:
        if self._mark is not None:
            self._kept.append(self.text[self._kept_to : self.at])
            self._kept_to = self.at
