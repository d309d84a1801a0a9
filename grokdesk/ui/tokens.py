"""The colours and distances that everything is drawn with."""

from dataclasses import dataclass

# Spacing, in logical pixels.
TIGHT, SMALL, MEDIUM, LARGE, WIDE = 4, 8, 12, 16, 24


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one scheme; text, muted, accent and bad are read as text."""

    window: str
    sidebar: str
    surface: str
    raised: str
    control: str
    line: str
    outline: str
    text: str
    muted: str
    accent: str
    accent_fill: str
    on_accent: str
    ok: str
    warn: str
    bad: str
    info: str


LIGHT = Tokens(
    window="#f7f7f9",
    sidebar="#eff0f4",
    surface="#ffffff",
    raised="#e8e9ef",
    control="#ffffff",
    line="#dfe1e8",
    outline="#7f8596",
    text="#15171d",
    muted="#565d6d",
    accent="#4f4cc4",
    accent_fill="#5552d0",
    on_accent="#ffffff",
    ok="#0a7d57",
    warn="#a66200",
    bad="#c43a12",
    info="#116eb0",
)

DARK = Tokens(
    window="#101116",
    sidebar="#0b0c10",
    surface="#181a20",
    raised="#24262f",
    control="#22242c",
    line="#2a2d37",
    outline="#6d7484",
    text="#eceef3",
    muted="#a2a8b6",
    accent="#a7a4ff",
    accent_fill="#5f5ce0",
    on_accent="#ffffff",
    ok="#35c48f",
    warn="#f0b429",
    bad="#ff8560",
    info="#62b8ee",
)


def contrast(first: str, second: str) -> float:
    """WCAG 2 contrast ratio, 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
