"""Makes a picture fit for upstream: upright, without metadata, and no larger than is of use.

Pillow has its one home here, and is loaded when the first picture has to be turned or made smaller.
"""

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grokdesk.services.picture_formats import (
    MOST_FRAMES,
    DamagedPictureError,
    Outline,
    PictureFormat,
    outline,
    sniff_picture,
)

if TYPE_CHECKING:
    from PIL import Image

LARGEST_BYTES = 25 << 20
_LARGEST_SIDE = 16_384
_MOST_PIXELS = 40_000_000
_QUALITY = 90
_TURNS = (
    None,
    None,
    "FLIP_LEFT_RIGHT",
    "ROTATE_180",
    "FLIP_TOP_BOTTOM",
    "TRANSPOSE",
    "ROTATE_270",
    "TRANSVERSE",
    "ROTATE_90",
)
"""By Exif's orientation."""
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, MemoryError, LookupError, struct.error)
"""Pillow's plugins raise whatever their parsers come across."""


class UnfitPictureError(ValueError):
    """The text says to the client why."""


@dataclass(frozen=True, slots=True)
class Picture:
    format: PictureFormat
    data: bytes

    @property
    def mime(self) -> str:
        return f"image/{self.format.value}"


def fit_picture(data: bytes, *, max_side: int) -> Picture | None:
    """The same bytes where nothing is to be done; None when they are no picture.

    At the limits it takes two seconds and 200 MB, a WebP 600 MB: to be called in a thread, one
    at a time.
    Raise UnfitPictureError.
    """
    kind = sniff_picture(data)
    if kind is None:
        return None
    _refuse(len(data) > LARGEST_BYTES, f"is larger than {LARGEST_BYTES >> 20} MB")
    try:
        found = outline(data, kind)
    except DamagedPictureError:
        raise UnfitPictureError("The picture is damaged.") from None
    _refuse(
        max(found.width, found.height) > _LARGEST_SIDE,
        f"is wider or higher than {_LARGEST_SIDE} pixels",
    )
    _refuse(found.width * found.height > _MOST_PIXELS, "has more than 40 million pixels")
    _refuse(found.frames > MOST_FRAMES, f"has more than {MOST_FRAMES} frames")
    if found.orientation == 1 and max(found.width, found.height) <= max_side:
        return Picture(kind, found.data)
    return _redrawn(found, max_side)


def _refuse(condition: bool, reason: str) -> None:
    if condition:
        raise UnfitPictureError(f"The picture {reason}.")


def _redrawn(found: Outline, max_side: int) -> Picture:
    """Of a moving picture the first frame remains."""
    from PIL import Image

    kind = found.format
    if kind is PictureFormat.WEBP:
        from PIL import WebPImagePlugin  # noqa: F401 - otherwise Pillow loads all its plugins
    try:
        with Image.open(io.BytesIO(found.data), formats=[kind.name]) as image:
            if image.width > found.width or image.height > found.height:
                raise DamagedPictureError  # it says two things of its size
            colors = image.info.get("icc_profile")
            target = _within(image.size, max_side)
            image.draft(None, target)  # a JPEG is decoded smaller at once
            small = _workable(image).resize(target, Image.Resampling.LANCZOS, reducing_gap=3.0)
        turn = _TURNS[found.orientation]
        upright = small if turn is None else small.transpose(Image.Transpose[turn])
        return _encoded(upright, kind, colors)
    except _UNREADABLE:
        raise UnfitPictureError("The picture is damaged.") from None


def _within(size: tuple[int, int], max_side: int) -> tuple[int, int]:
    scale = min(1.0, max_side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _workable(image: "Image.Image") -> "Image.Image":
    """In a mode that can be made smaller and that every format can hold."""
    if image.mode in ("RGB", "RGBA", "L", "LA", "CMYK"):
        return image
    if image.mode == "1":
        return image.convert("L")
    if image.mode.startswith(("I", "F")):  # gray in 16 bits
        return image.convert("I").point(lambda value: value / 257).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _encoded(image: "Image.Image", kind: PictureFormat, colors: bytes | None) -> Picture:
    into = PictureFormat.PNG if kind is PictureFormat.GIF else kind
    out = io.BytesIO()
    image.save(out, into.name, quality=_QUALITY, icc_profile=colors)
    return Picture(into, out.getvalue())
