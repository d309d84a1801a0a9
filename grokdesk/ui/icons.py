"""Line icons from SVG files, tinted with the colours of the theme, sharp at every pixel ratio."""

import logging
import re
from pathlib import Path
from typing import Protocol

import shiboken6
from PySide6.QtCore import QByteArray, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtSvg import QSvgRenderer

from grokdesk.ui.theme import Theme

_log = logging.getLogger(__name__)

SIZE = 18
_RATIOS = (1.0, 1.5, 2.0, 3.0)
_NAME = re.compile(r"[a-z0-9-]+")


class HasIcon(Protocol):
    """QAbstractButton, QAction and their like."""

    def setIcon(self, icon: QIcon | QPixmap, /) -> object: ...  # noqa: N802 - Qt's name


class Icons(QObject):
    """Whoever got an icon through `set_on` is repainted when the scheme changes."""

    def __init__(self, icon_dir: Path, theme: Theme) -> None:
        super().__init__(theme)
        self._dir = icon_dir
        self._theme = theme
        self._targets: dict[int, tuple[HasIcon, str, str]] = {}
        self._sources: dict[str, QByteArray | None] = {}
        theme.changed.connect(self._retint)

    def set_on(self, target: HasIcon, name: str, tone: str = "text") -> None:
        """`tone` is a field of Tokens; a later call for the same target replaces the earlier."""
        self._targets[id(target)] = (target, name, tone)
        target.setIcon(self.icon(name, tone))

    def icon(self, name: str, tone: str = "text", *, size: int = SIZE) -> QIcon:
        icon = QIcon()
        for ratio in _RATIOS:
            color = self._theme.color(tone)
            icon.addPixmap(self.pixmap(name, color, size=size, ratio=ratio))
            faded = self._theme.color("outline")
            icon.addPixmap(
                self.pixmap(name, faded, size=size, ratio=ratio), QIcon.Mode.Disabled
            )
        return icon

    def pixmap(self, name: str, color: QColor, *, size: int = SIZE, ratio: float = 1.0) -> QPixmap:
        side = round(size * ratio)
        pixmap = QPixmap(side, side)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw(painter, name, QRectF(0, 0, side, side), color)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
        painter.fillRect(pixmap.rect(), color)
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap

    def coloured(self, name: str, *, size: int = 64) -> QIcon:
        """The file as it is drawn, for the application's own mark."""
        icon = QIcon()
        for side in (16, 22, 32, 48, size):
            pixmap = QPixmap(side, side)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            accent = self._theme.color("accent_fill")
            self._draw(painter, name, QRectF(0, 0, side, side), accent)
            painter.end()
            icon.addPixmap(pixmap)
        return icon

    def _draw(self, painter: QPainter, name: str, rect: QRectF, color: QColor) -> None:
        source = self._source(name)
        if source is None:
            _draw_fallback(painter, name, rect, color)
        else:
            QSvgRenderer(source).render(painter, rect)

    def _source(self, name: str) -> QByteArray | None:
        if name not in self._sources:
            self._sources[name] = self._read(name)
        return self._sources[name]

    def _read(self, name: str) -> QByteArray | None:
        if not _NAME.fullmatch(name):
            raise ValueError(f"not an icon name: {name}")
        try:
            source = QByteArray((self._dir / f"{name}.svg").read_bytes())
        except OSError:
            _log.debug("the icon %s is missing", name)
            return None
        return source if QSvgRenderer(source).isValid() else None

    def _retint(self) -> None:
        for key, (target, name, tone) in list(self._targets.items()):
            if shiboken6.isValid(target):
                target.setIcon(self.icon(name, tone))
            else:
                del self._targets[key]


def _draw_fallback(painter: QPainter, name: str, rect: QRectF, color: QColor) -> None:
    """A ring with the first letter: odd, but never an empty button."""
    inset = rect.width() * 0.12
    painter.setPen(QPen(color, rect.width() * 0.08))
    painter.drawEllipse(rect.adjusted(inset, inset, -inset, -inset))
    font = painter.font()
    font.setPixelSize(max(6, round(rect.height() * 0.5)))
    painter.setFont(font)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, name[:1].upper())
