"""Dresses the application for light or dark: one palette, one stylesheet, a type scale."""

import enum
import sys

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QPalette
from PySide6.QtWidgets import QApplication

from grokdesk.ui.stylesheet import stylesheet
from grokdesk.ui.tokens import DARK, LIGHT, Tokens

_LINUX_FAMILIES = ("Inter", "Noto Sans", "DejaVu Sans")
_MONO_FAMILIES = ("JetBrains Mono", "Cascadia Mono", "SF Mono", "Menlo", "Consolas")
_SMALLEST_LINUX_POINTS = 9.75
_USUAL_LINE_HEIGHT = 16.0


class ThemeChoice(enum.StrEnum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Theme(QObject):
    """Dresses the application and announces every change of scheme."""

    changed = Signal()

    def __init__(self, app: QApplication, parent: QObject | None = None) -> None:
        super().__init__(parent or app)
        self._app = app
        self._choice = ThemeChoice.SYSTEM
        self._base = base_font(app.font())
        self._mono = mono_font()
        self._line_height = QFontMetricsF(self._base).height()
        self.tokens = LIGHT
        self._applied: Tokens | None = None
        if not app.styleSheet():  # not dressed yet
            app.setStyle("Fusion")
        app.setFont(self._base)
        app.styleHints().colorSchemeChanged.connect(self._refresh)
        self._refresh()

    @property
    def dark(self) -> bool:
        return self.tokens is DARK

    def choose(self, choice: ThemeChoice) -> None:
        self._choice = choice
        hints = self._app.styleHints()
        match choice:
            case ThemeChoice.SYSTEM:
                hints.unsetColorScheme()
            case ThemeChoice.LIGHT:
                hints.setColorScheme(Qt.ColorScheme.Light)
            case ThemeChoice.DARK:
                hints.setColorScheme(Qt.ColorScheme.Dark)
        self._refresh()

    def scaled(self, pixels: int) -> int:
        """A size that has to hold text: drawn for the usual font, larger with a larger one."""
        return round(pixels * max(1.0, self._line_height / _USUAL_LINE_HEIGHT))

    def color(self, token: str) -> QColor:
        """`token` is a field of Tokens."""
        return QColor(getattr(self.tokens, token))

    def font(self, ratio: float = 1.0, *, weight: int = QFont.Weight.Normal) -> QFont:
        font = QFont(self._base)
        font.setPointSizeF(self._base.pointSizeF() * ratio)
        font.setWeight(QFont.Weight(weight))
        return font

    def mono(self, ratio: float = 0.95) -> QFont:
        font = QFont(self._mono)
        font.setPointSizeF(self._base.pointSizeF() * ratio)
        return font

    def _refresh(self) -> None:
        tokens = DARK if self._wants_dark() else LIGHT
        if tokens is self._applied:
            return
        self.tokens = self._applied = tokens
        self._app.setPalette(palette_of(tokens))
        self._app.setStyleSheet(stylesheet(tokens, self._base.pointSizeF()))
        self.changed.emit()

    def _wants_dark(self) -> bool:
        if self._choice is not ThemeChoice.SYSTEM:
            return self._choice is ThemeChoice.DARK
        return self._app.styleHints().colorScheme() is Qt.ColorScheme.Dark


def base_font(system: QFont) -> QFont:
    """The system's own face, except on Linux, where it is too often a fallback."""
    font = QFont(system)
    if sys.platform.startswith("linux"):
        known = set(QFontDatabase.families())
        family = next((name for name in _LINUX_FAMILIES if name in known), None)
        if family is not None:
            font.setFamilies([family, "Noto Sans CJK SC", "Noto Color Emoji", "DejaVu Sans"])
        font.setPointSizeF(max(system.pointSizeF(), _SMALLEST_LINUX_POINTS))
    return font


def mono_font() -> QFont:
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    known = set(QFontDatabase.families())
    preferred = next((family for family in _MONO_FAMILIES if family in known), None)
    if preferred is not None:
        font.setFamily(preferred)
    font.setStyleHint(QFont.StyleHint.Monospace)
    return font


def palette_of(tokens: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for key, value in (
        (role.Window, tokens.window),
        (role.WindowText, tokens.text),
        (role.Base, tokens.surface),
        (role.AlternateBase, tokens.window),
        (role.Text, tokens.text),
        (role.PlaceholderText, tokens.muted),
        (role.Button, tokens.surface),
        (role.ButtonText, tokens.text),
        (role.BrightText, tokens.bad),
        (role.ToolTipBase, tokens.raised),
        (role.ToolTipText, tokens.text),
        (role.Light, tokens.raised),
        (role.Midlight, tokens.raised),
        (role.Mid, tokens.line),
        (role.Dark, tokens.outline),
        (role.Shadow, tokens.line),
        (role.Link, tokens.accent),
        (role.LinkVisited, tokens.accent),
        (role.Highlight, tokens.accent_fill),
        (role.HighlightedText, tokens.on_accent),
        (role.Accent, tokens.accent_fill),
    ):
        palette.setColor(key, QColor(value))
    for key in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, QColor(tokens.outline))
    return palette
