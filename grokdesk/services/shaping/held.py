"""Text that waits until it is known what becomes of it, with the chunks that stand in it."""

from collections import deque
from typing import Final

from grokdesk.domain.chat import Chunk, Citation, Image, TextDelta
from grokdesk.domain.tools import ToolCall

PLACED: Final = (TextDelta, ToolCall, Citation, Image)
"""Chunks with a place in the answer. Others, thinking above all, need not wait behind text."""


class HeldText:
    """Chunks that are no text keep their place in it: a citation ends where its marker does.

    A queue of pieces, so that a long text costs no more than its length.
    """

    __slots__ = ("_chunks",)

    def __init__(self) -> None:
        self._chunks: deque[Chunk] = deque()

    def __bool__(self) -> bool:
        return bool(self._chunks)

    @property
    def text(self) -> str:
        return "".join(chunk.text for chunk in self._chunks if isinstance(chunk, TextDelta))

    def add(self, chunk: Chunk) -> None:
        if not isinstance(chunk, TextDelta) or chunk.text:
            self._chunks.append(chunk)

    def release(self, length: int | None = None) -> list[Chunk]:
        """The first `length` characters, or all, and what stands in them or at their end."""
        released: list[Chunk] = []
        texts: list[str] = []
        for chunk in self._taken(length):
            if isinstance(chunk, TextDelta):
                texts.append(chunk.text)
                continue
            if texts:
                released.append(TextDelta("".join(texts)))
                texts.clear()
            released.append(chunk)
        if texts:
            released.append(TextDelta("".join(texts)))
        return released

    def drop(self, length: int | None = None) -> list[Chunk]:
        """Forget the first `length` characters, or all, and the citations in them; the rest of
        what stands there is given."""
        return [
            chunk for chunk in self._taken(length) if not isinstance(chunk, TextDelta | Citation)
        ]

    def _taken(self, length: int | None) -> list[Chunk]:
        chunks = self._chunks
        if length is None:
            taken = list(chunks)
            chunks.clear()
            return taken
        taken = []
        while chunks:
            chunk = chunks[0]
            if isinstance(chunk, TextDelta):
                size = len(chunk.text)
                if size > length:
                    if length:
                        taken.append(TextDelta(chunk.text[:length]))
                        chunks[0] = TextDelta(chunk.text[length:])
                    break
                length -= size
            taken.append(chunks.popleft())
        return taken
