"""Captions with their values, one a line."""

from PySide6.QtWidgets import QGridLayout, QWidget

from grokdesk.ui.presenters.fact import Fact
from grokdesk.ui.tokens import MEDIUM
from grokdesk.ui.widgets.labels import ElidedLabel, PlainLabel


class FactList(QWidget):
    """Lines are made once and used again: the values change every second."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(MEDIUM)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)
        self._lines: list[tuple[PlainLabel, ElidedLabel]] = []

    def show_facts(self, facts: tuple[Fact, ...]) -> None:
        while len(self._lines) < len(facts):
            self._add_line()
        for number, (caption, value) in enumerate(self._lines):
            fact = facts[number] if number < len(facts) else None
            caption.setVisible(fact is not None)
            value.setVisible(fact is not None)
            if fact is not None:
                caption.setText(fact.caption)
                value.setText(fact.value)

    def value(self, caption: str) -> str:
        """What stands beside this caption now; empty when it is not shown."""
        return next(
            (
                value.text()
                for label, value in self._lines
                if label.text() == caption and value.isVisibleTo(self)
            ),
            "",
        )

    def _add_line(self) -> None:
        line = PlainLabel(role="muted"), ElidedLabel()
        for place, widget in enumerate(line):
            self._grid.addWidget(widget, len(self._lines), place)
        self._lines.append(line)
