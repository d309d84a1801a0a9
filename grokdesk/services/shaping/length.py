"""`max_tokens`: end the answer where our estimate of its length reaches the limit."""

from bisect import bisect_right
from collections.abc import Iterable

from grokdesk.domain.chat import Chunk, FinishReason, TextDelta
from grokdesk.services.estimate import cost_of
from grokdesk.services.shaping.stage import Stage

_ROUNDING = 1e-6
"""What many small sums may be off by: the split of the text must not matter."""


class LengthStage(Stage):
    """Counts the visible text alone; thinking is not cut, lest nothing be left of an answer."""

    def __init__(self, max_tokens: int) -> None:
        self._left = max_tokens + _ROUNDING

    def feed(self, chunk: Chunk) -> Iterable[Chunk]:
        if self.cut is not None:
            return ()
        if not isinstance(chunk, TextDelta):
            return (chunk,)
        cost = cost_of(chunk.text)
        if cost <= self._left:
            self._left -= cost
            return (chunk,)
        self.cut = FinishReason.LENGTH
        kept = self._fitting(chunk.text)
        return (TextDelta(kept),) if kept else ()

    def finish(self) -> Iterable[Chunk]:
        return ()

    def _fitting(self, text: str) -> str:
        ends = range(1, len(text) + 1)
        return text[: bisect_right(ends, self._left, key=lambda end: cost_of(text[:end]))]
