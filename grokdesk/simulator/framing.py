"""How REST frames are strung together on the wire, and where the bytes are cut."""

import random
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle
from typing import Final, Literal

from grokdesk.simulator.script import Framing

_BATCH_BYTES: Final = 64 * 1024
_LONGEST_RANDOM_CUT: Final = 48

CONTENT_TYPES: Final[dict[Framing, str]] = {
    "ndjson": "application/json",
    "sse": "text/event-stream",
    "concatenated": "application/json",
    "mixed": "application/json",
}

_Wrap = Callable[[bytes], bytes]


class Framer:
    """One stream's framing."""

    __slots__ = ("_wraps", "closing", "opening")

    def __init__(self, framing: Framing) -> None:
        self._wraps = cycle(_WRAPS[framing])
        self.opening = b": keep-alive\n\n" if framing == "sse" else b""
        self.closing = b"data: [DONE]\n\n" if framing in {"sse", "mixed"} else b""

    def join(self, frames: Iterable[bytes]) -> bytes:
        return b"".join([next(self._wraps)(frame) for frame in frames])


def batched(groups: Iterable[bytes]) -> Iterator[bytes]:
    """As few writes as possible without building a huge answer in memory."""
    batch: list[bytes] = []
    size = 0
    for group in groups:
        batch.append(group)
        size += len(group)
        if size >= _BATCH_BYTES:
            yield b"".join(batch)
            batch.clear()
            size = 0
    if batch:
        yield b"".join(batch)


def cutter(split: Literal["none", "random"] | int, seed: int) -> Callable[[bytes], Iterable[bytes]]:
    """Cuts data in places where no frame and no character ends."""
    if split == "none":
        return lambda data: (data,)
    if split == "random":
        rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
        return lambda data: _pieces(data, lambda: rng.randint(1, _LONGEST_RANDOM_CUT))
    return lambda data: _pieces(data, lambda: max(1, split))


def _pieces(data: bytes, next_size: Callable[[], int]) -> Iterator[bytes]:
    start = 0
    while start < len(data):
        end = start + next_size()
        yield data[start:end]
        start = end


def _line(frame: bytes) -> bytes:
    return frame + b"\n"


def _event(frame: bytes) -> bytes:
    return b"event: message\ndata: " + frame + b"\n\n"


def _bare(frame: bytes) -> bytes:
    return frame


def _data(frame: bytes) -> bytes:
    return b"data:" + frame + b"\r\n\r\n"


def _after_comment(frame: bytes) -> bytes:
    return b": still here\n\n" + frame + b"\n"


# Used in turn; the first frame of a mixed stream is a bare line.
_WRAPS: Final[dict[Framing, tuple[_Wrap, ...]]] = {
    "ndjson": (_line,),
    "sse": (_event,),
    "concatenated": (_bare,),
    "mixed": (_line, _event, _after_comment, _data),
}
