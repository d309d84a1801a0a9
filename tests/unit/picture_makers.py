"""Pictures for tests: ordinary ones, ones with metadata, and ones that are bombs."""

import io
import struct
import zlib

from PIL import Image
from PIL.PngImagePlugin import PngInfo


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 40), **options: object) -> bytes:
    """The left third is red, the rest blue: turned ones can be told apart."""
    image = Image.new("RGB", size, (0, 0, 250))
    image.paste((250, 0, 0), (0, 0, size[0] // 3, size[1]))
    return encoded(image, kind, **options)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif(orientation: int) -> bytes:
    found = Image.Exif()
    found[0x0112] = orientation
    found[0x010F] = "Secret camera"
    return found.tobytes()


def png_with_secrets() -> bytes:
    info = PngInfo()
    info.add_text("Comment", "Secret words")
    info.add_itxt("XML:com.adobe.xmp", "Secret place")
    return picture("PNG", pnginfo=info, exif=exif(1))


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def png_header(width: int, height: int, *, data: bytes = b"") -> bytes:
    """Says that it is so large; what there is of pixels is `data`."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def png_bomb() -> bytes:
    """42 million pixels in little more than a hundred kilobytes."""
    side = 6_500
    packer = zlib.compressobj(1)
    row = bytes(1 + side * 3)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return png_header(side, side, data=packed)


def png_text_bomb() -> bytes:
    """A small picture with a comment that unpacks to a hundred megabytes."""
    data = picture("PNG", (8, 8))
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(100)) + packer.flush()
    return data[:33] + _chunk(b"zTXt", b"Comment\0\0" + packed) + data[33:]


def gif_bomb(frames: int = 100_000) -> bytes:
    """Many frames of one pixel."""
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    table = b"\0\0\0\xff\xff\xff"
    return b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + table + frame * frames + b";"


def gif_wide(side: int = 65_535) -> bytes:
    """A small screen with one frame far beyond it."""
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\x02\x02\x44\x01\x00"
    table = b"\0\0\0\xff\xff\xff"
    return b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + table + frame + b";"


def webp_bomb(width: int = 16_384, height: int = 16_384, more: bytes = b"") -> bytes:
    """An animation whose canvas takes a gigabyte."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    canvas = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + size
    animation = b"ANIM" + struct.pack("<I", 6) + bytes(6)
    frame = b"ANMF" + struct.pack("<I", 16) + bytes(16)
    body = b"WEBP" + canvas + animation + frame + more
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_bomb(side: int = 65_500) -> bytes:
    """An honest picture whose header was changed to say another size."""
    data = bytearray(picture("JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", side, side)
    return bytes(data)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
