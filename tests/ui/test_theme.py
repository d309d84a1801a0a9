import pytest
import shiboken6
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage, QPalette
from PySide6.QtWidgets import QApplication, QPushButton
from stand_in import ICONS

from grokdesk.ui.icons import Icons
from grokdesk.ui.theme import Theme, ThemeChoice
from grokdesk.ui.tokens import DARK, LIGHT, Tokens, contrast

SCHEMES = pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
GROUNDS = ("window", "sidebar", "surface")
TEXT = ("text", "muted", "accent", "bad")
CODE = ("ok", "info", "muted", "accent")
MARKS = ("ok", "warn", "info", "accent_fill", "outline")


@SCHEMES
def test_text_keeps_a_contrast_of_four_and_a_half_on_every_ground(tokens: Tokens) -> None:
    for ground in (*GROUNDS, "control"):
        for ink in TEXT:
            assert contrast(getattr(tokens, ink), getattr(tokens, ground)) >= 4.5, (ink, ground)
    for ink in ("text", "muted"):
        assert contrast(getattr(tokens, ink), tokens.raised) >= 4.5, ink
    for ink in CODE:
        assert contrast(getattr(tokens, ink), tokens.window) >= 4.5, ink
    assert contrast(tokens.on_accent, tokens.accent_fill) >= 4.5


@SCHEMES
def test_marks_and_outlines_keep_a_contrast_of_three_on_every_ground(tokens: Tokens) -> None:
    for ground in GROUNDS:
        for mark in MARKS:
            assert contrast(getattr(tokens, mark), getattr(tokens, ground)) >= 3.0, (mark, ground)


def test_contrast_agrees_with_known_values() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_a_chosen_scheme_reaches_palette_and_stylesheet_at_once(
    theme: Theme, qapp: QApplication
) -> None:
    seen: list[bool] = []
    theme.changed.connect(lambda: seen.append(theme.dark))
    theme.choose(ThemeChoice.DARK)
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == DARK.window
    assert qapp.palette().color(QPalette.ColorRole.Accent).name() == DARK.accent_fill
    assert DARK.surface in qapp.styleSheet()
    theme.choose(ThemeChoice.LIGHT)
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == LIGHT.window
    assert seen == [True, False]


def test_choosing_the_same_scheme_again_costs_nothing(theme: Theme) -> None:
    theme.choose(ThemeChoice.DARK)
    seen: list[None] = []
    theme.changed.connect(lambda: seen.append(None))
    theme.choose(ThemeChoice.DARK)
    assert seen == []


def test_an_icon_has_the_colour_of_its_tone(theme: Theme) -> None:
    theme.choose(ThemeChoice.DARK)
    image = Icons(ICONS, theme).icon("copy", "ok").pixmap(QSize(18, 18)).toImage()
    assert _inks(image) == {DARK.ok}


def test_icons_follow_a_change_of_scheme(theme: Theme) -> None:
    theme.choose(ThemeChoice.DARK)
    icons = Icons(ICONS, theme)
    button = QPushButton()
    icons.set_on(button, "copy", "text")
    theme.choose(ThemeChoice.LIGHT)
    assert _inks(button.icon().pixmap(QSize(18, 18)).toImage()) == {LIGHT.text}


def test_icons_are_sharp_at_a_pixel_ratio_of_two(theme: Theme) -> None:
    icons = Icons(ICONS, theme)
    pixmap = icons.icon("copy").pixmap(QSize(18, 18), 2.0)
    assert pixmap.size() == QSize(36, 36)
    assert pixmap.devicePixelRatio() == 2.0


def test_a_missing_icon_is_drawn_instead_of_crashing(theme: Theme) -> None:
    icons = Icons(ICONS / "nowhere", theme)
    assert not icons.has("copy")
    assert _inks(icons.icon("copy", "text").pixmap(QSize(18, 18)).toImage())


def test_an_icon_name_cannot_leave_the_folder(theme: Theme) -> None:
    with pytest.raises(ValueError, match="not an icon name"):
        Icons(ICONS, theme).icon("../secret")


def test_dead_widgets_are_forgotten(theme: Theme) -> None:
    icons = Icons(ICONS, theme)
    for _ in range(200):
        button = QPushButton()
        icons.set_on(button, "copy")
        shiboken6.delete(button)
    assert len(icons._targets) < 200


def _inks(image: QImage) -> set[str]:
    """The colours of all opaque pixels."""
    pixels = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return {pixel.name() for pixel in pixels if pixel.alpha() == 255}
