"""What an answer turns out to be, place by place: text, or the markup of calls.

Opening tags, fences and white space are a *gap*: they go with a call that follows them, and are
text before anything else. An end tag goes where its opening went.
"""

from collections import Counter
from dataclasses import dataclass

from grokdesk.domain.tools import ToolCall

FENCE_WORD = "```"


@dataclass(frozen=True, slots=True)
class Finding:
    """What the next `length` characters are: markup of `calls`, which may be none, or text."""

    length: int
    calls: tuple[ToolCall, ...] | None = None


class Findings:
    """Places count characters from the beginning of the answer."""

    __slots__ = (
        "_call_end",
        "_found",
        "_gap",
        "_given",
        "_hidden",
        "_shown",
        "_text_end",
        "called",
    )

    def __init__(self) -> None:
        self.called = False
        self._found: list[Finding] = []
        self._given = 0
        self._text_end = 0
        """Where the gap begins."""
        self._call_end = 0
        self._gap: list[str] = []
        """What was opened in it."""
        self._hidden: Counter[str] = Counter()
        """What was opened and went with a call."""
        self._shown: Counter[str] = Counter()
        """What was opened and became text."""

    @property
    def is_fresh(self) -> bool:
        """No text yet, or none since the last call."""
        return self._text_end == self._call_end

    @property
    def is_opened(self) -> bool:
        """Something was opened, and nothing stands in it yet."""
        return bool(self._gap)

    @property
    def is_in_tags(self) -> bool:
        hidden = (word for word, number in self._hidden.items() if number)
        return any(word != FENCE_WORD for word in (*self._gap, *hidden))

    def text_to(self, place: int) -> None:
        self._text_end = place
        if self._gap:
            self._shown.update(self._gap)
            self._gap.clear()

    def call_to(self, place: int, calls: tuple[ToolCall, ...]) -> None:
        self.called = True
        self._hidden.update(self._gap)
        self._gap.clear()
        self._markup_to(place, calls)

    def open(self, word: str) -> None:
        self._gap.append(word)

    def close_to(self, place: int, word: str) -> None:
        """The end of what `belongs_to_a_call`."""
        self._hidden[word] -= self._hidden[word] > 0
        self._markup_to(place, ())

    def close_text_to(self, place: int, word: str) -> None:
        """The end of what is text."""
        self._shown[word] -= self._shown[word] > 0
        self.text_to(place)

    def is_hidden(self, word: str) -> bool:
        return self._hidden[word] > 0

    def belongs_to_a_call(self, word: str) -> bool:
        """Whether an end tag does; one without an opening does if it follows at once."""
        return self.is_hidden(word) or (self.called and self.is_fresh and not self._shown[word])

    def finish(self, place: int) -> None:
        if self.called and self.is_fresh and not self._gap:
            self._markup_to(place, ())  # white space behind the last call
        else:
            self.text_to(place)

    def take(self) -> list[Finding]:
        self._give_text()
        found, self._found = self._found, []
        return found

    def _give_text(self) -> None:
        if self._text_end > self._given:
            self._found.append(Finding(self._text_end - self._given))
            self._given = self._text_end

    def _markup_to(self, place: int, calls: tuple[ToolCall, ...]) -> None:
        """The gap and what stands behind it."""
        self._give_text()
        self._found.append(Finding(place - self._given, calls))
        self._given = self._call_end = self._text_end = place
