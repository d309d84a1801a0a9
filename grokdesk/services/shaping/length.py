"""`max_tokens`: end the answer where our estimate of its length reaches the limit."""

from bisect import bisect_right
from collections.abc import Iterable

from grokdesk.domain.chat import Chunk, FinishReason, TextDelta
from grokdesk.services.estimate import HIGHEST_COST, cost_of
from grokdesk.services.shaping.stage import Stage

_ROUNDING = 1e-6
"""What many small sums may be off by: the split of the text must not matter."""


class LengthStage(Stage):
    """Counts the visible text alone; thinking is not cut, lest nothing be left of an answer."""

    def __init__(self, max_tokens: int) -> None:
        self._left = max_tokens + _ROUNDING
        self._uncounted: list[str] = []
        self._room = self._left / HIGHEST_COST
        """As many characters fit for certain, whatever they are: they need not be counted yet."""

    def feed(self, chunk: Chunk) -> Iterable[Chunk]:
        if type(chunk) is not TextDelta:
            return (chunk,) if self.cut is None else ()
        length = len(chunk.text)
        if length <= self._room:  # nearly all chunks
            self._room -= length
            self._uncounted.append(chunk.text)
            return (chunk,)
        return self._counted(chunk) if self.cut is None else ()

    def finish(self) -> Iterable[Chunk]:
        return ()

    def _counted(self, chunk: TextDelta) -> Iterable[Chunk]:
        self._left -= cost_of("".join(self._uncounted))
        self._uncounted.clear()
        self._room = 0.0
        cost = cost_of(chunk.text)
        if cost <= self._left:
            self._left -= cost
            self._room = self._left / HIGHEST_COST
            return (chunk,)
        self.cut = FinishReason.LENGTH
        kept = self._fitting(chunk.text)
        return (TextDelta(kept),) if kept else ()

    def _fitting(self, text: str) -> str:
        ends = range(1, len(text) + 1)
        return text[: bisect_right(ends, self._left, key=lambda end: cost_of(text[:end]))]
