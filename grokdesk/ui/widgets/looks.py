"""Small helpers for layouts and for the properties that the stylesheet reads."""

from collections.abc import Iterable
from typing import TypeVar

from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLayout,
    QVBoxLayout,
    QWidget,
)

from grokdesk.ui.tokens import LARGE, SMALL

L = TypeVar("L", bound=QBoxLayout)
W = TypeVar("W", bound=QWidget)


def restyle(widget: QWidget, **properties: object) -> None:
    """Set dynamic properties and let the stylesheet look again."""
    changed = False
    for name, value in properties.items():
        if widget.property(name) != value:
            widget.setProperty(name, value)
            changed = True
    if changed:
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        widget.update()


def named(widget: W, name: str) -> W:
    """What a screen reader calls it."""
    widget.setAccessibleName(name)
    return widget


class Card(QFrame):
    """A rounded surface; add to `body`."""

    def __init__(self, *, spacing: int = SMALL, margin: int = LARGE) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(margin, margin, margin, margin)
        self.body.setSpacing(spacing)


Item = QWidget | QLayout | int | None


def row(*items: Item, spacing: int = SMALL) -> QHBoxLayout:
    """Widgets and layouts side by side; an int is space, None takes what is left."""
    return _filled(QHBoxLayout(), items, spacing)


def column(*items: Item, spacing: int = SMALL) -> QVBoxLayout:
    return _filled(QVBoxLayout(), items, spacing)


def _filled(layout: L, items: Iterable[Item], spacing: int) -> L:
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for item in items:
        if item is None:
            layout.addStretch(1)
        elif isinstance(item, int):
            layout.addSpacing(item)
        elif isinstance(item, QWidget):
            layout.addWidget(item)
        else:
            layout.addLayout(item)
    return layout
