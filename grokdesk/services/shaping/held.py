"""Text that waits until it is known what becomes of it, with the chunks that stand in it."""

from grokdesk.domain.chat import Chunk, TextDelta


class HeldText:
    """Chunks that are no text keep their place in it: a citation ends where its marker does."""

    __slots__ = ("_chunks", "text")

    def __init__(self) -> None:
        self.text = ""
        self._chunks: list[tuple[int, Chunk]] = []

    def __bool__(self) -> bool:
        return bool(self.text or self._chunks)

    def add(self, chunk: Chunk) -> None:
        if isinstance(chunk, TextDelta):
            self.text += chunk.text
        else:
            self._chunks.append((len(self.text), chunk))

    def release(self, length: int | None = None) -> list[Chunk]:
        """The first `length` characters, or all, and what stands in them or at their end."""
        if length is None:
            length = len(self.text)
        released: list[Chunk] = []
        start = 0
        for at, chunk in self._chunks:
            if at > length:
                break
            if at > start:
                released.append(TextDelta(self.text[start:at]))
                start = at
            released.append(chunk)
        if length > start:
            released.append(TextDelta(self.text[start:length]))
        self._forget(length)
        return released

    def drop(self, length: int | None = None) -> None:
        """Forget the first `length` characters, or all, and what stands in them."""
        self._forget(len(self.text) if length is None else length)

    def _forget(self, length: int) -> None:
        self.text = self.text[length:]
        self._chunks = [(at - length, chunk) for at, chunk in self._chunks if at > length]
