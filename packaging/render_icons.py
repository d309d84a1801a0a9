"""Renders resources/icons/*.svg to what desktops want: PNG sizes, .ico, .icns and tray pictures.

Run after a change of the drawings: QT_QPA_PLATFORM=offscreen python packaging/render_icons.py
"""

import struct
import sys
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

ICONS = Path(__file__).resolve().parents[1] / "resources" / "icons"

APP_SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
SMALL_UP_TO = 24  # below, the big drawing's gaps close
ICO_SIZES = (16, 24, 32, 48, 64, 128, 256)
ICNS_TYPES = {b"ic11": 32, b"ic12": 64, b"ic07": 128, b"ic08": 256, b"ic09": 512, b"ic10": 1024}

TRAY_STATES = ("running", "starting", "paused", "attention", "lan")
# Size -> the grid of the drawing that falls on whole pixels there.
TRAY_SIZES = {16: 32, 22: 22, 24: 22, 32: 32, 44: 22, 48: 22, 64: 32}
GLYPH, SIGNAL = "currentColor", "#f0b429"
# Panel -> colours of glyph and warning. macOS colours a template by its shape alone.
TRAY_COLORS = {
    "on-light": ("#1f2230", "#b06a00"),
    "on-dark": ("#f2f3f7", "#f0b429"),
    "template": ("#000000", "#000000"),
}


def main() -> None:
    app = QGuiApplication(sys.argv[:1])
    _write_app_icons(ICONS / "app")
    _write_tray_icons(ICONS / "tray")
    app.quit()


def _write_app_icons(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    sizes = {*APP_SIZES, *ICO_SIZES, *ICNS_TYPES.values()}
    pictures = {size: _png(_app_drawing(size), size) for size in sizes}
    for size in APP_SIZES:
        (folder / f"grokdesk-{size}.png").write_bytes(pictures[size])
    (folder / "grokdesk.ico").write_bytes(_ico({size: pictures[size] for size in ICO_SIZES}))
    entries = {kind: pictures[size] for kind, size in ICNS_TYPES.items()}
    (folder / "grokdesk.icns").write_bytes(_icns(entries))


def _app_drawing(size: int) -> str:
    name = "grokdesk-small" if size <= SMALL_UP_TO else "grokdesk"
    return (ICONS / f"{name}.svg").read_text(encoding="utf-8")


def _write_tray_icons(folder: Path) -> None:
    for state in TRAY_STATES:
        for panel, (glyph, signal) in TRAY_COLORS.items():
            for size, grid in TRAY_SIZES.items():
                drawing = (folder / f"{state}-{grid}.svg").read_text(encoding="utf-8")
                colored = drawing.replace(GLYPH, glyph).replace(SIGNAL, signal)
                side = size // grid * grid or size  # 24 is 22 with a margin
                (folder / f"{state}-{panel}-{size}.png").write_bytes(_png(colored, size, side))


def _png(drawing: str, size: int, side: int | None = None) -> bytes:
    """`side` is the drawing's width, centred in the picture."""
    side = side or size
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    margin = (size - side) / 2
    renderer = QSvgRenderer(QByteArray(drawing.encode()))
    renderer.render(painter, QRectF(margin, margin, side, side))
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def _ico(pictures: dict[int, bytes]) -> bytes:
    """Windows: a directory of PNG files; 256 is written as 0."""
    offset = 6 + 16 * len(pictures)
    directory, body = struct.pack("<HHH", 0, 1, len(pictures)), b""
    for size, png in pictures.items():
        side = size % 256
        place = offset + len(body)
        directory += struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(png), place)
        body += png
    return directory + body


def _icns(entries: dict[bytes, bytes]) -> bytes:
    """macOS: four letters, a length and a PNG, again and again."""
    body = b"".join(kind + struct.pack(">I", 8 + len(png)) + png for kind, png in entries.items())
    return b"icns" + struct.pack(">I", 8 + len(body)) + body


if __name__ == "__main__":
    main()
