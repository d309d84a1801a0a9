"""A response that is kept: what was asked, in the dialect's own bytes, and what came of it.

The answer is kept as chunks, so whichever dialect asked can render it again as it did at first.
"""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from grokdesk.domain.characters import mended
from grokdesk.domain.chat import (
    Chunk,
    Citation,
    FinishReason,
    Image,
    ReasoningDelta,
    SearchSource,
    TextDelta,
    ToolActivity,
)
from grokdesk.domain.tools import ToolCall
from grokdesk.domain.usage import TokenCount
from grokdesk.store.responses import ResponseRow

_KEPT: dict[str, type] = {
    kind.__name__: kind
    for kind in (TextDelta, ReasoningDelta, ToolCall, Citation, SearchSource, ToolActivity, Image)
}
_NO_TOKENS = TokenCount(0, 0)
_OBJECT_BYTES = 120
"""What a chunk takes beside its text."""


class ResponseState(enum.StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Answer:
    """How it ended. `error` is the name of an error class, `problem` its sentence."""

    chunks: tuple[Chunk, ...] = ()
    reason: FinishReason = FinishReason.STOP
    tokens: TokenCount = _NO_TOKENS
    error: str = ""
    problem: str = ""
    ended_at: float = 0.0


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """`heading` and `input` are the dialect's: nobody else looks in."""

    id: str
    key_id: str
    created_at: float
    heading: bytes = field(repr=False)
    input: bytes = field(repr=False)
    previous_id: str = ""
    in_background: bool = False
    state: ResponseState = ResponseState.DONE
    answer: Answer = field(default=Answer(), repr=False)

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        return len(self.heading) + len(self.input) + sum(map(_size_of, self.answer.chunks))


def merged(chunks: Iterable[Chunk]) -> tuple[Chunk, ...]:
    """The same with neighbouring pieces of text joined, and without what nobody needs again."""
    said: list[Chunk] = []
    texts: list[str] = []
    joined: type[TextDelta | ReasoningDelta] = TextDelta
    for chunk in chunks:
        if isinstance(chunk, TextDelta | ReasoningDelta):
            if type(chunk) is not joined:
                _close(said, joined, texts)
                joined = type(chunk)
            texts.append(chunk.text)
        elif type(chunk).__name__ in _KEPT:
            _close(said, joined, texts)
            said.append(chunk)
    _close(said, joined, texts)
    return tuple(said)


def to_row(response: StoredResponse, request: bytes | None = None) -> ResponseRow:
    """`request`: it is still to be made."""
    return ResponseRow(
        id=response.id,
        key_id=response.key_id,
        created_at=response.created_at,
        previous_id=response.previous_id,
        in_background=response.in_background,
        state=response.state.value,
        runs=0,
        heading=response.heading,
        input=response.input,
        request=request,
        answer=None if request is not None else encode_answer(response.answer),
    )


def from_row(row: ResponseRow) -> StoredResponse:
    return StoredResponse(
        id=row.id,
        key_id=row.key_id,
        created_at=row.created_at,
        heading=row.heading,
        input=row.input,
        previous_id=row.previous_id,
        in_background=row.in_background,
        state=ResponseState(row.state),
        answer=Answer() if row.answer is None else decode_answer(row.answer),
    )


class _KeptAnswer(msgspec.Struct):
    """Text stands as it is in `chunks`, any other chunk as its kind and its fields."""

    chunks: list[str | list[Any]]
    reason: FinishReason
    tokens: TokenCount
    error: str
    problem: str
    ended_at: float


def encode_answer(answer: Answer) -> bytes:
    chunks = answer.chunks
    try:
        return _encode(answer, chunks)
    except UnicodeEncodeError:  # halves of a character: they only fit when they are joined
        return _encode(answer, tuple(_mended(chunk) for chunk in merged(chunks)))


def decode_answer(data: bytes) -> Answer:
    kept = msgspec.json.decode(data, type=_KeptAnswer)
    return Answer(
        tuple(_chunk_of(entry) for entry in kept.chunks),
        kept.reason,
        kept.tokens,
        kept.error,
        kept.problem,
        kept.ended_at,
    )


def _encode(answer: Answer, chunks: Sequence[Chunk]) -> bytes:
    return msgspec.json.encode(
        _KeptAnswer(
            [
                chunk.text if isinstance(chunk, TextDelta) else [type(chunk).__name__, chunk]
                for chunk in chunks
                if type(chunk).__name__ in _KEPT
            ],
            answer.reason,
            answer.tokens,
            answer.error,
            answer.problem,
            answer.ended_at,
        )
    )


def _chunk_of(entry: str | list[Any]) -> Chunk:
    if isinstance(entry, str):
        return TextDelta(entry)
    chunk: Chunk = msgspec.convert(entry[1], _KEPT[entry[0]])
    return chunk


def _mended(chunk: Chunk) -> Chunk:
    if isinstance(chunk, TextDelta | ReasoningDelta):
        return type(chunk)(mended(chunk.text))
    return chunk


def _close(said: list[Chunk], kind: type[TextDelta | ReasoningDelta], texts: list[str]) -> None:
    if texts:
        said.append(kind("".join(texts)))
        texts.clear()


def _size_of(chunk: Chunk) -> int:
    if isinstance(chunk, TextDelta | ReasoningDelta):
        return _OBJECT_BYTES + 2 * len(chunk.text)
    if isinstance(chunk, ToolCall):
        return _OBJECT_BYTES + 2 * len(chunk.arguments)
    return 3 * _OBJECT_BYTES
