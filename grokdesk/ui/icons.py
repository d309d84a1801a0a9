"""Line icons from SVG files, tinted with the colours of the theme, sharp at every pixel ratio."""

import logging
import re
from pathlib import Path
from typing import Protocol

import shiboken6
from PySide6.QtCore import QByteArray, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPen, QPixmap
from PySide6.QtSvg import QSvgRenderer

from grokdesk.ui.theme import Theme

_log = logging.getLogger(__name__)

SIZE = 18
_NAME = re.compile(r"[a-z0-9-]+")


class HasIcon(Protocol):
    """QAbstractButton, QAction and their like."""

    def setIcon(self, icon: QIcon | QPixmap, /) -> object: ...  # noqa: N802 - Qt's name


class Icons(QObject):
    """Whoever got an icon through `set_on` is tinted anew when the scheme changes."""

    def __init__(self, icon_dir: Path, theme: Theme) -> None:
        super().__init__(theme)
        self._dir = icon_dir
        self._theme = theme
        self._targets: dict[int, tuple[HasIcon, str, str, int]] = {}
        self._prune_at = 64
        self._renderers: dict[str, QSvgRenderer | None] = {}
        self._icons: dict[tuple[str, str, int, int], QIcon] = {}
        theme.changed.connect(self._retint)

    def set_on(self, target: HasIcon, name: str, tone: str = "text", *, gap: int = 0) -> None:
        """`tone` is a field of Tokens; a later call for the same target replaces the earlier."""
        self._targets[id(target)] = (target, name, tone, gap)
        target.setIcon(self.icon(name, tone, gap=gap))
        if len(self._targets) > self._prune_at:
            self._prune()

    def icon(self, name: str, tone: str = "text", *, size: int = SIZE, gap: int = 0) -> QIcon:
        """`gap` is room at the right, for buttons with words."""
        key = (name, tone, size, gap)
        if key not in self._icons:
            self._icons[key] = self._build(name, tone, size, gap)
        return self._icons[key]

    def pixmap(
        self, name: str, color: QColor, *, size: int = SIZE, gap: int = 0, ratio: float = 1.0
    ) -> QPixmap:
        side = round(size * ratio)
        renderer = self._renderer(name)
        pixmap, painter = _canvas(side + round(gap * ratio), side)
        _draw(painter, renderer, name, QRectF(0, 0, side, side), color)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
        painter.fillRect(pixmap.rect(), color)
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap

    def drawn(self, name: str, *sizes: int) -> QIcon:
        """The file in its own colours: the application's mark."""
        icon = QIcon()
        renderer, accent = self._renderer(name), self._theme.color("accent_fill")
        for size in sizes:
            pixmap, painter = _canvas(size, size)
            _draw(painter, renderer, name, QRectF(pixmap.rect()), accent)
            painter.end()
            icon.addPixmap(pixmap)
        return icon

    def has(self, name: str) -> bool:
        return self._renderer(name) is not None

    def _build(self, name: str, tone: str, size: int, gap: int) -> QIcon:
        icon = QIcon()
        color, faded = self._theme.color(tone), self._theme.color("outline")
        for ratio in sorted({1.0, 2.0, _screen_ratio()}):
            for tint, mode in ((color, QIcon.Mode.Normal), (faded, QIcon.Mode.Disabled)):
                icon.addPixmap(self.pixmap(name, tint, size=size, gap=gap, ratio=ratio), mode)
        return icon

    def _renderer(self, name: str) -> QSvgRenderer | None:
        if name not in self._renderers:
            self._renderers[name] = self._read(name)
        return self._renderers[name]

    def _read(self, name: str) -> QSvgRenderer | None:
        if not _NAME.fullmatch(name):
            raise ValueError(f"not an icon name: {name}")
        try:
            source = (self._dir / f"{name}.svg").read_bytes()
        except OSError:
            _log.debug("the icon %s is missing", name)
            return None
        renderer = QSvgRenderer(QByteArray(source), self)
        return renderer if renderer.isValid() else None

    def _retint(self) -> None:
        self._icons.clear()
        self._prune()
        for target, name, tone, gap in self._targets.values():
            target.setIcon(self.icon(name, tone, gap=gap))

    def _prune(self) -> None:
        alive = {key: entry for key, entry in self._targets.items() if shiboken6.isValid(entry[0])}
        self._targets = alive
        self._prune_at = max(64, 2 * len(alive))


def _screen_ratio() -> float:
    return max((screen.devicePixelRatio() for screen in QGuiApplication.screens()), default=1.0)


def _canvas(width: int, height: int) -> tuple[QPixmap, QPainter]:
    pixmap = QPixmap(width, height)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    return pixmap, painter


def _draw(
    painter: QPainter, renderer: QSvgRenderer | None, name: str, rect: QRectF, color: QColor
) -> None:
    if renderer is None:
        _draw_fallback(painter, name, rect, color)
    else:
        renderer.render(painter, rect)


def _draw_fallback(painter: QPainter, name: str, rect: QRectF, color: QColor) -> None:
    """A ring with the first letter: odd, but never an empty button."""
    inset = rect.width() * 0.12
    painter.setPen(QPen(color, rect.width() * 0.08))
    painter.drawEllipse(rect.adjusted(inset, inset, -inset, -inset))
    font = painter.font()
    font.setPixelSize(max(6, round(rect.height() * 0.5)))
    painter.setFont(font)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, name[:1].upper())
