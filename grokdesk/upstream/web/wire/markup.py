"""Take upstream's inline markup out of streamed text, however it is split."""

import re
from dataclasses import dataclass
from typing import TypeAlias

_RENDER, _TOOL, _ARTIFACT = "grok:render", "xai:tool_usage_card", "xaiartifact"
_NAMES = (_RENDER, _TOOL, _ARTIFACT)
_OPENINGS = tuple(f"<{name}" for name in _NAMES)
_LONGEST_OPENING = max(map(len, _OPENINGS))

_OPENED = re.compile(rf"<({'|'.join(map(re.escape, _NAMES))})(?=[\s/>])")
_CARD_ID = re.compile(r"""\bcard_id\s*=\s*["']([^"']*)["']""")
_TYPE = re.compile(r"""\btype\s*=\s*["']([^"']*)["']""")

ELEMENT_LIMIT = 65_536
"""Characters after which an element that never closes is taken for text."""


@dataclass(frozen=True, slots=True)
class Render:
    """A place in the text where a card is to be shown."""

    card_id: str
    kind: str


Piece: TypeAlias = str | Render


class MarkupFilter:
    """Text is held back from a `<` on, and only while it may still become an element."""

    def __init__(self) -> None:
        self._held = ""

    @property
    def holding(self) -> bool:
        return bool(self._held)

    def feed(self, text: str) -> list[Piece]:
        pieces, self._held = _split(self._held + text)
        return pieces

    def flush(self) -> list[Piece]:
        """The text is over: what was held is text after all, unless it began a tool card."""
        held, self._held = self._held, ""
        pieces: list[Piece] = []
        while held:
            opened = _OPENED.match(held)
            if opened and opened[1] == _TOOL:
                break
            pieces.append(held[0])
            more, held = _split(held[1:])
            pieces += more
        return _joined(pieces)


def _split(text: str) -> tuple[list[Piece], str]:
    """The pieces of `text`, and its end as far as it may still become an element."""
    pieces: list[Piece] = []
    start = at = 0
    while (at := text.find("<", at)) >= 0:
        end, render = _element(text, at)
        if end == at:  # no element begins here
            at += 1
            continue
        if start < at:
            pieces.append(text[start:at])
        if end < 0:
            return pieces, text[at:]
        if render:
            pieces.append(render)
        start = at = end
    if start < len(text):
        pieces.append(text[start:])
    return pieces, ""


def _element(text: str, at: int) -> tuple[int, Render | None]:
    """Where the element at `at` ends: -1 when it is not whole yet, `at` when there is none."""
    opened = _OPENED.match(text, at)
    if not opened:
        rest = text[at : at + _LONGEST_OPENING + 1]
        return (-1 if any(name.startswith(rest) for name in _OPENINGS) else at), None
    limit = at + ELEMENT_LIMIT
    tag_end = text.find(">", opened.end(), limit) + 1
    if tag_end and text[tag_end - 2] == "/":
        end = tag_end
    else:
        closing = f"</{opened[1]}>"
        found = text.find(closing, opened.end(), limit) if tag_end else -1
        end = found + len(closing) if found >= 0 else 0
    if not end:
        return (at if len(text) >= limit else -1), None
    return end, _render(text[at:tag_end]) if opened[1] == _RENDER else None


def _render(tag: str) -> Render:
    card_id, kind = _CARD_ID.search(tag), _TYPE.search(tag)
    return Render(card_id[1] if card_id else "", kind[1] if kind else "")


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Neighbouring texts as one."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and isinstance(piece, str) and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined
