"""Compressed bodies, unpacked in small steps so that a bomb is cut while it is small."""

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.errors import body_too_large

_SLICE = 16 * 1024
"""So much is fed at a time: what the ratio is measured by."""
_STEP = 256 * 1024
"""So much comes out at a time."""
_FREE = 1024 * 1024
"""A body of this size may be as monotonous as it likes."""
_RATIO = 200
_MEMBERS = 64
"""Of a body that was packed in parts; each costs a copy of what follows."""
_ZSTD_WINDOW_LOG = 23
"""8 MB, all that HTTP has to grant (RFC 9659); a frame may ask for 2 GB."""


class _Unpacker(Protocol):
    """Raises an error of its library, a ValueError or an EOFError for what it cannot unpack."""

    @property
    def finished(self) -> bool:
        """Whether what was fed is complete."""
        ...

    def feed(self, data: bytes) -> Iterator[bytes]: ...


def unpack(data: bytes, coding: str, limit: int) -> bytes:
    """Raise HttpError for more than `limit` bytes or a bomb, InvalidRequestError for nonsense.

    Takes 2 to 5 ms per MB that comes out, nearly all of it without the interpreter's lock.
    """
    unpacker = CODINGS[coding](data[:1])
    pieces: list[bytes] = []
    size = 0
    try:
        for at in range(0, len(data), _SLICE):
            allowed = min(limit, max(_FREE, _RATIO * (at + _SLICE)))
            for piece in unpacker.feed(data[at : at + _SLICE]):
                size += len(piece)
                if size > allowed:
                    raise body_too_large(limit)
                pieces.append(piece)
    except (zlib.error, ValueError, EOFError):
        raise _broken(coding) from None
    if not unpacker.finished:
        raise _broken(coding)
    return b"".join(pieces)


def _broken(coding: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"The body is announced as {coding} and cannot be unpacked as such.", code="invalid_body"
    )


class _Zlib:
    """gzip, also of several members, and both things that are called deflate."""

    def __init__(self, window_bits: int) -> None:
        self._window_bits = window_bits
        self._members = 1
        self._unpacker = zlib.decompressobj(window_bits)

    @property
    def finished(self) -> bool:
        return self._unpacker.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        while True:
            if self._unpacker.eof:
                self._start_member()
            piece = self._unpacker.decompress(data, _STEP)
            yield piece
            data = self._unpacker.unconsumed_tail or self._unpacker.unused_data
            # A full step may leave output behind, though all input is taken.
            if not data and (len(piece) < _STEP or self._unpacker.eof):
                return

    def _start_member(self) -> None:
        self._members += 1
        if self._members > _MEMBERS or self._window_bits < _GZIP:
            raise ValueError("more than was announced")
        self._unpacker = zlib.decompressobj(self._window_bits)


class _Brotli:
    def __init__(self) -> None:
        import brotli  # type: ignore[import-untyped]

        self._unpacker: Any = brotli.Decompressor()
        self._error: type[Exception] = brotli.error

    @property
    def finished(self) -> bool:
        return bool(self._unpacker.is_finished())

    def feed(self, data: bytes) -> Iterator[bytes]:
        try:
            yield self._unpacker.process(data, output_buffer_limit=_STEP)
            while not self._unpacker.can_accept_more_data():
                yield self._unpacker.process(b"", output_buffer_limit=_STEP)
        except self._error as error:
            raise ValueError("broken") from error


class _Zstd:
    def __init__(self) -> None:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd

        self._options = {int(zstd.DecompressionParameter.window_log_max): _ZSTD_WINDOW_LOG}
        self._new = zstd.ZstdDecompressor
        self._error = zstd.ZstdError
        self._unpacker = self._new(options=self._options)
        self._members = 1

    @property
    def finished(self) -> bool:
        return self._unpacker.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        try:
            while True:
                if self._unpacker.eof:
                    if not data:
                        return
                    self._start_frame()
                yield self._unpacker.decompress(data, _STEP)
                data = self._unpacker.unused_data
                if self._unpacker.needs_input:
                    return
        except self._error as error:
            raise ValueError("broken") from error

    def _start_frame(self) -> None:
        self._members += 1
        if self._members > _MEMBERS:
            raise ValueError("too many frames")
        self._unpacker = self._new(options=self._options)


_GZIP = 16 + zlib.MAX_WBITS


def _deflate(start: bytes) -> _Zlib:
    """Some clients leave out the header that the standard asks for."""
    has_header = bool(start) and start[0] & 0x0F == zlib.DEFLATED
    return _Zlib(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)


CODINGS: dict[str, Callable[[bytes], _Unpacker]] = {
    "br": lambda _: _Brotli(),
    "deflate": _deflate,
    "gzip": lambda _: _Zlib(_GZIP),
    "x-gzip": lambda _: _Zlib(_GZIP),
    "zstd": lambda _: _Zstd(),
}
"""By name, to what makes an unpacker for a body that starts with these bytes."""
