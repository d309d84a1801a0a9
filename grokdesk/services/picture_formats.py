"""The four picture formats, read as far as their blocks: size, frames, and what may be left out.

No pixel is decoded, so nothing in here can be made to take much memory or time. What tells of the
photographer rather than of the picture (Exif, XMP, comments) is left out without encoding anew.
"""

import enum
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

MOST_FRAMES = 200
"""Nobody needs to know of how many more there are."""

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_GIF = (b"GIF87a", b"GIF89a")

_PNG_METADATA = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"})
_JPEG_METADATA = frozenset({0xE1, *range(0xE3, 0xEE), 0xEF, 0xFE})
"""All application segments but JFIF (0), colours (2) and Adobe's (14); and comments."""
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_END = b"\xff\xd9"
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_WEBP_METADATA = {b"EXIF": 0x08, b"XMP ": 0x04}
"""And the bit that announces each."""
_WEBP_PIXELS = frozenset({b"VP8 ", b"VP8L", b"ANMF"})
_GIF_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_ORIENTATION_TAG = 0x0112
_MOST_BLOCKS = 100_000
"""Of any use; the largest file could have millions of empty ones."""


class PictureFormat(enum.Enum):
    """With the name that goes into a MIME type."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    GIF = "gif"


class DamagedPictureError(ValueError):
    """The blocks do not add up to a picture."""


@dataclass(slots=True)
class Outline:
    """`data` is the picture without metadata: the very bytes that came in when there were none.

    `orientation` is Exif's: 1 is upright, up to 8.
    """

    format: PictureFormat
    data: bytes
    width: int = 0
    height: int = 0
    frames: int = 1
    orientation: int = 1

    def extend(self, width: int, height: int) -> None:
        self.width, self.height = max(self.width, width), max(self.height, height)


def sniff_picture(data: bytes) -> PictureFormat | None:
    if data.startswith(_PNG):
        return PictureFormat.PNG
    if data.startswith(_JPEG):
        return PictureFormat.JPEG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return PictureFormat.WEBP
    return PictureFormat.GIF if data.startswith(_GIF) else None


def outline(data: bytes, kind: PictureFormat) -> Outline:
    """Raise DamagedPictureError."""
    found = Outline(kind, data)
    try:
        kept = list(islice(_READERS[kind](data, found), _MOST_BLOCKS))
    except (struct.error, IndexError):
        raise DamagedPictureError from None
    if len(kept) == _MOST_BLOCKS:
        raise DamagedPictureError
    if not (found.width and found.height and found.frames):
        raise DamagedPictureError
    size = sum(map(len, kept))
    if size != len(data):
        found.data = b"".join(kept)
    return found


def _read_png(data: bytes, found: Outline) -> Iterator[bytes]:
    yield _PNG
    at = len(_PNG)
    while True:
        size, kind = struct.unpack_from(">I4s", data, at)
        end = at + size + 12
        if end > len(data):
            raise DamagedPictureError
        if kind == b"IHDR":
            found.extend(*struct.unpack_from(">II", data, at + 8))
        elif kind == b"acTL":
            found.frames = struct.unpack_from(">I", data, at + 8)[0]
        elif kind == b"eXIf":
            found.orientation = _orientation(data[at + 8 : end - 4])
        yield b"" if kind in _PNG_METADATA else data[at:end]
        if kind == b"IEND":
            return
        at = end


def _read_jpeg(data: bytes, found: Outline) -> Iterator[bytes]:
    yield data[:2]
    at = 2
    while True:
        if data[at] != 0xFF:
            raise DamagedPictureError
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            yield b""
            at += 1
            continue
        if marker in _JPEG_BARE:
            yield b""
            at += 2
            continue
        if marker == 0xDA:  # from here on it is all picture
            if data.find(_JPEG_END, at) < 0:
                raise DamagedPictureError
            yield data[at:]
            return
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            found.extend(width, height)
        segment = data[at:end]
        if segment[4:10] == b"Exif\0\0":
            found.orientation = _orientation(segment[10:])
        yield b"" if _is_jpeg_metadata(marker, segment) else segment
        at = end


def _is_jpeg_metadata(marker: int, segment: bytes) -> bool:
    return marker in _JPEG_METADATA or (marker == 0xE2 and segment[4:15] != b"ICC_PROFILE")


def _read_webp(data: bytes, found: Outline) -> Iterator[bytes]:
    chunks = list(islice(_webp_chunks(data, found), _MOST_BLOCKS))
    kinds = {kind for kind, _ in chunks}
    if not kinds & _WEBP_PIXELS:
        raise DamagedPictureError
    kept = [chunk for kind, chunk in chunks if kind not in _WEBP_METADATA]
    if kinds & _WEBP_METADATA.keys():
        kept = [_without_announcement(chunk) for chunk in kept]
    size = sum(map(len, kept))
    yield struct.pack("<4sI4s", b"RIFF", size + 4, b"WEBP")
    yield from kept


def _webp_chunks(data: bytes, found: Outline) -> Iterator[tuple[bytes, bytes]]:
    frames = 0
    at, end = 12, min(len(data), 8 + struct.unpack_from("<I", data, 4)[0])
    while at + 8 <= end:
        kind, size = struct.unpack_from("<4sI", data, at)
        body, following = at + 8, at + 8 + size + size % 2
        if body + size > len(data):
            raise DamagedPictureError
        match kind:
            case b"VP8X":
                found.extend(_three(data, body + 4) + 1, _three(data, body + 7) + 1)
            case b"VP8 ":
                width, height = struct.unpack_from("<HH", data, body + 6)
                found.extend(width & 0x3FFF, height & 0x3FFF)
            case b"VP8L":
                bits = struct.unpack_from("<I", data, body + 1)[0]
                found.extend((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
            case b"ANMF":
                frames += 1
            case b"EXIF":
                found.orientation = _orientation(data[body : body + size].removeprefix(b"Exif\0\0"))
            case _:
                pass
        yield kind, data[at:following]
        at = following
    found.frames = frames or 1


def _without_announcement(chunk: bytes) -> bytes:
    if chunk[:4] != b"VP8X":
        return chunk
    return chunk[:8] + bytes((chunk[8] & ~0x0C,)) + chunk[9:]


def _read_gif(data: bytes, found: Outline) -> Iterator[bytes]:
    found.frames = 0
    found.extend(*struct.unpack_from("<HH", data, 6))
    at = 13 + _color_table(data[10])
    yield data[:at]
    while True:
        start, kind = at, data[at]
        if kind == 0x3B:
            yield b"\x3b"
            return
        if kind == 0x2C:
            found.frames += 1
            if found.frames > MOST_FRAMES:
                return
            left, top, width, height = struct.unpack_from("<HHHH", data, at + 1)
            found.extend(left + width, top + height)
            at = _after_blocks(data, at + 11 + _color_table(data[at + 9]))
            yield data[start:at]
        elif kind == 0x21:
            at = _after_blocks(data, at + 2)
            is_metadata = _is_gif_metadata(data[start + 1], data[start + 3 : start + 14])
            yield b"" if is_metadata else data[start:at]
        else:
            raise DamagedPictureError


def _is_gif_metadata(label: int, application: bytes) -> bool:
    return label == 0xFE or (label == 0xFF and application not in _GIF_LOOPS)


def _color_table(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    while size := data[at]:
        at += size + 1
    return at + 1


def _orientation(exif: bytes) -> int:
    """What cannot be read is upright."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return 1
    try:
        at = struct.unpack_from(f"{order}I", exif, 4)[0]
        for entry in range(struct.unpack_from(f"{order}H", exif, at)[0]):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", exif, at + 2 + 12 * entry)
            if tag == _ORIENTATION_TAG:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def _three(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")


_READERS = {
    PictureFormat.PNG: _read_png,
    PictureFormat.JPEG: _read_jpeg,
    PictureFormat.WEBP: _read_webp,
    PictureFormat.GIF: _read_gif,
}
